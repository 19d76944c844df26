/// What one host knows and believes at this moment: the answer to `status`.
/// What the kernel has stands beside what the agent believes, and every fact says how old it is.
/// Times are of the host that reports: no clock is compared with another host's.
public struct StatusReport: Equatable, Sendable, JSONRepresentable {
    public var cluster: String
    /// The host that reports, by its name in the configuration.
    public var host: String
    public var role: HostRole
    /// Nothing is wrong that an operator should look at. `vipctl status` exits with 1 otherwise.
    public var isHealthy: Bool
    /// Why it is not healthy, in plain words, the worst first.
    public var reasons: [String]
    /// What is not wrong yet, such as a lease that nothing but lifetimes enforces.
    public var warnings: [String]
    public var version: String
    public var processID: Int
    /// Since the agent started.
    public var uptimeMilliseconds: Int
    public var timing: TimingStatus
    /// `nil` on a witness, which has none.
    public var gate: GateStatus?
    public var groups: [GroupStatus]
    /// All voters, this host among them.
    public var voters: [VoterStatus]
    /// Who hears whom, path by path: what this host sees, and what the others say that they see.
    public var links: [LinkStatus]
    public var checks: [CheckStatus]
    /// Frames that came in and were not believed.
    public var dropped: DroppedFrames
    public var counters: Counters

    public init(
        cluster: String,
        host: String,
        role: HostRole,
        isHealthy: Bool,
        reasons: [String] = [],
        warnings: [String] = [],
        version: String,
        processID: Int,
        uptimeMilliseconds: Int,
        timing: TimingStatus,
        gate: GateStatus? = nil,
        groups: [GroupStatus] = [],
        voters: [VoterStatus] = [],
        links: [LinkStatus] = [],
        checks: [CheckStatus] = [],
        dropped: DroppedFrames = DroppedFrames(),
        counters: Counters = Counters()
    ) {
        self.cluster = cluster
        self.host = host
        self.role = role
        self.isHealthy = isHealthy
        self.reasons = reasons
        self.warnings = warnings
        self.version = version
        self.processID = processID
        self.uptimeMilliseconds = uptimeMilliseconds
        self.timing = timing
        self.gate = gate
        self.groups = groups
        self.voters = voters
        self.links = links
        self.checks = checks
        self.dropped = dropped
        self.counters = counters
    }

    public var json: JSONValue {
        JSONValue(fields: [
            "cluster": cluster,
            "host": host,
            "role": role,
            "healthy": isHealthy,
            "reasons": reasons,
            "warnings": warnings,
            "version": version,
            "pid": processID,
            "uptime_ms": uptimeMilliseconds,
            "timing": timing,
            "gate": gate,
            "groups": groups,
            "voters": voters,
            "matrix": links,
            "checks": checks,
            "dropped": dropped,
            "counters": counters,
        ])
    }

    public init(json: JSONReader) throws(JSONShapeError) {
        cluster = try json.field("cluster")
        host = try json.field("host")
        role = try json.field("role")
        isHealthy = try json.field("healthy")
        reasons = try json.field("reasons")
        warnings = try json.field("warnings")
        version = try json.field("version")
        processID = try json.field("pid")
        uptimeMilliseconds = try json.field("uptime_ms")
        timing = try json.field("timing")
        gate = try json.field("gate")
        groups = try json.field("groups")
        voters = try json.field("voters")
        links = try json.field("matrix")
        checks = try json.field("checks")
        dropped = try json.field("dropped")
        counters = try json.field("counters")
    }
}

/// What a host is in its cluster.
public enum HostRole: String, CaseIterable, Sendable, JSONRepresentable {
    case node, witness
}
