/// Counts the dots of each line that may open tables: those outside of quotes and comments.
///
/// Strings end with their line, but for those in three quotes. So a line without three quotes in a
/// row either begins outside of any string, and its quotes are read as TOML has them; or it is
/// within a string of several lines, where no dot opens anything. In a line with three quotes in a
/// row all dots count, wherever they are. Where the parser would read a line otherwise, it has
/// found a fault in it, and reads no further.
struct LineDots {
    private(set) var line = 1
    /// All dots of the line so far if it has three quotes in a row, and otherwise those outside of
    /// quotes and comments.
    var count: Int { hasThreeQuotes ? all : outside }

    private var all = 0
    private var outside = 0
    private var state = State.outside
    private var lastQuote: UInt8?
    private var quotesInARow = 0
    private var hasThreeQuotes = false

    private enum State {
        case outside
        case comment
        case quoted(UInt8)
        /// Behind a backslash, which only double quotes know.
        case escaped
    }

    private static let lineFeed = UInt8(ascii: "\n")
    private static let dot = UInt8(ascii: ".")
    private static let hash = UInt8(ascii: "#")
    private static let backslash = UInt8(ascii: "\\")
    private static let doubleQuote = UInt8(ascii: "\"")
    private static let singleQuote = UInt8(ascii: "'")

    mutating func add(_ octet: UInt8) {
        guard octet != Self.lineFeed else {
            self = LineDots(line: line + 1)
            return
        }
        let isQuote = octet == Self.doubleQuote || octet == Self.singleQuote
        quotesInARow = isQuote ? (lastQuote == octet ? quotesInARow + 1 : 1) : 0
        lastQuote = isQuote ? octet : nil
        if quotesInARow == 3 { hasThreeQuotes = true }
        if octet == Self.dot { all += 1 }

        switch state {
        case .outside:
            if isQuote {
                state = .quoted(octet)
            } else if octet == Self.hash {
                state = .comment
            } else if octet == Self.dot {
                outside += 1
            }
        case .comment: break
        case .quoted(let quote):
            if octet == quote {
                state = .outside
            } else if octet == Self.backslash, quote == Self.doubleQuote {
                state = .escaped
            }
        case .escaped: state = .quoted(Self.doubleQuote)
        }
    }

    init() {}

    private init(line: Int) {
        self.line = line
    }
}
