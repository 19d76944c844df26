import VIPNet

/// Named pieces of octets, in order, as they go from a process to its successor:
///
///     vip-agent-handover 1
///     CHECKSUM COUNT
///     NAME LENGTH
///     …octets…
///
/// A name may come more than once. A successor ignores names that it does not know and does without
/// those that are missing, so that versions differ without a new number; the number changes only
/// when what is old would be misread.
package struct HandoverFields: Equatable, Sendable {
    package enum Damage: Error, Equatable, Sendable, CustomStringConvertible {
        case otherVersion(String)
        case broken(String)

        package var description: String {
            switch self {
            case .otherVersion(let found): "it is of version \(found)"
            case .broken(let what): "it is damaged: \(what)"
            }
        }
    }

    package static let version = 1
    private static let signature = "vip-agent-handover"
    private static let lineEnd = UInt8(ascii: "\n")

    private var fields: [(name: String, octets: [UInt8])] = []

    package init() {}

    package static func == (left: HandoverFields, right: HandoverFields) -> Bool {
        left.fields.elementsEqual(right.fields) { $0 == $1 }
    }

    // MARK: - Writing

    package mutating func put(_ name: String, _ octets: [UInt8]) {
        precondition(!name.utf8.contains { $0 <= 0x20 }, "'\(name)' is no name of a field")
        fields.append((name, octets))
    }

    package mutating func put(_ name: String, _ text: String) { put(name, Array(text.utf8)) }

    package mutating func put(_ name: String, _ number: Int64) { put(name, "\(number)") }

    package func serialized() -> [UInt8] {
        var body: [UInt8] = []
        for (name, octets) in fields {
            body += "\(name) \(octets.count)\n".utf8
            body += octets
            body.append(Self.lineEnd)
        }
        let checksum = String(Self.checksum(body[...]), radix: 16)
        return Array("\(Self.signature) \(Self.version)\n\(checksum) \(body.count)\n".utf8) + body
    }

    // MARK: - Reading

    package init(parsing octets: [UInt8]) throws(Damage) {
        var rest = octets[...]
        let first = try Self.line(&rest).split(separator: " ")
        guard first.count == 2, first[0] == Self.signature else {
            throw .broken("it does not begin with '\(Self.signature)'")
        }
        guard first[1] == "\(Self.version)" else { throw .otherVersion(String(first[1])) }
        let second = try Self.line(&rest).split(separator: " ")
        guard second.count == 2, let checksum = UInt64(second[0], radix: 16),
            let count = Int(second[1]), count == rest.count
        else { throw .broken("it was cut") }
        guard checksum == Self.checksum(rest) else {
            throw .broken("it does not match its checksum")
        }
        while !rest.isEmpty {
            let words = try Self.line(&rest).split(separator: " ")
            guard words.count == 2, let length = Int(words[1]), length >= 0, length < rest.count,
                rest[rest.startIndex + length] == Self.lineEnd
            else { throw .broken("a field has no end") }
            fields.append((String(words[0]), Array(rest.prefix(length))))
            rest = rest.dropFirst(length + 1)
        }
    }

    private static func line(_ rest: inout ArraySlice<UInt8>) throws(Damage) -> String {
        guard let end = rest.firstIndex(of: lineEnd) else { throw .broken("a line has no end") }
        defer { rest = rest[(end + 1)...] }
        return String(decoding: rest[..<end], as: UTF8.self)
    }

    private static func checksum(_ octets: ArraySlice<UInt8>) -> UInt64 {
        var checksum = Checksum()
        for octet in octets { checksum.add(octet) }
        return checksum.value
    }

    /// The first of that name.
    package func octets(_ name: String) -> [UInt8]? { fields.first { $0.name == name }?.octets }

    package func all(_ name: String) -> [[UInt8]] {
        fields.filter { $0.name == name }.map(\.octets)
    }

    package func text(_ name: String) -> String? {
        octets(name).flatMap { String(validating: $0, as: UTF8.self) }
    }

    package func texts(_ name: String) -> [String] {
        all(name).map { String(decoding: $0, as: UTF8.self) }
    }

    package func number(_ name: String) -> Int64? { text(name).flatMap { Int64($0) } }

    package func numbers(_ name: String) -> [Int64] { texts(name).compactMap { Int64($0) } }

    /// The names that begin so, without that beginning, with their numbers.
    package func numbers(below prefix: String) -> [String: Int32] {
        var found: [String: Int32] = [:]
        for (name, octets) in fields where name.hasPrefix(prefix) {
            found[String(name.dropFirst(prefix.count))] =
                Int32(String(decoding: octets, as: UTF8.self))
        }
        return found
    }
}
