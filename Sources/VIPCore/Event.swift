/// What happens to an agent. `Agent.step` is the only way in.
public enum Event: Equatable, Sendable {
    /// The first event, once; page, lock and ports are held.
    case start
    /// Time has passed; at `Agent.wakeUp(at:)` at the latest, and harmless at any other time.
    case wake
    /// A frame that was authenticated, parsed, and came from that path's configured address.
    /// The clock is read *after* the frame was received.
    case received(Frame)
    /// The answer to `Effect.addAddresses`: the kernel has them all, or it has refused some.
    case addressesAdded(GroupID, request: UInt64, failed: Bool)
    /// The answer to `Effect.addAddresses` when its instant had passed before the kernel was asked
    /// for all of them.
    case addressesLate(GroupID, request: UInt64)
    /// The answer to `Effect.removeAddresses`; comes only once the kernel has none of them.
    case addressesRemoved(GroupID, request: UInt64)
    /// The kernel told, unasked, that an address of the group came or went.
    case addressesFound(GroupID, all: Bool, some: Bool)
    /// The interface of the group can, or can't, carry frames. Down until told otherwise.
    case interface(GroupID, up: Bool)
    /// All checks of the group pass, or one has failed. Healthy until told otherwise.
    case health(GroupID, healthy: Bool)
    /// Whether the kernel enforces the group's deadline as the configuration demands: the gate sits
    /// on every interface, or lifetimes do. It does until told otherwise.
    case gate(GroupID, inPlace: Bool)
    /// The gates that the last step closed were closed by now, later than at the reading of that
    /// step: what they let through meanwhile may still be on its way out. The first event after
    /// such a step, whatever else is waiting; but where gates are yet to be found (`Memory`), not
    /// before they are, and closed where they are to be.
    case gatesClosed
    /// Whether the kernel would take the group's addresses now, as it was tried. It would until
    /// told otherwise.
    case addressable(GroupID, Bool)
    /// Whether the kernel answers what it is asked about the group's addresses. It does until told
    /// otherwise.
    case kernelAnswers(GroupID, Bool)
    /// The state directory holds this longest lease, and no other.
    case leaseRecorded(Duration)
    case command(Command, id: UInt64)
    /// SIGTERM: hand over, then `Effect.exit`.
    case shutdown
}

/// What an operator asks for. Every one is answered by exactly one `Effect.reply`.
public enum Command: Equatable, Sendable {
    case switchover(GroupID, to: HostID?)
    case takeover(GroupID)
    case announce(GroupID)
    case maintenance(Bool)
    case acceptVoters
}
