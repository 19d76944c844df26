/// One question or order to the daemon: a line of words, ended by a line feed.
///
///     status
///     history
///     switchover GROUP [to NODE]
///     takeover GROUP force
///     announce GROUP
///     maintenance on|off
///     reload
///     accept-voters
public enum ControlRequest: Equatable, Sendable {
    case status
    case history
    /// Hands the group over to another node; to the one that is ready if none is named.
    case switchover(group: String, to: String?)
    /// Takes the group without a majority. The operator vouches that the other host is off.
    case takeover(group: String)
    case announce(group: String)
    case maintenance(Bool)
    case reload
    /// The configured voters and addresses hold from now on, although they have changed.
    case acceptVoters

    /// Whether it changes nothing.
    public var isQuestion: Bool {
        switch self {
        case .status, .history: true
        case .switchover, .takeover, .announce, .maintenance, .reload, .acceptVoters: false
        }
    }

    /// The longest line that is read, in octets, without its line feed: two names and the words.
    public static let lengthLimit = 600

    /// The longest name of a group or node, in octets: that of a host name in the DNS.
    public static let nameLimit = 255

    /// Reads a line without its line feed; a carriage return at its end is ignored, for people who
    /// come with netcat.
    public init(parsing octets: [UInt8]) throws(ControlRequestError) {
        let line = octets.last == UInt8(ascii: "\r") ? octets.dropLast() : octets[...]
        guard line.count <= Self.lengthLimit else { throw .tooLong }
        if let offset = line.firstIndex(where: { $0 < 0x20 || $0 == 0x7F }) {
            throw .controlCharacter(offset: offset)
        }
        guard let text = String(validating: line, as: UTF8.self) else { throw .encoding }
        try self.init(words: text.split(separator: " ").map(String.init))
    }

    /// Reads a request word by word, as a shell has them.
    public init(words: [String]) throws(ControlRequestError) {
        var words = Words(words)
        guard let verb = words.next() else { throw .empty }
        switch verb {
        case "status": self = .status
        case "history": self = .history
        case "switchover":
            let group = try words.name(of: "GROUP", for: verb)
            guard let word = words.next() else {
                self = .switchover(group: group, to: nil)
                return
            }
            guard word == "to" else { throw .unexpected(word: word, after: verb) }
            self = .switchover(group: group, to: try words.name(of: "NODE", for: verb))
        case "takeover":
            let group = try words.name(of: "GROUP", for: verb)
            guard let word = words.next() else { throw .notForced }
            guard word == "force" else { throw .unexpected(word: word, after: verb) }
            self = .takeover(group: group)
        case "announce": self = .announce(group: try words.name(of: "GROUP", for: verb))
        case "maintenance":
            switch words.next() {
            case "on": self = .maintenance(true)
            case "off": self = .maintenance(false)
            case nil: throw .missing(argument: "on|off", verb: verb)
            case .some(let word): throw .unexpected(word: word, after: verb)
            }
        case "reload": self = .reload
        case "accept-voters": self = .acceptVoters
        default: throw .unknownVerb(verb)
        }
        if let word = words.next() { throw .unexpected(word: word, after: verb) }
    }

    /// The request as it goes over the socket, without the line feed.
    public var line: String {
        switch self {
        case .status: "status"
        case .history: "history"
        case .switchover(let group, nil): "switchover \(group)"
        case .switchover(let group, let node?): "switchover \(group) to \(node)"
        case .takeover(let group): "takeover \(group) force"
        case .announce(let group): "announce \(group)"
        case .maintenance(let isOn): "maintenance \(isOn ? "on" : "off")"
        case .reload: "reload"
        case .acceptVoters: "accept-voters"
        }
    }
}

/// The words of a request that have not been read yet.
private struct Words {
    private var rest: ArraySlice<String>

    init(_ words: [String]) {
        rest = words[...]
    }

    mutating func next() -> String? {
        rest.popFirst()
    }

    mutating func name(
        of argument: String,
        for verb: String
    ) throws(ControlRequestError) -> String {
        guard let name = next() else { throw .missing(argument: argument, verb: verb) }
        let isName =
            !name.isEmpty && name.utf8.count <= ControlRequest.nameLimit
            && name.unicodeScalars.allSatisfy {
                !$0.properties.isWhitespace && $0.properties.generalCategory != .control
            }
        guard isName else { throw .notAName(name, argument: argument) }
        return name
    }
}
