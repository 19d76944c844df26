extension JSONValue {
    /// How a document is laid out.
    public enum Layout: Sendable {
        /// On one line, without any space: for the socket, and for one document a line.
        case compact
        /// Two spaces a level, one member a line: for people who look at what machines read.
        case indented
    }

    /// The document as text, without a line feed at its end.
    public func serialized(_ layout: Layout = .compact) -> String {
        var writer = JSONWriter(layout: layout)
        writer.append(self)
        return writer.text
    }
}

private struct JSONWriter {
    let layout: JSONValue.Layout
    var text = ""
    var depth = 0

    mutating func append(_ value: JSONValue) {
        switch value {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .decimal(let value): text += value.isFinite ? String(value) : "null"
        case .string(let value): append(quoted: value)
        case .array(let elements):
            append(elements, between: "[", and: "]") { writer, element in
                writer.append(element)
            }
        case .object(let members):
            append(members, between: "{", and: "}") { writer, member in
                writer.append(quoted: member.name)
                writer.text += writer.layout == .compact ? ":" : ": "
                writer.append(member.value)
            }
        }
    }

    private mutating func append<Item>(
        _ items: [Item],
        between opening: String,
        and closing: String,
        each: (inout JSONWriter, Item) -> Void
    ) {
        text += opening
        depth += 1
        for (index, item) in items.enumerated() {
            if index > 0 { text += "," }
            breakLine()
            each(&self, item)
        }
        depth -= 1
        if !items.isEmpty { breakLine() }
        text += closing
    }

    private mutating func breakLine() {
        guard layout == .indented else { return }
        text += "\n" + String(repeating: "  ", count: depth)
    }

    /// Escapes what RFC 8259 demands, and DEL and the C1 controls, which no terminal should see.
    private mutating func append(quoted string: String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
