import VIPCore

/// What is to be done about the gate. Actions are carried out in their order, each before the next
/// is begun; their answers come as events once all of them are.
package enum GateAction: Equatable, Sendable {
    /// Look for the gate of an earlier process there. Answered with `.found` or `.notFound`, and
    /// `.interfaces` as it says. What was found stays at hand until `letGo`.
    case find(GateSearch)
    /// Make a new gate: `.loaded`, or `.unavailable`.
    case load
    /// The gate at hand is not used: it stays where the kernel has it.
    case letGo
    /// Close every slot of the gate at hand but these, which are in order: also those of groups
    /// that are not configured any more, and those that nobody has.
    case closeSlots(except: [UInt32])
    /// Give the slot, closed, to a group that has none.
    case assign(slot: UInt32, GroupID)
    /// One store into the memory that the kernel looks into: between the page and the frames.
    case openSlot(UInt32, until: Instant)
    case closeSlot(UInt32)
    /// Have the gate know these addresses, before anything else is asked of the kernel: it is to
    /// know an address before the kernel does. What is refused is tried again by `keep`, and told.
    case put([GateAssignment])
    /// Have the gate at hand sit on every interface from now on, and know these addresses and no
    /// others: `.attachments` and what follows.
    case keep([GateAssignment])
    /// Have the service manager keep the gate's descriptors.
    ///
    /// - Parameter butInherited: not those that came from it.
    case store(butInherited: Bool)
    /// Take off what an earlier agent has left and this one can't open, unless an address of ours
    /// is on an interface. Answered with `GateEvent.foreignGateRemoved`.
    ///
    /// - Parameter silenced: an address of these groups is no reason to leave it, since something
    ///   else silences it.
    case removeForeignGate(silenced: [GroupID])
    /// Have everything looked at now.
    case sweep
    /// Take the gate at hand off every interface, and keep it no more: `.takenAway`.
    case takeAway
    /// For the core. Before it has begun, `Memory.areGatesFound` stands for `.gatesClosed`.
    case tell(Event)
    /// For the log.
    case note(GateNote)
}

/// Something that an operator may want to know of the gate.
package enum GateNote: Equatable, Sendable {
    case found(GateWay)
    case loaded
    /// - Parameter groups: how many can't be owned here.
    case unavailable(String, groups: Int)
    /// The kernel has not answered within the patience of the start.
    case silent
    case failed(String)
    case notPinned(String)
    case missing(on: String, String)
    case back(on: String)
    case risk(on: String, String)
    /// Somebody took it off that interface, and it was put back.
    case putBack(on: String)
    /// Of what an earlier agent has left.
    case foreignRemoved(String)
    case foreignLeft(String)
}
