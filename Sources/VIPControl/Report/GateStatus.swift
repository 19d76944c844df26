/// The gate of the reporting host as its kernel has it.
public struct GateStatus: Equatable, Sendable, JSONRepresentable {
    public var state: State
    /// Why it is not in place, or why there is none; `nil` while it is.
    public var reason: String?
    /// Every interface that frames can leave by, in the order of their numbers.
    public var interfaces: [GateInterfaceStatus]

    public enum State: String, CaseIterable, Sendable, JSONRepresentable {
        /// On every interface, both ways.
        case inPlace = "in-place"
        /// Missing somewhere, and being put back.
        case incomplete
        /// There is no eBPF to be had here; lifetimes and the agent itself enforce.
        case unavailable
    }

    public init(
        state: State,
        reason: String? = nil,
        interfaces: [GateInterfaceStatus] = []
    ) {
        self.state = state
        self.reason = reason
        self.interfaces = interfaces
    }

    public var json: JSONValue {
        JSONValue(fields: [
            "state": state,
            "reason": reason,
            "interfaces": interfaces,
        ])
    }

    public init(json: JSONReader) throws(JSONShapeError) {
        state = try json.field("state")
        reason = try json.field("reason")
        interfaces = try json.field("interfaces")
    }
}

/// Where the gate sits on one interface.
public struct GateInterfaceStatus: Equatable, Sendable, JSONRepresentable {
    public var name: String
    public var index: Int
    /// The kernel has our program there, now, for what leaves and for what arrives.
    public var hasEgress: Bool
    public var hasIngress: Bool
    /// What may let frames by before they come to the gate, such as a tcx program.
    public var risks: [String]

    public init(
        name: String,
        index: Int,
        hasEgress: Bool,
        hasIngress: Bool,
        risks: [String] = []
    ) {
        self.name = name
        self.index = index
        self.hasEgress = hasEgress
        self.hasIngress = hasIngress
        self.risks = risks
    }

    public var json: JSONValue {
        JSONValue(fields: [
            "name": name,
            "index": index,
            "egress": hasEgress,
            "ingress": hasIngress,
            "risks": risks,
        ])
    }

    public init(json: JSONReader) throws(JSONShapeError) {
        name = try json.field("name")
        index = try json.field("index")
        hasEgress = try json.field("egress")
        hasIngress = try json.field("ingress")
        risks = try json.field("risks")
    }
}

/// What the gate does for one group, read from the kernel's own map.
public struct GroupGateStatus: Equatable, Sendable, JSONRepresentable {
    /// Until it closes by itself; `nil` if it is closed.
    public var openMilliseconds: Int?
    /// Frames dropped on their way out and on their way in, since the gate was made.
    public var droppedLeaving: UInt64
    public var droppedArriving: UInt64

    public init(openMilliseconds: Int?, droppedLeaving: UInt64, droppedArriving: UInt64) {
        self.openMilliseconds = openMilliseconds
        self.droppedLeaving = droppedLeaving
        self.droppedArriving = droppedArriving
    }

    public var json: JSONValue {
        JSONValue(fields: [
            "open_ms": openMilliseconds,
            "dropped_leaving": droppedLeaving,
            "dropped_arriving": droppedArriving,
        ])
    }

    public init(json: JSONReader) throws(JSONShapeError) {
        openMilliseconds = try json.field("open_ms")
        droppedLeaving = try json.field("dropped_leaving")
        droppedArriving = try json.field("dropped_arriving")
    }
}
