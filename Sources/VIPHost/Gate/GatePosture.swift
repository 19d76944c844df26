import VIPCore

/// How it stands with the gate of this host.
package enum GatePosture: Equatable, Sendable {
    /// Not looked for yet.
    ///
    /// - Parameter isUrgent: tenures go on, and their deadlines are near. Then the frames that
    ///   renew them are more urgent than to find the gate, which as it was left holds until then.
    case unsought(isUrgent: Bool)
    /// On its way to the interfaces.
    case pending(Stage, Progress)
    /// It sits where the attachments say.
    case kept([GateAttachment])
    /// There is none, and why. A gate that can be had after all is not relied on before the next
    /// start.
    case unavailable(String, ForeignGate)
    /// All is closed, and the kernel has been asked to take it away.
    case leaving(until: Instant)
    /// Nil: the kernel has not answered in time, and it is still there, closed.
    case gone(GateRemovalReport?)

    package enum Stage: Equatable, Sendable {
        case seeking(GateSearch)
        case making
        /// Every group has its slot, and what is to be closed is.
        case placing(Origin)
    }

    package enum Origin: Equatable, Sendable {
        case found(GateWay)
        case new
    }

    package enum Progress: Equatable, Sendable {
        /// The start waits for it until then, and tells the core nothing meanwhile.
        case awaited(until: Instant)
        /// Nobody waits.
        case underWay
        /// It may still come.
        case failing(Trouble)

        var unawaited: Progress {
            switch self {
            case .awaited, .underWay: .underWay
            case .failing: self
            }
        }
    }

    package enum Trouble: Equatable, Sendable {
        /// The kernel has not answered within the patience of the start.
        case silence
        case failure(String)
    }

    /// A gate of an earlier agent that this one can't open. Closed, it makes the host deaf and dumb
    /// for its addresses.
    package enum ForeignGate: Equatable, Sendable {
        /// None that anybody knows of, or not to be had off.
        case none
        /// There may be one. It guards an address that nothing else silences.
        case kept
        case leaving(silenced: [GroupID])
    }

    /// Whether all that an earlier process left open is closed. One that was made replaces what
    /// there was only once it is attached.
    var isFound: Bool {
        switch self {
        case .pending(.placing(.found), _), .kept, .unavailable, .leaving, .gone: true
        case .pending(.placing(.new), _): mutated(.newGateTakenForFound)
        case .unsought, .pending(.seeking, _), .pending(.making, _): false
        }
    }

    /// Nil unless a new gate may come: whoever looks at the interfaces makes one if there is none.
    var progressOfMaking: Progress? {
        switch self {
        case .pending(.seeking(.interfaces), let progress), .pending(.making, let progress):
            progress
        case .unsought, .pending, .kept, .unavailable, .leaving, .gone: nil
        }
    }

    /// What the core is to know; nil: nothing yet, or nothing any more.
    var picture: Picture? {
        switch self {
        case .unsought, .pending(_, .awaited), .leaving, .gone: nil
        // The gate of a tenure that goes on is believed to be where it was left.
        case .pending(_, .underWay): mutated(.gateBelievedUnseen) ? .everywhere : .restored
        case .pending(_, .failing): .nowhere
        case .kept(let attachments) where mutated(.oneWholeAttachmentEnough):
            attachments.contains(where: \.isWhole) ? .everywhere : .nowhere
        case .kept(let attachments): attachments.allSatisfy(\.isWhole) ? .everywhere : .nowhere
        case .unavailable: mutated(.noGateTakenForGate) ? .everywhere : .fallbacks
        }
    }

    /// For which groups something enforces the deadline.
    enum Picture: Equatable, Sendable {
        case everywhere, nowhere
        /// Those of which a tenure goes on.
        case restored
        /// Those that can do without a gate.
        case fallbacks

        func has(_ entry: GateEntry) -> Bool {
            switch self {
            case .everywhere: true
            case .nowhere: false
            case .restored: entry.isRestored
            case .fallbacks: entry.group.fallback != nil
            }
        }
    }
}
