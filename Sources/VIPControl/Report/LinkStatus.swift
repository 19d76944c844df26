/// One direction of one path between two voters.
public struct LinkStatus: Equatable, Sendable, JSONRepresentable {
    /// The voter that sends.
    public var from: String
    /// The voter that listens.
    public var to: String
    public var path: Int
    /// `to` hears what `from` sends.
    public var isHeard: Bool
    /// How long ago `to` last heard it; `nil` if never.
    public var ageMilliseconds: Int?

    public init(
        from: String,
        to: String,
        path: Int,
        isHeard: Bool,
        ageMilliseconds: Int? = nil
    ) {
        self.from = from
        self.to = to
        self.path = path
        self.isHeard = isHeard
        self.ageMilliseconds = ageMilliseconds
    }

    public var json: JSONValue {
        JSONValue(fields: [
            "from": from,
            "to": to,
            "path": path,
            "heard": isHeard,
            "age_ms": ageMilliseconds,
        ])
    }

    public init(json: JSONReader) throws(JSONShapeError) {
        from = try json.field("from")
        to = try json.field("to")
        path = try json.field("path")
        isHeard = try json.field("heard")
        ageMilliseconds = try json.field("age_ms")
    }
}
