/// Something to say about a configuration file: what is wrong, where, and how to put it right.
///
/// A diagnostic is data; `ConfigurationError` renders it with its line of the source.
public struct Diagnostic: Equatable, Sendable {
    public enum Severity: String, Sendable {
        case error
        case warning
    }

    public var severity: Severity
    /// What was found and what is allowed, in one sentence without a full stop.
    public var message: String
    /// Nil if the message is about the file as a whole, or about something that is not in it.
    public var range: SourceRange?
    /// What to do about it.
    public var help: String?

    public init(
        _ message: String,
        severity: Severity = .error,
        at range: SourceRange?,
        help: String? = nil
    ) {
        self.severity = severity
        self.message = message
        self.range = range
        self.help = help
    }
}

/// A piece of one line. What spans several lines is pointed at in its first.
public struct SourceRange: Equatable, Sendable {
    /// Counted from one.
    public var line: Int
    /// In Unicode scalars, counted from one; the upper bound no longer belongs.
    public var columns: Range<Int>

    public init(line: Int, columns: Range<Int>) {
        self.line = line
        self.columns = columns
    }
}

/// Why a configuration was refused: every error that was found, and the warnings beside them, in
/// the order of the text.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    public var path: String
    public var source: String
    public var diagnostics: [Diagnostic]

    public init(path: String, source: String, diagnostics: [Diagnostic]) {
        self.path = path
        self.source = source
        self.diagnostics = diagnostics
    }

    public var description: String {
        diagnostics.rendered(path: path, source: source)
    }
}

extension [Diagnostic] {
    /// A file of noise must not fill a log: what comes after the first hundred is only counted.
    static let mostRendered = 100

    /// All of them as text, each with its line of the source, without a newline at the end.
    public func rendered(path: String, source: String) -> String {
        let lines = source.unicodeScalars.split(
            omittingEmptySubsequences: false,
            whereSeparator: { $0 == "\n" }
        )
        var blocks = prefix(Self.mostRendered).map { diagnostic in
            let line = diagnostic.range.flatMap { range in
                lines.indices.contains(range.line - 1) ? lines[range.line - 1] : nil
            }
            return diagnostic.rendered(path: path, line: line.map { [Unicode.Scalar]($0) })
        }
        if count > Self.mostRendered {
            blocks.append("\(path.visible): and \(count - Self.mostRendered) more")
        }
        return blocks.joined(separator: "\n")
    }

    /// In the order of the text; what has no place in it comes first.
    package func inOrderOfText() -> [Diagnostic] {
        let ranked = enumerated().sorted { left, right in
            let (a, b) = (left.element.range, right.element.range)
            let first = (a?.line ?? 0, a?.columns.lowerBound ?? 0, left.offset)
            let second = (b?.line ?? 0, b?.columns.lowerBound ?? 0, right.offset)
            return first < second
        }
        return ranked.map(\.element)
    }
}

extension Diagnostic {
    /// Scalars of a source line that are shown; of a longer one, those around the place.
    private static let widestExcerpt = 120
    /// Scalars shown before the place if the line is cut.
    private static let leadOfExcerpt = 40

    /// What is said may repeat names of files, and those have any characters.
    fileprivate func rendered(path: String, line: [Unicode.Scalar]?) -> String {
        let (path, message, help) = (path.visible, message.visible, help?.visible)
        guard let range, let line else {
            let head = range.map { "\(path):\($0.line):\($0.columns.lowerBound)" } ?? path
            let advice = help.map { "\n  = help: \($0)" } ?? ""
            return "\(head): \(severity.rawValue): \(message)" + advice
        }
        let number = " \(range.line) "
        let gutter = String(repeating: " ", count: number.count)
        let column = Swift.min(Swift.max(range.columns.lowerBound - 1, 0), line.count)
        let excerpt = Excerpt(of: line, around: column)
        let room = Swift.max(excerpt.text.count - excerpt.column, 1)
        let tildes = Swift.min(Swift.max(range.columns.count, 1), room) - 1

        var text = "\(path):\(range.line):\(range.columns.lowerBound): "
        text += "\(severity.rawValue): \(message)\n"
        text += "\(number)| \(excerpt.text.string)\n"
        text += "\(gutter)| " + String(repeating: " ", count: excerpt.column)
        text += "^" + String(repeating: "~", count: tildes)
        if let help {
            text += "\n\(gutter)= help: \(help)"
        }
        return text
    }

    /// A line made fit for a terminal: no control characters, and no longer than a screen is wide.
    private struct Excerpt {
        var text: [Unicode.Scalar]
        var column: Int

        init(of line: [Unicode.Scalar], around column: Int) {
            var visible = line
            while visible.last == "\r" || visible.last == " " { visible.removeLast() }
            visible = visible.map(\.visible)
            self.column = column
            if visible.count > Diagnostic.widestExcerpt {
                let start = Swift.max(column - Diagnostic.leadOfExcerpt, 0)
                let end = Swift.min(start + Diagnostic.widestExcerpt, visible.count)
                text = Array(visible[Swift.min(start, end)..<end])
                self.column = column - start
                if start > 0 { text[0] = "…" }
                if end < visible.count { text[text.count - 1] = "…" }
            } else {
                text = visible
            }
        }
    }
}

extension Unicode.Scalar {
    /// Itself if it takes up one column and cannot command a terminal, otherwise a substitute.
    package var visible: Unicode.Scalar {
        if self == "\t" { return " " }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned:
            return "\u{FFFD}"
        default:
            return self
        }
    }
}

extension Sequence<Unicode.Scalar> {
    fileprivate var string: String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: self)
        return String(view)
    }
}

extension String {
    /// Scalars of a value that a message repeats.
    private static let longestQuotation = 64

    /// The text without what could command a terminal.
    package var visible: String {
        unicodeScalars.map(\.visible).string
    }

    /// The text in single quotes, fit for a message: shortened, without control characters.
    package var quoted: String {
        let scalars = unicodeScalars.prefix(Self.longestQuotation).map(\.visible)
        let cut = unicodeScalars.count > Self.longestQuotation
        return "'" + scalars.string + (cut ? "…" : "") + "'"
    }
}
