/// Why a text is not a JSON document, and where.
public struct JSONError: Error, Equatable, Sendable {
    public enum Problem: Equatable, Sendable {
        /// The text ends inside the document.
        case unexpectedEnd
        /// This octet cannot stand here.
        case unexpected(octet: UInt8, expected: String)
        /// Something follows the document.
        case trailing
        /// A control character stands in a string as itself.
        case controlCharacter(UInt8)
        /// A backslash, and then something that JSON does not know.
        case escape
        /// One half of a UTF-16 surrogate pair.
        case loneSurrogate
        /// The octets of a string are not UTF-8.
        case encoding
        /// A number that is not written as JSON wants it, such as 01, 1. or -.
        case number
        /// An integer beyond 64 bits, or a decimal beyond a `Double`.
        case numberTooLarge
        /// A name that its object has already.
        case duplicateName(String)
        /// Nested deeper than this.
        case tooDeep(limit: Int)
        /// Longer than this many octets.
        case tooLong(limit: Int)
    }

    /// In octets from the beginning of the text.
    public var offset: Int
    public var problem: Problem

    public init(offset: Int, problem: Problem) {
        self.offset = offset
        self.problem = problem
    }
}

extension JSONError: CustomStringConvertible {
    public var description: String { "not JSON at octet \(offset): \(problem)" }
}

extension JSONError.Problem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unexpectedEnd: "the text ends here, inside the document"
        case .unexpected(let octet, let expected): "expected \(expected), found \(shown(octet))"
        case .trailing: "something follows the document"
        case .controlCharacter(let octet):
            "\(shown(octet)) stands unescaped in a string"
        case .escape: "unknown escape sequence"
        case .loneSurrogate: "one half of a surrogate pair"
        case .encoding: "the string that begins here is not UTF-8"
        case .number: "malformed number"
        case .numberTooLarge: "the number is too large"
        case .duplicateName(let name): "the name '\(name)' occurs twice in one object"
        case .tooDeep(let limit): "nested deeper than \(limit) levels"
        case .tooLong(let limit): "longer than \(limit) octets"
        }
    }

    private func shown(_ octet: UInt8) -> String {
        (0x21...0x7E).contains(octet)
            ? "'\(Character(UnicodeScalar(octet)))'" : "octet 0x\(String(octet, radix: 16))"
    }
}
