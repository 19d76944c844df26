/// Where a text is going to be read.
public struct Presentation: Equatable, Sendable {
    /// In columns; `nil` where lines may have any length, as in a pipe.
    public var width: Int?
    public var isColoured: Bool

    public init(width: Int? = nil, isColoured: Bool = false) {
        self.width = width
        self.isColoured = isColoured
    }

    func paint(_ text: Text) -> String {
        guard isColoured, let code = text.colour?.code, !text.content.isEmpty else {
            return text.content
        }
        return "\u{1B}[\(code)m\(text.content)\u{1B}[0m"
    }
}

/// One piece of a line, clean of control characters.
struct Text: Equatable {
    enum Colour {
        case good, warning, bad, heading, dim

        /// For SGR, ECMA-48 8.3.117.
        var code: String {
            switch self {
            case .good: "32"
            case .warning: "33"
            case .bad: "1;31"
            case .heading: "1"
            case .dim: "2"
            }
        }
    }

    let content: String
    let colour: Colour?

    init(_ content: String, _ colour: Colour? = nil) {
        self.content = printable(content)
        self.colour = colour
    }

    /// In columns. Names and addresses are narrow; an ideograph here or there shifts its row.
    var width: Int { content.count }

    /// The words in lines of at most this width; a longer word has a line of its own.
    func wrapped(to width: Int?) -> [Text] {
        guard let width, self.width > width else { return [self] }
        var lines: [String] = []
        var line = ""
        for word in content.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += line.isEmpty ? String(word) : " " + word
        }
        lines.append(line)
        return lines.map { Text($0, colour) }
    }
}
