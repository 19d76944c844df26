/// A JSON document (RFC 8259), the common tongue of the daemon and its clients.
///
/// Members keep the order in which they were written, so that the same report is the same text.
public enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    /// A number without fraction and exponent. The parser takes what fits in 64 bits, signed or
    /// not.
    case integer(Int128)
    /// Any other number. One that is not finite cannot be said in JSON, and is written as `null`.
    case decimal(Double)
    case string(String)
    case array([JSONValue])
    /// Each name once; the parser refuses a second one.
    case object([Member])

    public struct Member: Equatable, Sendable {
        public var name: String
        public var value: JSONValue

        public init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// An object with these fields in this order.
    public init(fields: KeyValuePairs<String, any JSONRepresentable>) {
        self = .object(fields.map { Member($0.key, $0.value.json) })
    }

    /// The value of a member; `nil` if there is none of that name, or this is not an object.
    public subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// What kind of value it is, in words for an error.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer: "an integer"
        case .decimal: "a decimal number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
