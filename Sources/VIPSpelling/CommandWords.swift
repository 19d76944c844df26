/// The words of a command line, as far as they tell which command is meant.
///
/// ArgumentParser takes a command only as the first word. It calls everything behind a word that it
/// does not know an unexpected argument or an unknown option, and does not say that the command is
/// the mistake.
public struct CommandWords: Sendable {
    /// The commands that the program has. The parser adds 'help'.
    public var commands: [String]
    /// The options that have a value, of whatever command: the word behind one is no command.
    public var optionsWithValue: [String]

    public init(commands: [String], optionsWithValue: [String]) {
        self.commands = commands + ["help"]
        self.optionsWithValue = optionsWithValue
    }

    /// Options that the program answers itself, whatever else is there.
    private static let answeredByTheProgram = [
        "-h", "--help", "--help-hidden", "--version", "--generate-completion-script",
        "--experimental-dump-help", "--",
    ]

    /// The same words with the command first: options that stand before it are put behind it.
    ///
    /// No words at all are left as they are, and so is what the program answers itself.
    public func withCommandFirst(_ words: [String]) throws(CommandMistake) -> [String] {
        let place: Int
        switch placeOfCommand(in: words) {
        case .at(let found): place = found
        case .notAsked: return words
        case .nowhere: throw .missing(commands: commands)
        }
        try check(words[place])
        if words[place] == "help", let about = words.dropFirst(place + 1).first,
            !about.hasPrefix("-")
        {
            try check(about)
        }
        return [words[place]] + words[..<place] + words[(place + 1)...]
    }

    private enum Place {
        case at(Int)
        /// There are options only.
        case nowhere
        /// Nobody asks for a command.
        case notAsked
    }

    /// The first word that is neither an option nor the value of one.
    private func placeOfCommand(in words: [String]) -> Place {
        var place = 0
        while place < words.count {
            let word = words[place]
            // The shell's question for completions begins with three dashes.
            if Self.answeredByTheProgram.contains(word) || word.hasPrefix("---") {
                return .notAsked
            }
            if optionsWithValue.contains(word) {
                place += 2
            } else if word.hasPrefix("-") || Double(word) != nil {
                // No command is a number: it is the value of an option that may have one.
                place += 1
            } else {
                return .at(place)
            }
        }
        return words.isEmpty ? .notAsked : .nowhere
    }

    private func check(_ word: String) throws(CommandMistake) {
        guard !commands.contains(word) else { return }
        throw .unknown(word, commands: commands)
    }
}

/// A command line without a command that there is.
public enum CommandMistake: Error, Equatable, Sendable, CustomStringConvertible {
    case unknown(String, commands: [String])
    case missing(commands: [String])

    /// More of a word than that is no command that anybody meant to write.
    private static let mostShown = 64

    public var description: String {
        switch self {
        case .missing(let commands):
            return "the command is missing: one of \(commands.joined(separator: ", "))"
        case .unknown(let word, let commands):
            let isWhole = word.unicodeScalars.prefix(Self.mostShown + 1).count <= Self.mostShown
            let shown = isWhole ? word : String(word.prefix(Self.mostShown)) + "…"
            let beginning = "there is no command '\(shown)': "
            if let meant = commands.closest(to: word) {
                return "\(beginning)did you mean '\(meant)'?"
            }
            return "\(beginning)the commands are \(commands.joined(separator: ", "))"
        }
    }
}
