import VIPCore

/// Limits how often the core is told that somebody has changed a group's addresses.
///
/// The core has the kernel repair each such change at once. Without a limit, another program that
/// keeps undoing the repair (seen: a systemd-networkd that put an address back 10,000 times a
/// second) would have the lease plane, which runs before ordinary threads, do nothing else.
package struct ChangePacing: Sendable {
    /// A change that somebody makes by hand is repaired within as much.
    static let pace: Duration = .milliseconds(10)

    private var last: Instant?

    package init() {}

    /// Whether the core may be told now; otherwise, when it may be.
    package mutating func begin(at now: Instant) -> Turn {
        if let last, now - last < Self.pace { return .later(last + Self.pace) }
        last = now
        return .now
    }

    package enum Turn: Equatable {
        case now
        case later(Instant)
    }
}
