import ArgumentParser
import VIPControl
import VIPSpelling

/// The operator's command line: each command asks the daemon one thing and shows the answer.
@main
struct VIPControlTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vipctl",
        abstract: "Ask vip-agent who owns the floating addresses, and tell it what to do.",
        discussion: """
            It talks to the agent of this host over its control socket, which is for root and \
            the members of the group vip-agent.

            Exit status:
              0   well: all healthy, or the order was carried out
              1   degraded ('status'), or the agent refused
              2   the agent cannot be reached, or does not answer within \
            \(Int(ControlClient().timeout)) s; or its answer can't be written
              64  wrong usage

            Environment:
              VIPCTL_SOCKET  the control socket, if --socket does not name it
              NO_COLOR       if set and not empty, no colours
            """,
        version: "vipctl \(Version.current)",
        subcommands: [
            Status.self, History.self, Switchover.self, Takeover.self, Announce.self,
            Maintenance.self, Reload.self,
        ]
    )

    /// Options may stand before the command: '--socket' is of all of them.
    private static let words = CommandWords(
        commands: configuration.subcommands.map { $0._commandName },
        optionsWithValue: ["--socket", "--cluster", "--to", "--group", "--last", "-n"]
    )

    static func main() {
        Terminal.occupyStandardDescriptors()
        let arguments = CommandLine.arguments.dropFirst().flatMap(Status.separatingWatch)
        do throws(CommandMistake) {
            main(try words.withCommandFirst(arguments))
        } catch {
            exit(withError: ValidationError(printable("\(error)")))
        }
    }
}

extension ExitCode {
    /// Degraded, or refused.
    static let refused = ExitCode(1)
    static let unreachable = ExitCode(2)

    /// The end of the help of a command that tells the agent to do something. Its manual page has a
    /// section made of this.
    static let ofOrders = """
        Exit status:
          0   done
          1   refused; the reason is on standard error
          2   the agent cannot be reached, or does not answer
          64  wrong usage
        """
}

/// How to reach the daemon.
struct Connection: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The agent's control socket (default: $VIPCTL_SOCKET, or \(ControlClient.defaultPath)).
            """,
            valueName: "path"
        ),
        completion: .file(extensions: ["sock"])
    )
    var socket: String?

    @Option(
        help: ArgumentHelp(
            "The cluster that is meant, on a witness that serves several.",
            valueName: "name"
        ),
        completion: .clusters
    )
    var cluster: String?

    func validate() throws {
        guard socket == nil || cluster == nil else {
            throw ValidationError("--socket and --cluster both say where to ask: give one of them")
        }
        guard socket != "" else {
            throw ValidationError("--socket is empty: it takes the path of a socket")
        }
        guard let cluster, cluster.isEmpty || cluster.contains("/") else { return }
        throw ValidationError(
            "--cluster takes the name of a cluster, and not '\(printable(cluster))'"
        )
    }

    var client: ControlClient {
        get throws {
            // Who names a cluster does not mean the variable.
            let named = cluster == nil ? Terminal.environment("VIPCTL_SOCKET") : nil
            do throws(AmbiguousCluster) {
                let path = try ControlSockets().path(socket: socket ?? named, cluster: cluster)
                return ControlClient(path: path)
            } catch {
                Terminal.complain("\(error)")
                throw ExitCode.validationFailure
            }
        }
    }

    /// Asks, and ends the program with the reason if there is no answer or a refusal.
    func ask(_ request: ControlRequest) throws -> (message: String, payload: JSONValue?) {
        try ask(request, of: client)
    }

    /// Asks the agent for what is no single cluster's and may take this many seconds. The answer,
    /// be it a refusal.
    func replyOfAgent(
        to request: ControlRequest,
        within seconds: Double
    ) throws -> ControlReply {
        let isAnywhere = socket == nil && cluster == nil
        var client =
            isAnywhere && Terminal.environment("VIPCTL_SOCKET") == nil
            ? ControlClient(path: ControlSockets().any()) : try client
        client.timeout = seconds
        return try answer { () throws(ControlClientError) in try client.ask(request) }
    }

    /// Asks for a report, and reads it from the payload of the answer.
    func report<Report: JSONRepresentable>(
        for request: ControlRequest
    ) throws -> (report: Report, payload: JSONValue?) {
        let client = try client
        let payload = try ask(request, of: client).payload
        let report: Report = try answer { () throws(ControlClientError) in
            try client.read(payload)
        }
        return (report, payload)
    }

    private func ask(
        _ request: ControlRequest,
        of client: ControlClient
    ) throws -> (message: String, payload: JSONValue?) {
        switch try answer({ () throws(ControlClientError) in try client.ask(request) }) {
        case .done(let message, let payload): return (message, payload)
        case .refused(let refusal):
            Terminal.complain("refused: \(printable(refusal.error))")
            if let help = refusal.help { Terminal.complain("help: \(printable(help))") }
            throw ExitCode.refused
        }
    }

    private func answer<Answer>(
        _ body: () throws(ControlClientError) -> Answer
    ) throws -> Answer {
        do {
            return try body()
        } catch {
            Terminal.complain("\(error)")
            if case .noAgent = error, let hint = clusterHint { Terminal.complain("help: \(hint)") }
            throw ExitCode.unreachable
        }
    }

    /// What else there is, where no agent of the cluster that was named is.
    private var clusterHint: String? {
        guard cluster != nil else { return nil }
        do throws(AmbiguousCluster) {
            let found = try ControlSockets().only()
            guard let report = try? ControlClient(path: found, timeout: 1).status().get() else {
                return nil
            }
            return "an agent of cluster '\(printable(report.cluster))' is here: leave out --cluster"
        } catch {
            return "clusters here: \(error.clusters.map(printable).joined(separator: ", "))"
        }
    }
}
