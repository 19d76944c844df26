import VIPConfiguration

/// A file of keepalived's configuration: `keepalived.conf`, or what it includes.
public struct KeepalivedFile: Equatable, Sendable {
    /// What messages call it; relative names of included files begin in its directory.
    public var path: String
    public var text: String
    /// Not everybody may read it, perhaps for the secrets in its commands.
    public var isPrivate: Bool

    public init(path: String, text: String, isPrivate: Bool = false) {
        self.path = path
        self.text = text
        self.isPrivate = isPrivate
    }

    /// With the slash at its end, and empty for a file of the working directory.
    var directory: String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    }
}

/// Where something stands, in any of the files.
struct KeepalivedPosition: Equatable, Sendable {
    /// Into the list of files, in the order in which they were opened.
    var file: Int
    var range: SourceRange
}

/// A keyword, what stands behind it on its line, and what stands in its braces.
///
/// Lists are blocks, too: each of their lines is a statement, and an address its keyword.
struct KeepalivedStatement: Sendable {
    struct Word: Sendable {
        /// Without its quotes.
        var text: String
        var range: SourceRange
    }

    var keyword: String
    var arguments: [Word]
    var position: KeepalivedPosition
    /// Counted over all files as they were read: what is said of a statement comes in this order.
    var order: Int
    /// Nil without braces.
    var block: [KeepalivedStatement]?

    /// As it was written, without its block.
    var text: String {
        ([keyword] + arguments.map(\.text)).joined(separator: " ")
    }

    /// Each word as a statement of its own, for lists that do not care for lines.
    var words: [KeepalivedStatement] {
        let first = Word(text: keyword, range: position.range)
        return ([first] + arguments).map { word in
            KeepalivedStatement(
                keyword: word.text,
                arguments: [],
                position: position(of: word),
                order: order,
                block: nil
            )
        }
    }

    func position(of word: Word) -> KeepalivedPosition {
        KeepalivedPosition(file: position.file, range: word.range)
    }
}

/// Everything has a bound. Keepalived's own are larger; nobody writes such a file by hand.
enum KeepalivedBounds {
    static let files = 64
    static let includeDepth = 8
    /// Lines that include, whether or not there are such files: each may go through many folders.
    static let includes = 100
    /// Of all files together; four times what one may have.
    static let octets = 4 * ConfigurationBounds.fileOctets
    static let statements = 50_000
    /// keepalived itself knows four levels.
    static let blockDepth = 16
    /// What a line may grow to by its parameters.
    static let lineScalars = 8_192
    /// A file with more unknown statements than this is not full of slips of the pen.
    static let suggestions = 100
    /// Parameters within parameters.
    static let substitutions = 64
    /// What all lines with parameters may come to, counted again for each parameter: some tenths of
    /// a second. A file of as many lines as there may be statements, with two parameters in each,
    /// stays below.
    static let substitutedScalars = 10_000_000
    /// Many more than are shown.
    static let faults = 1_000
}

/// Why a keepalived.conf can't be translated.
public struct KeepalivedError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Reason: Equatable, Sendable {
        /// A file can't be opened or read.
        case unreadable
        /// What is written there is broken, or can't be understood.
        case broken
        /// What has to be asked for, since it is in no keepalived.conf, was not said.
        case incomplete
    }

    public var reason: Reason
    /// Every fault, with its file, line and column.
    public var description: String
}

/// Why an included file can't be had.
public struct KeepalivedReadFailure: Error, Equatable, Sendable {
    public var message: String
    public var help: String

    public init(message: String, help: String) {
        self.message = message
        self.help = help
    }
}
