/// A type that has one form in JSON, and is read back from it.
public protocol JSONRepresentable {
    var json: JSONValue { get }

    /// Reads the form that `json` writes. Members that it does not know are ignored, so that an
    /// older client understands a newer daemon.
    init(json: JSONReader) throws(JSONShapeError)
}

/// A document that is JSON, but not the one that was expected.
public struct JSONShapeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Where, such as `groups[0].term`; empty for the document itself.
    public var path: String
    public var expected: String
    public var found: String

    public var description: String {
        "\(path.isEmpty ? "the document" : path): expected \(expected), found \(found)"
    }
}

/// A place in a document that is being read.
public struct JSONReader: Sendable {
    /// `nil` where the member is missing.
    public let value: JSONValue?
    public let path: String

    public init(_ value: JSONValue?, path: String = "") {
        self.value = value
        self.path = path
    }

    /// Reads a member of this object.
    public func field<Field: JSONRepresentable>(
        _ name: String
    ) throws(JSONShapeError) -> Field {
        guard case .object = value else { throw mismatch("an object") }
        return try Field(
            json: JSONReader(value?[name], path: path.isEmpty ? name : "\(path).\(name)")
        )
    }

    /// The error for a value that is not what it should be.
    public func mismatch(_ expected: String) -> JSONShapeError {
        JSONShapeError(path: path, expected: expected, found: value?.kind ?? "nothing")
    }
}

// MARK: - The types that reports are made of

extension JSONValue: JSONRepresentable {
    public var json: JSONValue { self }

    public init(json: JSONReader) throws(JSONShapeError) {
        guard let value = json.value else { throw json.mismatch("a value") }
        self = value
    }
}

extension Bool: JSONRepresentable {
    public var json: JSONValue { .bool(self) }

    public init(json: JSONReader) throws(JSONShapeError) {
        guard case .bool(let value) = json.value else { throw json.mismatch("a boolean") }
        self = value
    }
}

extension String: JSONRepresentable {
    public var json: JSONValue { .string(self) }

    public init(json: JSONReader) throws(JSONShapeError) {
        guard case .string(let value) = json.value else { throw json.mismatch("a string") }
        self = value
    }
}

extension JSONRepresentable where Self: FixedWidthInteger {
    public var json: JSONValue { .integer(Int128(self)) }

    public init(json: JSONReader) throws(JSONShapeError) {
        guard case .integer(let value) = json.value else { throw json.mismatch("an integer") }
        guard let exact = Self(exactly: value) else {
            throw JSONShapeError(
                path: json.path,
                expected: "an integer from \(Self.min) to \(Self.max)",
                found: "\(value)"
            )
        }
        self = exact
    }
}

extension Int: JSONRepresentable {}
extension UInt64: JSONRepresentable {}

extension Optional: JSONRepresentable where Wrapped: JSONRepresentable {
    public var json: JSONValue { self?.json ?? .null }

    /// A missing member and `null` mean the same.
    public init(json: JSONReader) throws(JSONShapeError) {
        guard let value = json.value, value != .null else {
            self = nil
            return
        }
        self = try Wrapped(json: json)
    }
}

extension Array: JSONRepresentable where Element: JSONRepresentable {
    public var json: JSONValue { .array(map(\.json)) }

    public init(json: JSONReader) throws(JSONShapeError) {
        guard case .array(let elements) = json.value else { throw json.mismatch("an array") }
        self = []
        reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            append(try Element(json: JSONReader(element, path: "\(json.path)[\(index)]")))
        }
    }
}

/// An enumeration is written as the word for its case.
extension JSONRepresentable where Self: CaseIterable & RawRepresentable, RawValue == String {
    public var json: JSONValue { .string(rawValue) }

    public init(json: JSONReader) throws(JSONShapeError) {
        let word = try String(json: json)
        guard let value = Self(rawValue: word) else {
            throw JSONShapeError(
                path: json.path,
                expected: "one of " + Self.allCases.map(\.rawValue).joined(separator: ", "),
                found: "'\(word)'"
            )
        }
        self = value
    }
}
