/// One group of floating addresses, as the reporting host sees it.
public struct GroupStatus: Equatable, Sendable, JSONRepresentable {
    public var name: String
    /// The state of the reporting host, which need not be the owner.
    public var state: State
    /// The host that owns the group as far as this host knows; `nil` if nobody does.
    public var owner: String?
    /// The fencing token: grows with every acquisition.
    public var term: UInt64
    /// What is left of the lease. The owner says how long until its own deadline, any other host
    /// how long its grant to the owner still runs; `nil` if this host knows of none.
    public var leaseMilliseconds: Int?
    public var addresses: [AddressStatus]
    /// When the state last changed, on the wall clock of this host (RFC 3339, UTC).
    public var since: String
    /// How long ago that was, on a clock that nobody sets.
    public var sinceMilliseconds: Int
    /// Why it last changed, in words.
    public var reason: String
    /// Empty on a witness, which touches none.
    public var interface: String
    public var interfaceState: InterfaceState
    /// Owned by `takeover --force`: the promise is the operator's.
    public var isForced: Bool
    /// What lets go when the agent can't: the `gate`; without it the `lifetimes` of the addresses;
    /// and nothing where it says `agent`. `none` on a witness.
    public var enforcement: String
    /// `nil` where there is no gate.
    public var gate: GroupGateStatus?
    /// Whether the other node would take over at once; `nil` if that is not known.
    public var isPeerReady: Bool?
    /// Why it is not ready.
    public var peerReason: String?
    /// For how long only an order or a need moves the group: there were too many changes of owner.
    /// `nil` if it is not held down.
    public var holdDownMilliseconds: Int?
    /// By voter; `nil` from an agent that does not say.
    public var votes: [VoteStatus]?

    public enum State: String, CaseIterable, Sendable, JSONRepresentable {
        case owner, standby, fault, maintenance, starting, witness
    }

    public enum InterfaceState: String, CaseIterable, Sendable, JSONRepresentable {
        case up, down, missing
        /// A witness has no interface for the group.
        case none
    }

    public init(
        name: String,
        state: State,
        owner: String?,
        term: UInt64,
        leaseMilliseconds: Int?,
        addresses: [AddressStatus] = [],
        since: String,
        sinceMilliseconds: Int,
        reason: String,
        interface: String,
        interfaceState: InterfaceState,
        isForced: Bool = false,
        enforcement: String,
        gate: GroupGateStatus? = nil,
        isPeerReady: Bool? = nil,
        peerReason: String? = nil,
        holdDownMilliseconds: Int? = nil,
        votes: [VoteStatus]? = nil
    ) {
        self.name = name
        self.state = state
        self.owner = owner
        self.term = term
        self.leaseMilliseconds = leaseMilliseconds
        self.addresses = addresses
        self.since = since
        self.sinceMilliseconds = sinceMilliseconds
        self.reason = reason
        self.interface = interface
        self.interfaceState = interfaceState
        self.isForced = isForced
        self.enforcement = enforcement
        self.gate = gate
        self.isPeerReady = isPeerReady
        self.peerReason = peerReason
        self.holdDownMilliseconds = holdDownMilliseconds
        self.votes = votes
    }

    public var json: JSONValue {
        JSONValue(fields: [
            "name": name,
            "state": state,
            "owner": owner,
            "term": term,
            "lease_ms": leaseMilliseconds,
            "addresses": addresses,
            "since": since,
            "since_ms": sinceMilliseconds,
            "reason": reason,
            "interface": interface,
            "interface_state": interfaceState,
            "forced": isForced,
            "enforcement": enforcement,
            "gate": gate,
            "peer_ready": isPeerReady,
            "peer_reason": peerReason,
            "hold_down_ms": holdDownMilliseconds,
            "votes": votes,
        ])
    }

    public init(json: JSONReader) throws(JSONShapeError) {
        name = try json.field("name")
        state = try json.field("state")
        owner = try json.field("owner")
        term = try json.field("term")
        leaseMilliseconds = try json.field("lease_ms")
        addresses = try json.field("addresses")
        since = try json.field("since")
        sinceMilliseconds = try json.field("since_ms")
        reason = try json.field("reason")
        interface = try json.field("interface")
        interfaceState = try json.field("interface_state")
        isForced = try json.field("forced")
        enforcement = try json.field("enforcement")
        gate = try json.field("gate")
        isPeerReady = try json.field("peer_ready")
        peerReason = try json.field("peer_reason")
        holdDownMilliseconds = try json.field("hold_down_ms")
        votes = try json.field("votes")
    }
}

/// One floating address: what must be, and what is.
public struct AddressStatus: Equatable, Sendable, JSONRepresentable {
    /// With its prefix length: `10.77.0.100/32`.
    public var address: String
    /// This host must have it now.
    public var isWanted: Bool
    /// The kernel of this host has it now.
    public var isPresent: Bool
    /// After which the kernel removes it if the agent does not refresh it.
    public var validLifetimeSeconds: Int?

    public init(
        address: String,
        isWanted: Bool,
        isPresent: Bool,
        validLifetimeSeconds: Int? = nil
    ) {
        self.address = address
        self.isWanted = isWanted
        self.isPresent = isPresent
        self.validLifetimeSeconds = validLifetimeSeconds
    }

    public var json: JSONValue {
        JSONValue(fields: [
            "address": address,
            "wanted": isWanted,
            "present": isPresent,
            "valid_lifetime_s": validLifetimeSeconds,
        ])
    }

    public init(json: JSONReader) throws(JSONShapeError) {
        address = try json.field("address")
        isWanted = try json.field("wanted")
        isPresent = try json.field("present")
        validLifetimeSeconds = try json.field("valid_lifetime_s")
    }
}
