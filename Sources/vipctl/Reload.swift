import ArgumentParser
import VIPControl

struct Reload: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have the agent go on with the configuration as it is in the file now.",
        discussion: """
            The file is checked as a whole first. If anything is wrong with it, the agent goes on \
            with what it has, and every fault is shown. Otherwise the agent takes it over without \
            letting go of what it holds, and the answer says what has changed. What has to wait \
            until 'vip-agent accept-voters' is named before it takes effect. A witness that serves \
            several clusters reloads all of them, whichever is named.

            \(ExitCode.ofOrders)
            """
    )

    @Flag(help: "Show the agent's answer as JSON.")
    var json = false

    @OptionGroup var connection: Connection

    /// Checking takes milliseconds, three seconds at most; then an owner waits for a renewal.
    private static let patience = 30.0

    func run() throws {
        let reply = try connection.replyOfAgent(to: .reload, within: Self.patience)
        if json { Terminal.write(reply.serialized()) }
        switch reply {
        case .done(let message, payload: _):
            if !json { Terminal.write(printable(message) + "\n") }
        case .refused(let refusal):
            if !json {
                Terminal.complain("refused: \(printable(refusal.error))")
                // The faults of a configuration, with their lines of it.
                for line in (refusal.help ?? "").split(separator: "\n") {
                    Terminal.complain(printable(String(line)))
                }
            }
            throw ExitCode.refused
        }
    }
}
