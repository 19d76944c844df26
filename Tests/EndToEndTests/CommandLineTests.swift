import Foundation
import Testing
import VIPLab
import VIPTestSupport

/// What the programs say to a command line that is wrong. No agent is asked.
@Suite("Command lines")
struct CommandLineTests {
    static func run(_ program: String, _ line: String) throws -> (status: Int32, output: String) {
        let words = line.split(separator: " ").map(String.init)
        return try ManualPageTests.run(["\(try ManualPageTests.programs())/\(program)"] + words)
    }

    @Test(
        "a misspelt command is named with the one that was meant, whatever stands around it",
        arguments: [
            ("vipctl", "swichover web", "swichover", "switchover"),
            ("vipctl", "swichover web --socket S", "swichover", "switchover"),
            ("vipctl", "--socket S swichover web --to lb2", "swichover", "switchover"),
            ("vipctl", "statsu --watch=2", "statsu", "status"),
            ("vip-agent", "chekc", "chekc", "check"),
            ("vip-agent", "--config F chekc --host lb1", "chekc", "check"),
            ("vip-agent", "accept-voter --yes", "accept-voter", "accept-voters"),
            ("viplab", "dmo", "dmo", "demo"),
        ]
    )
    func misspelt(program: String, line: String, word: String, meant: String) throws {
        let answer = try Self.run(program, line)
        #expect(answer.status == 64)
        let expected = "Error: there is no command '\(word)': did you mean '\(meant)'?\n"
        #expect(answer.output.hasPrefix(expected), "\(answer.output)")
    }

    @Test(
        "options that every command has are taken before the command, too",
        arguments: [
            ("vipctl", "--socket /nowhere/s status", 2, "/nowhere/s"),
            ("vipctl", "--socket=/nowhere/s switchover web", 2, "/nowhere/s"),
            ("vipctl", "--socket /nowhere/s -n 3 history", 2, "/nowhere/s"),
            ("vip-agent", "--socket /nowhere/s accept-voters --yes", 2, "/nowhere/s"),
            ("vip-agent", "--config /nowhere/c --host lb1 check", 78, "/nowhere/c"),
            ("vip-agent", "--config=/nowhere/c run", 78, "/nowhere/c"),
        ] as [(String, String, Int32, String)]
    )
    func optionsFirst(program: String, line: String, status: Int32, named: String) throws {
        let answer = try Self.run(program, line)
        #expect(answer.status == status, "\(answer.output)")
        #expect(answer.output.contains(named), "\(answer.output)")
    }

    /// Each option that the help of a command shows with a value.
    @Test(
        "no option's value is taken for the command, be it the name of one",
        arguments: ["vipctl", "vip-agent", "viplab"]
    )
    func values(program: String) throws {
        let commands = try Self.run(program, "--help").output
            .matches(of: /\n  ([a-z][a-z-]*) {2,}[A-Z]/).map { String($0.output.1) }
        #expect(commands.count > 4)
        for command in commands {
            let help = try Self.run(program, "\(command) --help").output
            for option in help.matches(of: /(--?[a-z][a-z-]*) </).map({ String($0.output.1) }) {
                // Were its value taken for the command, its help would be given.
                let answer = try Self.run(program, "\(option) help chekc")
                #expect(
                    answer.output.hasPrefix("Error: there is no command 'chekc': "),
                    "\(program) \(option): \(answer.output)"
                )
            }
        }
    }

    @Test(
        "what is empty is not taken for what is not said",
        arguments: [
            ("vipctl", ["status", "--socket", ""], "--socket is empty"),
            ("vipctl", ["status", "--cluster", ""], "--cluster takes the name of a cluster"),
            ("vipctl", ["status", "--cluster", "../x"], "--cluster takes the name of a cluster"),
            ("vip-agent", ["check", "--config", ""], "--config is empty"),
            ("vip-agent", ["check", "--host", ""], "--host is empty"),
            ("vip-agent", ["run", "--run-dir", ""], "--run-dir is empty"),
            ("vip-agent", ["run", "--state-dir", ""], "--state-dir is empty"),
            ("vip-agent", ["accept-voters", "--socket", ""], "--socket is empty"),
        ]
    )
    func empty(program: String, words: [String], complaint: String) throws {
        let answer = try ManualPageTests.run(
            ["\(try ManualPageTests.programs())/\(program)"] + words
        )
        #expect(answer.status == 64)
        #expect(answer.output.contains(complaint), "\(answer.output)")
    }

    @Test("accept-voters says what has to be true, and does nothing without --yes")
    func acceptance() throws {
        let answer = try Self.run("vip-agent", "accept-voters --socket /nowhere/s")
        #expect(answer.status == 64)
        #expect(answer.output.contains("have their agents stopped, and stay so"))
        #expect(answer.output.contains("vip-agent accept-voters --yes"))
    }

    @Test("init takes a directory as it is named from here, and says how to make one")
    func directory() throws {
        let scratch = ScratchDirectory()
        let agent = "\(try ManualPageTests.programs())/vip-agent"
        let initialize =
            "cd \(scratch.path) && \(agent) init --node lb1=192.0.2.1 --node lb2=192.0.2.2"
            + " --group web=eth0,192.0.2.100 --directory"
        let missing = try ManualPageTests.run("sh", "-c", "\(initialize) new")
        #expect(missing.status == 78)
        #expect(missing.output.contains("--directory new: No such file or directory\n"))
        #expect(missing.output.contains("help: mkdir -p new\n"))

        let made = try ManualPageTests.run(
            "sh",
            "-c",
            "mkdir \(scratch.path)/new; \(initialize) new/"
        )
        #expect(made.status == 0, "\(made.output)")
        #expect(made.output.contains("/new/vip-agent.toml\n"))
        #expect(made.output.contains("there is no --witness: while either node is away"))
        let checked = try ManualPageTests.run(
            agent,
            "check",
            "--config",
            "\(scratch.path)/new/vip-agent.toml",
            "--host",
            "lb1"
        )
        #expect(checked.status == 0, "\(checked.output)")
        let unwritten = try ManualPageTests.run(
            "sh",
            "-c",
            "\(agent) check --config \(scratch.path)/new/vip-agent.toml --host lb1 >/dev/full"
        )
        #expect(unwritten.status == 71)
        #expect(unwritten.output.contains("No space left on device"), "\(unwritten.output)")
    }

    @Test(
        "an option that would do nothing is refused, with what it needs",
        arguments: [
            ("viplab", "up --bare", "--packages DIR"),
            ("viplab", "up --release trixie", "--packages DIR"),
            ("vipsim", "--transcript", "--seed N"),
            ("vipsim", "--from 18446744073709551615 --seeds 2", "past the last seed"),
            ("vipsim", "--mutations --seed 1", "leave out --seed"),
        ]
    )
    func useless(program: String, line: String, advice: String) throws {
        let answer = try Self.run(program, line)
        #expect(answer.status == 64)
        #expect(answer.output.contains(advice), "\(answer.output)")
    }
}
