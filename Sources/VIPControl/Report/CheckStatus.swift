/// The last result of one health check.
public struct CheckStatus: Equatable, Sendable, JSONRepresentable {
    public var name: String
    public var state: String
    public var detail: String

    public init(
        name: String,
        state: String,
        detail: String
    ) {
        self.name = name
        self.state = state
        self.detail = detail
    }

    public var json: JSONValue {
        JSONValue(fields: [
            "name": name,
            "state": state,
            "detail": detail,
        ])
    }

    public init(json: JSONReader) throws(JSONShapeError) {
        name = try json.field("name")
        state = try json.field("state")
        detail = try json.field("detail")
    }
}
