import VIPCore
import VIPNet

/// A group as the gate has to do with it.
package struct GateGroup: Equatable, Sendable {
    package var id: GroupID
    package var addresses: [IPAddress]
    /// What is to silence the group where there is no gate. Nil: without a gate the group is not to
    /// be here.
    package var fallback: Enforcement?

    package init(id: GroupID, addresses: [IPAddress], fallback: Enforcement?) {
        self.id = id
        self.addresses = addresses
        self.fallback = fallback
    }
}

/// A group, and what is to be in the gate for it.
///
/// The second is here, and not in the posture: an array in an enum's payload is copied by each
/// change to it, and a renewal must not cost more where there are more groups.
struct GateEntry: Equatable, Sendable {
    enum Hold: Equatable, Sendable {
        /// The gate is yet to be found, and is to be closed for the group then.
        case closed
        /// Likewise, and a tenure goes on: the gate is to be as the process before has left it,
        /// with a deadline that may be later than this one, which the page has.
        case left(until: Instant)
        /// Likewise, and this process has set the deadline.
        case open(until: Instant)
        /// The gate is known, and this is the group's place in it.
        case slot(UInt32)
        /// There is no gate.
        case none
    }

    let group: GateGroup
    /// Whether a tenure of the process before went on at the start.
    let isRestored: Bool
    var hold: Hold
    /// Without a gate: it was opened, so that by now something else silences what is there of it.
    var isSilenced = false
}
