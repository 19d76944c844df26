/// One voter, as the reporting host hears it.
public struct VoterStatus: Equatable, Sendable, JSONRepresentable {
    public var name: String
    public var role: HostRole
    /// This is the reporting host: what follows is `nil`, and there are no paths.
    public var isSelf: Bool
    /// Heard within the last heartbeats, on any path.
    public var isReachable: Bool
    /// Of the fastest path.
    public var roundTripMicroseconds: Int?
    /// `nil` if never since the agent started.
    public var heardMillisecondsAgo: Int?
    /// Whether it says that it hears this host; `nil` if it has not said so.
    public var hearsUs: Bool?
    /// It does not vote yet, because it may have forgotten what it granted.
    public var isAbstaining: Bool?
    /// Its file has the voters, the timing and the groups of this host's; `nil` if it has not said.
    public var hasSameFile: Bool?
    public var paths: [PathStatus]

    public init(
        name: String,
        role: HostRole,
        isSelf: Bool,
        isReachable: Bool,
        roundTripMicroseconds: Int? = nil,
        heardMillisecondsAgo: Int? = nil,
        hearsUs: Bool? = nil,
        isAbstaining: Bool? = nil,
        hasSameFile: Bool? = nil,
        paths: [PathStatus] = []
    ) {
        self.name = name
        self.role = role
        self.isSelf = isSelf
        self.isReachable = isReachable
        self.roundTripMicroseconds = roundTripMicroseconds
        self.heardMillisecondsAgo = heardMillisecondsAgo
        self.hearsUs = hearsUs
        self.isAbstaining = isAbstaining
        self.hasSameFile = hasSameFile
        self.paths = paths
    }

    public var json: JSONValue {
        JSONValue(fields: [
            "name": name,
            "role": role,
            "self": isSelf,
            "reachable": isReachable,
            "rtt_us": roundTripMicroseconds,
            "heard_ms_ago": heardMillisecondsAgo,
            "hears_me": hearsUs,
            "abstaining": isAbstaining,
            "same_file": hasSameFile,
            "paths": paths,
        ])
    }

    public init(json: JSONReader) throws(JSONShapeError) {
        name = try json.field("name")
        role = try json.field("role")
        isSelf = try json.field("self")
        isReachable = try json.field("reachable")
        roundTripMicroseconds = try json.field("rtt_us")
        heardMillisecondsAgo = try json.field("heard_ms_ago")
        hearsUs = try json.field("hears_me")
        isAbstaining = try json.field("abstaining")
        hasSameFile = try json.field("same_file")
        paths = try json.field("paths")
    }
}

/// One way over the network to a voter.
public struct PathStatus: Equatable, Sendable, JSONRepresentable {
    /// The position of the addresses in the configuration, from 0.
    public var index: Int
    /// The address of this host on the path.
    public var local: String
    public var remote: String
    public var isReachable: Bool
    public var roundTripMicroseconds: Int?
    public var heardMillisecondsAgo: Int?
    /// Whether the voter says that it hears this host on this path.
    public var isHeardByPeer: Bool?
    /// What the kernel said to the last frame, if it was not sent.
    public var lastSendError: String?

    public init(
        index: Int,
        local: String,
        remote: String,
        isReachable: Bool,
        roundTripMicroseconds: Int? = nil,
        heardMillisecondsAgo: Int? = nil,
        isHeardByPeer: Bool? = nil,
        lastSendError: String? = nil
    ) {
        self.index = index
        self.local = local
        self.remote = remote
        self.isReachable = isReachable
        self.roundTripMicroseconds = roundTripMicroseconds
        self.heardMillisecondsAgo = heardMillisecondsAgo
        self.isHeardByPeer = isHeardByPeer
        self.lastSendError = lastSendError
    }

    public var json: JSONValue {
        JSONValue(fields: [
            "index": index,
            "local": local,
            "remote": remote,
            "reachable": isReachable,
            "rtt_us": roundTripMicroseconds,
            "heard_ms_ago": heardMillisecondsAgo,
            "heard_by_peer": isHeardByPeer,
            "last_send_error": lastSendError,
        ])
    }

    public init(json: JSONReader) throws(JSONShapeError) {
        index = try json.field("index")
        local = try json.field("local")
        remote = try json.field("remote")
        isReachable = try json.field("reachable")
        roundTripMicroseconds = try json.field("rtt_us")
        heardMillisecondsAgo = try json.field("heard_ms_ago")
        isHeardByPeer = try json.field("heard_by_peer")
        lastSendError = try json.field("last_send_error")
    }
}
