import Testing
import VIPSpelling

@Suite("The words of a command line")
struct CommandWordsTests {
    let words = CommandWords(
        commands: ["status", "history", "switchover"],
        optionsWithValue: ["--socket", "--cluster", "-n"]
    )

    @Test(
        "a command is found behind options and their values, and comes first",
        arguments: [
            ("status", "status"),
            ("status --json", "status --json"),
            ("--socket S status --json", "status --socket S --json"),
            ("--socket=S status", "status --socket=S"),
            // A value that is a command's name, too.
            ("--cluster history status", "status --cluster history"),
            ("--cluster status status", "status --cluster status"),
            ("--json status", "status --json"),
            ("--watch 2 --socket S status", "status --watch 2 --socket S"),
            ("-n 5 history", "history -n 5"),
            ("--socket S switchover web --to lb2", "switchover --socket S web --to lb2"),
            ("--socket S help status", "help --socket S status"),
        ]
    )
    func order(line: String, expected: String) throws {
        #expect(try words.withCommandFirst(split(line)) == split(expected))
    }

    @Test(
        "what the program itself answers is left as it is",
        arguments: [
            "", "--help", "-h swichover", "--version", "--json --version",
            "--generate-completion-script bash", "---completion status -- positional@0 2 0",
            "-- swichover", "--socket S --help",
        ]
    )
    func untouched(line: String) throws {
        #expect(try words.withCommandFirst(split(line)) == split(line))
    }

    @Test(
        "options without a command are answered with the commands",
        arguments: ["--socket S", "--socket", "--json", "--socket=S --watch 2"]
    )
    func missing(line: String) {
        let error = #expect(throws: CommandMistake.self) {
            try words.withCommandFirst(split(line))
        }
        #expect(
            error.map { "\($0)" }
                == "the command is missing: one of status, history, switchover, help"
        )
    }

    @Test(
        "a misspelt command is named with the one that was meant, whatever stands around it",
        arguments: [
            "swichover", "swichover web", "swichover web --socket S", "swichover --nonsense",
            "--socket S swichover web", "swichover --help", "help swichover",
        ]
    )
    func misspelt(line: String) throws {
        let error = #expect(throws: CommandMistake.self) {
            try words.withCommandFirst(split(line))
        }
        #expect(
            error.map { "\($0)" }
                == "there is no command 'swichover': did you mean 'switchover'?"
        )
    }

    @Test(
        "a word that is like no command is answered with all of them",
        arguments: [
            ("frobnicate", "frobnicate"), ("", ""),
            (String(repeating: "x", count: 100_000), String(repeating: "x", count: 64) + "…"),
        ]
    )
    func unlikeAny(word: String, shown: String) throws {
        let error = #expect(throws: CommandMistake.self) { try words.withCommandFirst([word]) }
        #expect(
            error.map { "\($0)" }
                == "there is no command '\(shown)': the commands are status, history, switchover, help"
        )
    }

    private func split(_ line: String) -> [String] {
        line.split(separator: " ").map(String.init)
    }
}
