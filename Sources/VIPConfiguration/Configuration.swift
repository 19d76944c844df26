import VIPNet

/// What `vip-agent.toml` says, complete and consistent: an invalid one cannot exist.
///
/// The same file is valid on every host of the cluster; `role(of:)` finds a host in it.
/// `docs/configuration.md` describes it for operators.
public struct Configuration: Sendable {
    public let cluster: Cluster
    public let timing: Timing
    /// In the order of the file, as all lists here; at least one.
    public let nodes: [Voter]
    public let witnesses: [Voter]
    public let groups: [Group]
    /// Parsed and validated, but not run by this version; a warning says so.
    public let checks: [Check]
    /// What is allowed, but was hardly meant. Not part of equality: it is about the text.
    public let warnings: [Diagnostic]
    /// The warnings as text, each with its line of the file; empty if there are none.
    public let warningText: String

    init(
        cluster: Cluster,
        timing: Timing,
        nodes: [Voter],
        witnesses: [Voter],
        groups: [Group],
        checks: [Check],
        warnings: [Diagnostic],
        warningText: String
    ) {
        self.cluster = cluster
        self.timing = timing
        self.nodes = nodes
        self.witnesses = witnesses
        self.groups = groups
        self.checks = checks
        self.warnings = warnings
        self.warningText = warningText
    }

    /// Nodes, then witnesses.
    public var voters: [Voter] { nodes + witnesses }

    /// How many voters have to grant a lease.
    public var majority: Int { voters.count / 2 + 1 }
}

extension Configuration: Equatable {
    public static func == (left: Configuration, right: Configuration) -> Bool {
        left.cluster == right.cluster && left.timing == right.timing && left.nodes == right.nodes
            && left.witnesses == right.witnesses && left.groups == right.groups
            && left.checks == right.checks
    }
}

/// The voters that share a key.
public struct Cluster: Equatable, Sendable {
    public let name: String
    /// An absolute path; see `ClusterKeys.load`.
    public let keyFile: String
}

/// What the lease is made of.
public struct Timing: Equatable, Sendable {
    /// 1 ms to 10 s.
    public let heartbeat: Duration
    /// At least 2 heartbeats, at most 30 s.
    public let lease: Duration
    /// How much the rates of two hosts' clocks may differ, up to 50,000; more than zero.
    public let driftPartsPerMillion: Int
    /// How long a frame that has passed the gate may take to leave the host; at most a quarter of
    /// the lease.
    public let margin: Duration

    /// Why there is at most one owner with these numbers.
    public var argument: LeaseArgument {
        LeaseArgument(lease: lease, driftPartsPerMillion: driftPartsPerMillion, margin: margin)
    }
}

/// A node, which may own addresses, or a witness, which only votes.
public struct Voter: Equatable, Sendable {
    public let name: String
    /// One per path: the first of one voter talks to the first of another, and so on. Two voters
    /// have as many paths as the one with fewer addresses has addresses.
    public let addresses: [Endpoint]

    /// What frames call it.
    public var identifier: UInt64 { stableIdentifier(name) }
}

/// Addresses that move together.
public struct Group: Equatable, Sendable {
    public let name: String
    public let interface: String
    public let addresses: [FloatingAddress]
    /// The node that takes it first.
    public let prefer: String?
    public let failback: FailbackPolicy
    /// How long a node has been healthy before it takes the group back; only if `failback` is
    /// automatic.
    public let failbackDelay: Duration
    public let enforcement: EnforcementPolicy
    public let checks: [String]

    /// What frames call it.
    public var identifier: UInt64 { stableIdentifier(name) }
}

/// Whether a group goes back to the node that it prefers once that is well again.
public enum FailbackPolicy: String, Equatable, Sendable, CaseIterable {
    /// `vipctl switchover` moves it.
    case manual
    /// It moves after `failbackDelay` of good health.
    case automatic
}

/// What has to see to it that an owner lets go although its agent is dead, stopped or starved.
public enum EnforcementPolicy: String, Equatable, Sendable, CaseIterable {
    /// The gate, or where there is no eBPF, the lifetimes of the addresses. Where neither can,
    /// the agent does not start.
    case kernel
    /// The kernel where it can; where it can't, nobody but the agent.
    case agent
}

/// Something on a node that has to work for the node to be healthy.
public struct Check: Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
        /// A URL that answers with a status of success.
        case http(url: String)
        /// A port that accepts a connection.
        case tcp(host: String, port: UInt16)
        /// A command that exits with 0; the first element is an absolute path.
        case exec([String])
        /// A process of this name that runs.
        case process(String)
    }

    public let name: String
    public let kind: Kind
    public let interval: Duration
    /// At most the interval.
    public let timeout: Duration
    /// Failures in a row after which the node is not healthy.
    public let fall: Int
    /// Successes in a row after which it is again.
    public let rise: Int

    package init(
        name: String,
        kind: Kind,
        interval: Duration,
        timeout: Duration,
        fall: Int,
        rise: Int
    ) {
        self.name = name
        self.kind = kind
        self.interval = interval
        self.timeout = timeout
        self.fall = fall
        self.rise = rise
    }
}
