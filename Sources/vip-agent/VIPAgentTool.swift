import ArgumentParser
import Glibc
import VIPAgent
import VIPControl
import VIPPlatform
import VIPSpelling

/// The daemon and what belongs to it. Operators' everyday tool is `vipctl`.
@main
struct VIPAgentTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vip-agent",
        abstract: "Keep floating addresses on exactly one host.",
        discussion: """
            The daemon and what belongs to it. To look at a running one, and to move what it \
            owns, there is 'vipctl'.

            \(exitStatus(well: "well", .system, .unavailable, .permission, .configuration))
            """,
        version: Version.current,
        subcommands: [Run.self, Check.self, Initialize.self, Clean.self, AcceptVoters.self]
    )

    /// A program that was handed something goes on with it at once: the arguments are those of the
    /// one before it, and reading them would take as long as a frame to the witness and back.
    static func main() {
        openStandardDescriptors()
        if CommandLine.arguments.contains(SuccessorAnswer.option) { Confinement.becomeOrdinary() }
        Confinement.becomeUndumpable()
        var inheritance = Inheritance.claim()
        if case .whole(let handover, locks: _) = inheritance {
            inheritance = Run.resume(handover, inheritance)
            guard inheritance != .none else { return }
        }
        do {
            var command = try parseAsRoot(arguments())
            if let run = command as? Run {
                run.serve(with: inheritance)
            } else {
                try command.run()
                requireWritten()
            }
        } catch {
            exit(withError: error)
        }
    }

    /// What nobody can read must not look like an answer.
    private static func requireWritten() {
        guard fflush(nil) != 0 else { return }
        let reason = unsafe String(cString: strerror(errno))
        fail(
            StartupFailure.Status.system.rawValue,
            "the answer can't be written to standard output: \(reason)"
        )
    }

    /// Options may stand before the command.
    private static let words = CommandWords(
        commands: configuration.subcommands.map { $0._commandName },
        optionsWithValue: [
            "--config", "--host", "--run-dir", "--state-dir", "--socket", "--cluster", "--node",
            "--witness", "--group", "--from", "--directory",
        ]
    )

    private static func arguments() throws -> [String] {
        do throws(CommandMistake) {
            return try words.withCommandFirst(Array(CommandLine.arguments.dropFirst()))
        } catch {
            throw ValidationError(printable("\(error)"))
        }
    }
}

/// Where the configuration is, and which of its hosts this is.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The configuration file, or a directory of which every *.toml is read: a witness may \
            serve many clusters. (default: /etc/vip-agent/vip-agent.toml, and where there is none, \
            /etc/vip-agent/conf.d)
            """,
            valueName: "path"
        ),
        completion: .file(extensions: ["toml"])
    )
    var config: String?

    @Option(
        help: ArgumentHelp(
            "Which host of the configuration this is. (default: this host's name)",
            valueName: "name"
        ),
        completion: .hosts
    )
    var host: String?

    func validate() throws {
        for (option, value) in [("--config", config), ("--host", host)] where value == "" {
            throw ValidationError("\(option) is empty")
        }
    }
}

struct RunDirectoryOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The run directory: page, lock and control socket. Must not outlive the boot.",
            valueName: "dir"
        ),
        completion: .directory
    )
    var runDir = ControlSockets.defaultRunDirectory

    func validate() throws {
        guard runDir.isEmpty else { return }
        throw ValidationError("--run-dir is empty")
    }
}

struct DirectoryOptions: ParsableArguments {
    @OptionGroup var run: RunDirectoryOption

    @Option(
        help: ArgumentHelp(
            "The state directory: longest lease, terms and voters. Outlives the boot.",
            valueName: "dir"
        ),
        completion: .directory
    )
    var stateDir = "/var/lib/vip-agent"

    func validate() throws {
        guard stateDir.isEmpty else { return }
        throw ValidationError("--state-dir is empty")
    }
}

/// Says why on standard error, and ends with that status.
func fail(_ status: Int32, _ message: String) -> Never {
    complain("vip-agent: \(message)")
    exit(status)
}

/// The journal takes each line for an entry, and has it as an error if that is said.
func complain(_ message: String) {
    let priority = LogOutput.isJournal(STDERR_FILENO) ? "<3>" : ""
    let lines = message.split(separator: "\n", omittingEmptySubsequences: false)
    let text = Array(lines.map { "\(priority)\($0)\n" }.joined().utf8)
    _ = unsafe write(STDERR_FILENO, text, text.count)
}

/// This host's name as the kernel has it.
func kernelHostName() -> String {
    HostName.current
}

/// Opens /dev/null in the place of standard descriptors that were closed: the next file would get
/// such a number, and the log be written into it.
func openStandardDescriptors() {
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) == -1 {
        _ = unsafe open("/dev/null", O_RDWR)
    }
}
