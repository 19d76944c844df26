import VIPCore

/// What happens to the gate. `HostGate.step` is the only way in.
package enum GateEvent: Equatable, Sendable {
    /// The gate is to be found now, or to be made. Once: after the frames that renew where
    /// `HostGate.isUrgent`, else before the core is made.
    case begin
    /// The core's effects.
    case open(GroupID, until: Instant)
    case close(GroupID)
    /// All that has been told since the last time, in its order. What has changed and changed back
    /// meanwhile is no news to the core.
    case reports([GateReport])
    /// The answer to `GateAction.removeForeignGate`.
    case foreignGateRemoved(GateRemovalReport, silenced: [GroupID])
    /// Somebody asks what the gate is like.
    case asked
    /// The last thing that a process does which lets go for good.
    case takeAway
    /// Time has passed; at `HostGate.deadline` at the latest, and harmless at any other time.
    case wake
}

/// What whoever waits for the kernel has to tell.
package enum GateReport: Equatable, Sendable {
    /// The gate of an earlier process, as it was left: the slots that are some group's, in order.
    case found(GateWay, [GateOccupant])
    /// The answer to `GateAction.find`, where there was none.
    case notFound(GateSearch)
    /// A new gate, with every slot closed and nobody's, that sits nowhere yet.
    case loaded
    /// There is none to be had on this host, and why.
    case unavailable(String)
    /// Where the gate sits, in the order of the interfaces: once everything has been looked at for
    /// the first time, and whenever it is another picture. By the first one the gate also knows all
    /// addresses.
    case attachments([GateAttachment])
    /// Somebody took it off that interface, and it was put back.
    case repaired(String)
    /// Something that is tried again could not be done.
    case failed(String)
    /// It works, but the next process can't find it by its pins.
    case notPinned(String)
    /// The answer to `GateAction.takeAway`.
    case takenAway(GateRemovalReport)
}

/// Where the gate of an earlier process is looked for, in this order.
package enum GateSearch: Sendable {
    /// What the process before or the service manager has left to this one.
    case descriptors
    case pins
    /// Whose programs sit on the interfaces. Only this search waits for the kernel's configuration
    /// lock, and where it finds nothing, its answer is that of `GateAction.load`.
    case interfaces
}

/// How the gate of an earlier process was found.
package enum GateWay: Equatable, Sendable {
    case descriptors, pins
    case program(interface: String)

    var search: GateSearch {
        switch self {
        case .descriptors: .descriptors
        case .pins: .pins
        case .program: .interfaces
        }
    }
}

/// What has become of a gate that was to be removed.
package struct GateRemovalReport: Equatable, Sendable {
    /// Where it was, in words.
    package var removed: [String]
    /// What could not be done, and why.
    package var failures: [String]
    /// It was not even tried, for the sake of an address.
    package var isNeeded: Bool

    package init(removed: [String] = [], failures: [String] = [], isNeeded: Bool = false) {
        self.removed = removed
        self.failures = failures
        self.isNeeded = isNeeded
    }
}
