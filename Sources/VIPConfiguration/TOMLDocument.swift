import CTOML

/// A TOML document as a tree of plain values, each with its place in the text.
///
/// CTOML does the parsing; this is the only file that talks to it.
struct TOMLDocument {
    var root: TOMLNode

    /// Tables are destroyed by recursion, and each dot of a key opens one; with this many dots in
    /// a line, and 8 levels of nesting in it, that takes less than a tenth of a thread's stack of
    /// 8 MiB (measured: 50,000 levels fit). Dots within quotes open nothing.
    static let mostDotsInLine = 1024

    /// Fails with the one diagnostic that says where the text ceases to be TOML.
    init(parsing source: String) throws(Diagnostic.NotTOML) {
        if let dotted = Self.overlyDottedLine(of: source) {
            throw Diagnostic.NotTOML(dotted)
        }
        var text = source
        root = try text.withUTF8 { octets in
            Result { () throws(Diagnostic.NotTOML) in try unsafe Self.parse(octets) }
        }.get()
    }

    private static func overlyDottedLine(of source: String) -> Diagnostic? {
        var dots = LineDots()
        for octet in source.utf8 {
            dots.add(octet)
            guard dots.count > mostDotsInLine else { continue }
            return Diagnostic(
                "this line has more than \(mostDotsInLine) dots outside of quotes",
                at: SourceRange(line: dots.line, columns: 1..<2),
                help: "quote addresses, such as \"10.0.0.1\"; a key has a few dots at most"
            )
        }
        return nil
    }

    private static func parse(
        _ octets: UnsafeBufferPointer<UInt8>
    ) throws(Diagnostic.NotTOML) -> TOMLNode {
        let document = unsafe octets.withMemoryRebound(to: CChar.self) { characters in
            unsafe ctoml_parse(characters.baseAddress, characters.count)
        }
        guard let document = unsafe document else {
            throw Diagnostic.NotTOML(Diagnostic("there is no memory to parse this file", at: nil))
        }
        defer { unsafe ctoml_free(document) }

        var message: UnsafePointer<CChar>?
        var place = ctoml_range()
        if unsafe ctoml_failed(document, &message, &place) {
            let reason = unsafe message.map { unsafe String(cString: $0) } ?? "it cannot be parsed"
            throw Diagnostic.NotTOML(
                Diagnostic(
                    "this is not TOML: \(Self.inOurWords(reason))",
                    at: SourceRange(place),
                    help: "strings are quoted, tables look like [timing], lists of tables like"
                        + " [[node]]"
                )
            )
        }
        var count = 0
        let nodes = unsafe ctoml_nodes(document, &count)
        var cursor = unsafe Cursor(nodes: UnsafeBufferPointer(start: nodes, count: count))
        return unsafe cursor.next()
    }

    /// The library's message without its name for a limit, and without saying "error" again.
    private static func inOurWords(_ reason: String) -> String {
        let prefix = "Error while"
        let suffix = " (TOML_MAX_NESTED_VALUES)"
        let start = reason.hasPrefix(prefix) ? "while" + reason.dropFirst(prefix.count) : reason
        return start.hasSuffix(suffix) ? String(start.dropLast(suffix.count)) : start
    }

    /// Unflattens the preorder. The recursion is as deep as the shim lets it be.
    @unsafe private struct Cursor {
        var nodes: UnsafeBufferPointer<ctoml_node>
        var position = 0

        init(nodes: UnsafeBufferPointer<ctoml_node>) {
            unsafe self.nodes = unsafe nodes
        }

        mutating func next() -> TOMLNode {
            let node = unsafe nodes[position]
            unsafe position += 1
            let value: TOMLNode.Value =
                switch unsafe node.kind {
                case CTOML_TABLE: .table(unsafe children(node.children))
                case CTOML_ARRAY: .array(unsafe children(node.children))
                case CTOML_STRING: .string(unsafe Self.string(node.text, node.text_length))
                case CTOML_INTEGER: .integer(unsafe node.integer)
                case CTOML_FLOAT: .float(unsafe node.floating)
                case CTOML_BOOLEAN: .boolean(unsafe node.boolean)
                default: .dateOrTime
                }
            return TOMLNode(
                key: unsafe Self.string(node.key, node.key_length),
                keyRange: unsafe SourceRange(node.key_range),
                range: unsafe SourceRange(node.range),
                value: value
            )
        }

        private mutating func children(_ count: Int) -> [TOMLNode] {
            var children: [TOMLNode] = []
            children.reserveCapacity(count)
            for _ in 0..<count {
                children.append(unsafe next())
            }
            return children
        }

        private static func string(_ start: UnsafePointer<CChar>?, _ length: Int) -> String {
            guard let start = unsafe start else { return "" }
            return unsafe start.withMemoryRebound(to: UInt8.self, capacity: length) { octets in
                let octets = unsafe UnsafeBufferPointer(start: octets, count: length)
                return unsafe String(decoding: octets, as: UTF8.self)
            }
        }
    }
}

extension Diagnostic {
    /// The text is not TOML.
    struct NotTOML: Error {
        var diagnostic: Diagnostic

        init(_ diagnostic: Diagnostic) {
            self.diagnostic = diagnostic
        }
    }
}

/// A value, its key if it is an entry of a table, and the places of both.
struct TOMLNode {
    enum Value {
        case table([TOMLNode])
        case array([TOMLNode])
        case string(String)
        case integer(Int64)
        case float(Double)
        case boolean(Bool)
        case dateOrTime
    }

    /// Empty for the root and the elements of an array.
    var key: String
    var keyRange: SourceRange?
    var range: SourceRange?
    var value: Value

    /// What a message calls it.
    var kind: String {
        switch value {
        case .table: "a table"
        case .array: "a list"
        case .string: "a string"
        case .integer: "a number"
        case .float: "a decimal number"
        case .boolean: "a Boolean"
        case .dateOrTime: "a date or a time"
        }
    }
}

extension SourceRange {
    /// Nil if the place is unknown. A range of several lines is cut at the end of its first, which
    /// rendering does: it never points past the end of a line.
    fileprivate init?(_ range: ctoml_range) {
        guard range.begin_line > 0, range.begin_column > 0 else { return nil }
        let begin = Int(range.begin_column)
        let sameLine = range.begin_line == range.end_line
        let end = sameLine ? max(Int(range.end_column), begin + 1) : Int.max
        self.init(line: Int(range.begin_line), columns: begin..<end)
    }
}
