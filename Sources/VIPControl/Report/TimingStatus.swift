/// The numbers that the promise is argued with.
public struct TimingStatus: Equatable, Sendable, JSONRepresentable {
    public var heartbeatMilliseconds: Int
    public var leaseMilliseconds: Int
    /// By how much the rates of two hosts' clocks may differ.
    public var driftPartsPerMillion: Int
    /// How long a frame may take from the gate to the wire.
    public var marginMilliseconds: Int

    public init(
        heartbeatMilliseconds: Int,
        leaseMilliseconds: Int,
        driftPartsPerMillion: Int,
        marginMilliseconds: Int
    ) {
        self.heartbeatMilliseconds = heartbeatMilliseconds
        self.leaseMilliseconds = leaseMilliseconds
        self.driftPartsPerMillion = driftPartsPerMillion
        self.marginMilliseconds = marginMilliseconds
    }

    public var json: JSONValue {
        JSONValue(fields: [
            "heartbeat_ms": heartbeatMilliseconds,
            "lease_ms": leaseMilliseconds,
            "drift_ppm": driftPartsPerMillion,
            "margin_ms": marginMilliseconds,
        ])
    }

    public init(json: JSONReader) throws(JSONShapeError) {
        heartbeatMilliseconds = try json.field("heartbeat_ms")
        leaseMilliseconds = try json.field("lease_ms")
        driftPartsPerMillion = try json.field("drift_ppm")
        marginMilliseconds = try json.field("margin_ms")
    }
}
