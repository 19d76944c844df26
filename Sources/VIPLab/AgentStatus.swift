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
    /// What was counted since the agent started, by name.
    public let counters: [String: Int]?

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

        enum CodingKeys: String, CodingKey {
            case name, state, owner, term, since, reason
            case leaseMilliseconds = "lease_ms"
            case interfaceState = "interface_state"
            case isForced = "forced"
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

    init(json: String) throws(LabError) {
        do {
            self = try JSONDecoder().decode(AgentStatus.self, from: Data(json.utf8))
        } catch {
            throw LabError("read what vipctl status --json says", found: "\(error), in: \(json)")
        }
    }
}

/// An entry of `vipctl history --json`.
public struct HistoryRecord: Decodable, Hashable, Sendable {
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
