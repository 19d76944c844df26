import FoundationEssentials

/// What `vipctl status --json` says, as far as it is promised to those who script it, and the few
/// other things that the lab wants to know. Unknown keys are ignored: there may be more any day.
public struct AgentStatus: Decodable, Hashable, Sendable {
    public let cluster: String
    public let host: String
    /// `node` or `witness`.
    public let role: String
    public let healthy: Bool
    /// Why not, in words.
    public let reasons: [String]?
    public let warnings: [String]?
    public let groups: [Group]
    public let voters: [Voter]
    /// Frames that were dropped, by reason.
    public let dropped: [String: Int]?
    public let counters: Counters?
    public let gate: Gate?

    public struct Counters: Decodable, Hashable, Sendable {
        /// How often the agent has become another program.
        public let reexecutions: Int
        /// ARP and NDP frames that have left.
        public let announcements: Int
        /// Claims to its addresses by other MAC addresses.
        public let foreignClaims: Int
        /// How often the gate was put back.
        public let gateRepairs: Int
        /// The latest that a timer was ever served.
        public let maximumLatenessMicroseconds: Int
        /// How often one was served later than a quarter of the lease.
        public let lateWakes: Int

        enum CodingKeys: String, CodingKey {
            case reexecutions, announcements
            case foreignClaims = "foreign_claims"
            case gateRepairs = "gate_repairs"
            case maximumLatenessMicroseconds = "max_lateness_us"
            case lateWakes = "late_wakes"
        }
    }

    public struct Gate: Decodable, Hashable, Sendable {
        /// `in-place`, `incomplete` or `unavailable`.
        public let state: String
        public let reason: String?
    }

    public struct Group: Decodable, Hashable, Sendable {
        public let name: String
        /// `owner`, `standby`, `fault`, `maintenance`, `starting` or `witness`.
        public let state: String
        public let owner: String?
        public let term: UInt64
        public let leaseMilliseconds: Double?
        public let since: String?
        public let reason: String?
        public let interfaceState: String?
        public let isForced: Bool?
        public let enforcement: String?
        public let gate: GroupGate?

        enum CodingKeys: String, CodingKey {
            case name, state, owner, term, since, reason, enforcement, gate
            case leaseMilliseconds = "lease_ms"
            case interfaceState = "interface_state"
            case isForced = "forced"
        }
    }

    /// What the kernel's gate does for a group.
    public struct GroupGate: Decodable, Hashable, Sendable {
        public let openMilliseconds: Int?
        public let droppedLeaving: Int
        public let droppedArriving: Int

        enum CodingKeys: String, CodingKey {
            case openMilliseconds = "open_ms"
            case droppedLeaving = "dropped_leaving"
            case droppedArriving = "dropped_arriving"
        }
    }

    public struct Voter: Decodable, Hashable, Sendable {
        public let name: String
        public let role: String
        public let reachable: Bool
        public let roundTripMicroseconds: Double?

        enum CodingKeys: String, CodingKey {
            case name, role, reachable
            case roundTripMicroseconds = "rtt_us"
        }
    }

    /// The group of that name.
    public func group(_ name: String) -> Group? {
        groups.first { $0.name == name }
    }

    public func voter(_ name: String) -> Voter? {
        voters.first { $0.name == name }
    }

    /// What `vipctl status --json` says; it ends with 1 where not all is well.
    ///
    /// - Parameter agent: Who was asked.
    init(_ answer: ToolResult, of agent: String, advice: String? = nil) throws(LabError) {
        guard [.exited(0), .exited(1)].contains(answer.status) else {
            let found = "vipctl \(answer.status): \(answer.words)"
            throw LabError("ask \(agent) for its status", found: found, advice: advice)
        }
        try self.init(json: answer.output)
    }

    private init(json: String) throws(LabError) {
        do {
            self = try JSONDecoder().decode(AgentStatus.self, from: Data(json.utf8))
        } catch {
            throw LabError("read what vipctl status --json says", found: "\(error), in: \(json)")
        }
    }
}

/// An entry of `vipctl history --json`.
public struct HistoryRecord: Decodable, Hashable, Sendable {
    /// Counted from the agent's start, across its upgrades.
    public let sequence: UInt64
    public let at: String
    public let group: String?
    public let kind: String?
    public let event: String?
    public let state: String?
    public let was: String?
    public let owner: String?
    public let term: UInt64?
    public let reason: String?

    /// Everything that it says, to look for words in.
    public var text: String {
        [kind, event, state, was, owner, reason].compactMap(\.self).joined(separator: " ")
    }

    static func list(json: String) throws(LabError) -> [HistoryRecord] {
        struct Envelope: Decodable { let history: [HistoryRecord] }
        let data = Data(json.utf8)
        do {
            if let envelope = try? JSONDecoder().decode(Envelope.self, from: data) {
                return envelope.history
            }
            return try JSONDecoder().decode([HistoryRecord].self, from: data)
        } catch {
            throw LabError("read what vipctl history --json says", found: "\(error), in: \(json)")
        }
    }
}

extension AgentStatus {
    /// Asks every 10 ms until the answer is as wished for. An agent that does not answer yet is
    /// asked again.
    ///
    /// - Parameter isAlive: Throws if there is no sense in asking.
    static func wait(
        _ what: String,
        within limit: Duration,
        _ isAsWished: (AgentStatus) -> Bool,
        asking status: () throws(LabError) -> AgentStatus,
        isAlive: () throws(LabError) -> Void = { () throws(LabError) in },
        advice: () -> String
    ) throws(LabError) -> AgentStatus {
        let deadline = Moment.now + limit
        var last = "it could not be asked"
        while Moment.now < deadline {
            try isAlive()
            do throws(LabError) {
                let status = try status()
                if isAsWished(status) { return status }
                last = "\(status)"
            } catch {
                last = "\(error)"
            }
            sleep(for: .milliseconds(10))
        }
        throw LabError("\(what) within \(limit.human)", found: last, advice: advice())
    }
}
