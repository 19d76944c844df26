/// What lets go of a node's groups although its agent is dead or hangs.
public enum HostEnforcement: Equatable, Sendable {
    case gate
    /// There is no gate, and the lease is long enough for the lifetimes of addresses.
    case lifetimes(AddressLifetimes)
    /// Neither is to be had. All groups have `EnforcementPolicy.agent`, or the agent would not
    /// start.
    case agent

    /// For a list of groups.
    var line: String {
        switch self {
        case .gate: "enforced by the gate"
        case .lifetimes: "enforced by the lifetimes of its addresses: there is no gate"
        case .agent: "RISK: enforced by nothing but the agent, as configured: there is no gate"
        }
    }

    /// What has to be known before the numbers of the lease.
    var explanation: [String] {
        switch self {
        case .gate: []
        case .lifetimes(let lifetimes): lifetimes.explanation
        case .agent:
            ["this holds while the agent runs; while it hangs, two hosts may answer:"]
        }
    }
}

/// How the kernel is made to remove the addresses of an owner whose agent is gone before the lease
/// is over. An address is refreshed only while more of the lease is left than it takes to go by
/// itself, so the numbers of `LeaseArgument` hold for it too.
public struct AddressLifetimes: Equatable, Sendable {
    /// After its last refresh an address lives that long; whole seconds.
    public var lifetime: Duration
    public var refreshInterval: Duration
    /// By how much the kernel is late at most.
    public var lateness: Duration

    public init(lifetime: Duration, refreshInterval: Duration, lateness: Duration) {
        self.lifetime = lifetime
        self.refreshInterval = refreshInterval
        self.lateness = lateness
    }

    var explanation: [String] {
        [
            "the kernel removes an address within \((lifetime + lateness).text) of its last refresh;",
            "it is refreshed every \(refreshInterval.text), and only while the lease has that much left",
        ]
    }
}
