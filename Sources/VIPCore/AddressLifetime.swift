/// What silences the addresses of a host whose agent cannot do it any more.
public enum Enforcement: UInt8, Sendable, CaseIterable {
    /// The gate: past the deadline the kernel drops what comes from and goes to the addresses.
    case gate
    /// No gate: the kernel removes the addresses before the lease is over, unless they are
    /// refreshed. Only for leases that leave room for that, see `Timing.enforceableLifetime`.
    case lifetimes
    /// Neither: the agent alone, as long as it lives. What it leaves behind stays for 11.3 s.
    case agent
}

/// For how long the kernel keeps an address that is not refreshed (`valid_lft`), and how often it
/// is refreshed.
public struct AddressLifetime: Equatable, Sendable {
    /// Whole seconds.
    public var valid: Duration
    public var refreshInterval: Duration

    public init(valid: Duration, refreshInterval: Duration) {
        self.valid = valid
        self.refreshInterval = refreshInterval
    }

    /// Where something else enforces the lease: rare refreshes, each is a notification to every
    /// listener in the host.
    public static let usual = AddressLifetime(valid: .seconds(10), refreshInterval: .seconds(4))

    /// The kernel removes an address by then after its lifetime at the latest: it counts whole
    /// seconds, looks after them when a second is full, and was seen to be late by 0.33 s.
    public static let kernelLateness: Duration = .milliseconds(1300)

    /// What the shell is given at least, from the decision to refresh to the question to the
    /// kernel.
    public static let requestPatience: Duration = .milliseconds(100)

    /// Five refreshes in two lifetimes: one may be put off, and the address stays.
    static let choices: [AddressLifetime] = (2...10).reversed().map { seconds in
        AddressLifetime(
            valid: .seconds(seconds),
            refreshInterval: max(.seconds(1), .milliseconds(400) * seconds)
        )
    }
}

extension Timing {
    /// The longest address lifetime that enforces this lease without a gate; nil where the lease is
    /// too short, see `shortestEnforceableLease`.
    ///
    /// An owner refreshes only while its lease outlasts the lifetime, so safety asks for nothing
    /// here. But the occasion has to come: right after a renewal a lease has
    /// `0.899 * reliance` left, and for one refresh interval, and for one heartbeat, that must
    /// suffice for `valid + kernelLateness + requestPatience`.
    public var enforceableLifetime: AddressLifetime? {
        let reliance = reliance(on: lease)
        let left = Duration(attoseconds: reliance.attoseconds * Self.slewed / 1000)
        return AddressLifetime.choices.first { need(of: $0) <= left }
    }

    /// The shortest lease, in whole milliseconds, that address lifetimes can enforce with this
    /// heartbeat, drift and margin: about 5 s for heartbeats of up to a second.
    public var shortestEnforceableLease: Duration {
        let least = AddressLifetime.choices.map { need(of: $0) }.min() ?? .zero
        let reliance = least.attoseconds * 1000 / Self.slewed + margin.attoseconds
        let lease = reliance * 1_000_000 / Int128(1_000_000 - 2 * driftPartsPerMillion)
        let millisecond = Duration.milliseconds(1).attoseconds
        return Duration(attoseconds: (lease + millisecond) / millisecond * millisecond)
    }

    private func need(of lifetime: AddressLifetime) -> Duration {
        lifetime.valid + AddressLifetime.kernelLateness + AddressLifetime.requestPatience
            + max(lifetime.refreshInterval, heartbeat)
    }
}
