import VIPCore

/// What others have to know of the gate.
extension HostGate {
    /// Whether the frames that renew a tenure are more urgent than to find the gate.
    package var isUrgent: Bool { posture == .unsought(isUrgent: true) }

    /// Whether what an earlier process left open is found, and closed: the core has to know.
    package var areGatesFound: Bool { posture.isFound }

    /// What the kernel has is not known yet, and is about to be.
    package var isPending: Bool {
        switch posture {
        case .unsought, .pending(_, .awaited), .pending(_, .underWay): true
        case .pending(_, .failing), .kept, .unavailable, .leaving, .gone: false
        }
    }

    /// Why there is no gate; nil where there is one, or may be. Without a tenure that goes on, an
    /// agent some group of which nothing would silence is not to run then: with one, that has to be
    /// let go of in order.
    package var unavailability: String? {
        guard case .unavailable(let reason, _) = posture else { return nil }
        return reason
    }

    /// What silences the group's addresses should this process no longer be able to. While nobody
    /// knows, what holds in either case.
    package func enforcement(of id: GroupID) -> Enforcement {
        let fallback = entries.index(of: id).flatMap { entries[$0].group.fallback }
        switch posture {
        case .unavailable: return fallback ?? .agent
        // One that was only loaded may find no hooks; one that was found is attached.
        case .unsought, .pending:
            return !areGatesFound && fallback == .lifetimes && !mutated(.newGateReliedOn)
                ? .lifetimes : .gate
        case .kept, .leaving, .gone: return .gate
        }
    }

    /// Whether it is what silences every group.
    var isEnforcing: Bool { entries.allSatisfy { enforcement(of: $0.group.id) == .gate } }

    /// The tenures that go on, as long as the core has not begun.
    var heritage: [GateHeritage] {
        entries.compactMap { entry in
            guard case .left(let until) = entry.hold else { return nil }
            return GateHeritage(group: entry.group.id, deadline: until)
        }
    }

    /// The group's slot in the gate, once that is known.
    package func slot(of id: GroupID) -> UInt32? {
        guard let index = entries.index(of: id), case .slot(let slot) = entries[index].hold else {
            return nil
        }
        return slot
    }
}

/// A tenure of the process before that goes on.
struct GateHeritage: Sendable {
    let group: GroupID
    /// As that process has left it, on CLOCK_BOOTTIME.
    let deadline: Instant
}
