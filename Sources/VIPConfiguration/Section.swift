import VIPSpelling

/// A value and where it stands.
struct Located<Value> {
    var value: Value
    var range: SourceRange?
}

extension Located: Sendable where Value: Sendable {}

/// What has been found so far. Reading goes on after an error, so that all are reported in one go.
struct Report {
    private(set) var diagnostics: [Diagnostic] = []
    private(set) var errors = 0

    mutating func error(_ message: String, at range: SourceRange?, help: String? = nil) {
        errors += 1
        diagnostics.append(Diagnostic(message, at: range, help: help))
    }

    mutating func warn(_ message: String, at range: SourceRange?, help: String? = nil) {
        diagnostics.append(Diagnostic(message, severity: .warning, at: range, help: help))
    }
}

/// One table of the file. Reading a key reports what is wrong with it and yields nil, as it does
/// for a key that is not there; the caller puts a default in its place and goes on.
struct Section {
    /// As in the file: "[timing]", "[[group]]".
    var title: String
    var header: SourceRange?
    private var entries: [TOMLNode]

    init(
        _ title: String,
        header: SourceRange?,
        entries: [TOMLNode],
        keys: [String],
        into report: inout Report
    ) {
        self.title = title
        self.header = header
        self.entries = entries
        for entry in entries where !keys.contains(entry.key) {
            let place = title.isEmpty ? "" : " in \(title)"
            let help =
                keys.closest(to: entry.key).map { "did you mean '\($0)'?" }
                ?? "known\(place) are \(keys.joined(separator: ", "))"
            report.error("\(entry.key.quoted) is not known\(place)", at: entry.keyRange, help: help)
        }
    }

    func node(_ key: String) -> TOMLNode? {
        entries.first { $0.key == key }
    }

    func string(_ key: String, into report: inout Report) -> Located<String>? {
        guard let node = node(key) else { return nil }
        guard case .string(let text) = node.value else {
            report.wrongType(key, node, wanted: "a string", help: "write \(key) = \"…\"")
            return nil
        }
        return Located(value: text, range: node.range)
    }

    /// As `string`, but its absence is an error, too.
    func requiredString(
        _ key: String,
        example: String,
        into report: inout Report
    ) -> Located<String>? {
        guard node(key) != nil else {
            missing(key, example: "\"\(example)\"", into: &report)
            return nil
        }
        return string(key, into: &report)
    }

    func missing(_ key: String, example: String, into report: inout Report) {
        report.error(
            "'\(key)' is missing in \(title)",
            at: header,
            help: "add \(key) = \(example)"
        )
    }

    func strings(_ key: String, into report: inout Report) -> [Located<String>]? {
        guard let node = node(key) else { return nil }
        guard case .array(let elements) = node.value else {
            report.wrongType(
                key,
                node,
                wanted: "a list of strings",
                help: "write \(key) = [\"…\"]"
            )
            return nil
        }
        var strings: [Located<String>] = []
        for element in elements {
            if case .string(let text) = element.value {
                strings.append(Located(value: text, range: element.range))
            } else {
                report.wrongType(
                    key,
                    element,
                    wanted: "a list of strings",
                    help: "put quotes around it",
                    holds: true
                )
            }
        }
        return strings
    }

    func duration(
        _ key: String,
        in allowed: ClosedRange<Duration>,
        into report: inout Report
    ) -> Located<Duration>? {
        guard let node = node(key) else { return nil }
        guard case .string(let text) = node.value else {
            report.wrongType(
                key,
                node,
                wanted: "a duration",
                help: "write it with its unit and in quotes, such as \"100ms\" or \"1s\""
            )
            return nil
        }
        guard let duration = Duration(parsing: text) else {
            report.error(
                "'\(key)' is \(text.quoted), which is not a duration",
                at: node.range,
                help: "write a number and a unit (us, ms, s, m, h), such as \"100ms\" or \"1.5s\""
            )
            return nil
        }
        let found = Located(value: duration, range: node.range)
        return report.check(found, of: key, in: allowed, text: \.text) ? found : nil
    }

    func integer(
        _ key: String,
        in allowed: ClosedRange<Int>,
        into report: inout Report
    ) -> Int? {
        guard let node = node(key) else { return nil }
        guard case .integer(let value) = node.value else {
            report.wrongType(key, node, wanted: "a whole number", help: "write \(key) = 3")
            return nil
        }
        let found = Located(value: Int(value), range: node.range)
        return report.check(found, of: key, in: allowed, text: \.description) ? found.value : nil
    }

    /// One of the words that the values of an enumeration are written as.
    func choice<Value: RawRepresentable & CaseIterable>(
        _ key: String,
        into report: inout Report
    ) -> Located<Value>? where Value.RawValue == String {
        guard let text = string(key, into: &report) else { return nil }
        guard let value = Value(rawValue: text.value) else {
            let allowed = Value.allCases.map(\.rawValue)
            let help =
                allowed.closest(to: text.value).map { "did you mean '\($0)'?" }
                ?? "write " + allowed.map { "\"\($0)\"" }.joined(separator: " or ")
            report.error(
                "'\(key)' is \(text.value.quoted), but \(allowed.joined(separator: " or "))"
                    + " is wanted",
                at: text.range,
                help: help
            )
            return nil
        }
        return Located(value: value, range: text.range)
    }

    /// A name as clusters, voters, groups and checks have it.
    func name(example: String, into report: inout Report) -> Located<String>? {
        guard let name = requiredString("name", example: example, into: &report) else {
            return nil
        }
        let isOrdinary = name.value.utf8.allSatisfy { octet in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "-"):
                true
            default:
                false
            }
        }
        guard isOrdinary, ConfigurationBounds.nameOctets.contains(name.value.utf8.count) else {
            report.error(
                "\(name.value.quoted) is not a name",
                at: name.range,
                help: "names are 1 to 63 characters of A-Z, a-z, 0-9, '.', '_' and '-'"
            )
            return nil
        }
        return name
    }
}

extension Report {
    mutating func wrongType(
        _ key: String,
        _ node: TOMLNode,
        wanted: String,
        help: String,
        holds: Bool = false
    ) {
        let verb = holds ? "holds" : "is"
        error("'\(key)' \(verb) \(node.kind), but \(wanted) is wanted", at: node.range, help: help)
    }

    /// False, and an error, if the value is out of its range.
    mutating func check<Value: Comparable>(
        _ found: Located<Value>,
        of key: String,
        in allowed: ClosedRange<Value>,
        text: (Value) -> String
    ) -> Bool {
        if allowed.contains(found.value) { return true }
        let (bound, adjective) =
            found.value < allowed.lowerBound
            ? (allowed.lowerBound, "least") : (allowed.upperBound, "most")
        error(
            "'\(key)' is \(text(found.value)), but the \(adjective) allowed is \(text(bound))",
            at: found.range,
            help: "allowed is \(text(allowed.lowerBound)) to \(text(allowed.upperBound))"
        )
        return false
    }
}
