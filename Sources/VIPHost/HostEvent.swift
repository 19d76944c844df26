import VIPCore

/// What happens to this host. `Host.step` is the only way in.
package enum HostEvent: Equatable, Sendable {
    /// Lock, ports and page are held, and the core is not made yet. The first event, once. The core
    /// may be made once `HostGate.deadline` is nil.
    case begin
    /// It is this effect's turn, by the order of the core's step.
    case effect(Effect)
    /// All effects of one of the core's steps are carried out.
    case stepped
    /// What the gate's carrier has to tell, or is asked.
    case gate(GateEvent)
    /// What the kernel has to tell of addresses, or somebody wants announced again.
    case addresses(AddressEvent)
    /// Time has passed; at `Host.dueAt` at the latest, and harmless at any other time.
    case wake
}

/// What is to be done, in this order. An answer that comes at once is an event after all of them.
package enum HostAction: Equatable, Sendable {
    /// All but `GateAction.tell`.
    case gate(GateAction)
    /// All but `AddressAction.tell`.
    case addresses(AddressAction)
    /// Announcements of the group may leave until then.
    case permit(group: Int, until: Instant)
    /// None may leave from now on.
    case forbid(group: Int)
    /// For the core: after all that waits for it.
    case tell(Event)
    /// For the core: before all that waits for it.
    case tellNext(Event)
}
