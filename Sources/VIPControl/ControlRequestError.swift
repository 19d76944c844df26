/// Why a line is not a request. The daemon answers with it, and `vipctl` says it.
public enum ControlRequestError: Error, Equatable, Sendable {
    case empty
    case unknownVerb(String)
    case missing(argument: String, verb: String)
    case unexpected(word: String, after: String)
    case notAName(String, argument: String)
    case notForced
    case tooLong
    case severalLines
    case controlCharacter(offset: Int)
    case encoding

    /// What can be asked, in one line.
    public static let grammar = """
        status | history | switchover GROUP [to NODE] | takeover GROUP force | announce GROUP \
        | maintenance on|off | reload | accept-voters
        """

    /// What to do about it.
    public var help: String {
        switch self {
        case .notForced:
            """
            'takeover' goes past the majority: you vouch that the other host is off; if so, write \
            'takeover GROUP force'
            """
        case .notAName:
            """
            a name has 1 to \(ControlRequest.nameLimit) octets, without white space and control \
            characters
            """
        case .empty, .unknownVerb, .missing, .unexpected, .tooLong, .severalLines,
            .controlCharacter, .encoding:
            "a request is one line: \(Self.grammar)"
        }
    }
}

extension ControlRequestError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty: "the request is empty"
        case .unknownVerb(let verb): "unknown request '\(printable(verb))'"
        case .missing(let argument, let verb): "'\(verb)' lacks \(argument)"
        case .unexpected(let word, let verb):
            "'\(verb)' does not take '\(printable(word))' there"
        case .notAName(let name, let argument):
            "'\(printable(name))' cannot be the name of a \(argument)"
        case .notForced: "'takeover' without 'force'"
        case .tooLong: "the request is longer than \(ControlRequest.lengthLimit) octets"
        case .severalLines: "there is more than one line"
        case .controlCharacter(let offset):
            "a control character stands at octet \(offset) of the request"
        case .encoding: "the request is not UTF-8"
        }
    }
}
