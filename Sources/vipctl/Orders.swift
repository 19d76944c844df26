import ArgumentParser
import VIPControl

/// A command that tells the agent to do something.
protocol Order: ParsableCommand {
    var connection: Connection { get }
    /// The order in the words of the control socket.
    var words: [String] { get }
}

extension Order {
    func validate() throws {
        _ = try request
    }

    func run() throws {
        try carryOut()
    }

    func carryOut() throws {
        let message = try connection.ask(request).message
        Terminal.write((message.isEmpty ? "done" : printable(message)) + "\n")
    }

    /// The order, or what is wrong with a name in it.
    var request: ControlRequest {
        get throws {
            do {
                return try ControlRequest(words: words)
            } catch {
                throw ValidationError("\(error): \(error.help)")
            }
        }
    }
}

struct Switchover: Order {
    static let configuration = CommandConfiguration(
        abstract: "Hand a group over to the other node, within milliseconds.",
        discussion: """
            Any node can be asked. If the other node is not ready, it is refused, and nothing \
            changes.

            \(ExitCode.ofOrders)
            """
    )

    @Argument(help: "The group.", completion: .groups)
    var group: String

    @Option(
        help: ArgumentHelp(
            "The node that shall own it, where there are more than two.",
            valueName: "node"
        ),
        completion: .nodes
    )
    var to: String?

    @OptionGroup var connection: Connection

    var words: [String] { ["switchover", group] + (to.map { ["to", $0] } ?? []) }
}

struct Takeover: Order {
    static let configuration = CommandConfiguration(
        abstract: "Take a group without a majority: you vouch that the other host is off.",
        discussion: """
            The only way past the majority, for a node that has lost both the other node and the \
            witness. Refused while any other voter is heard. While it lasts, it is you, and not \
            the agent, who promises that no other host answers for the addresses.

            Exit status:
              0   done
              1   refused; the reason is on standard error
              2   the agent cannot be reached, or does not answer
              64  wrong usage, or --force is missing
            """
    )

    @Argument(help: "The group.", completion: .groups)
    var group: String

    @Flag(help: "Yes: the other host is off, or cut from all clients, and stays so.")
    var force = false

    @OptionGroup var connection: Connection

    var words: [String] { ["takeover", group] + (force ? ["force"] : []) }

    func validate() throws {
        guard force else {
            throw ValidationError(
                """
                'takeover' goes past the majority and needs --force. With it you vouch that the \
                other host is off, or cut from all clients: the agent cannot know. If it is not, \
                two hosts answer for the addresses of '\(printable(group))', and connections \
                break. If both hosts are well, 'vipctl switchover' is what you want.
                """
            )
        }
        _ = try request
    }

    func run() throws {
        try carryOut()
        Terminal.complain(
            """
            warning: as long as '\(group)' is forced, you promise that no other host answers for \
            it: keep the other host off until a majority is back ('vipctl status' shows it)
            """
        )
    }
}

struct Announce: Order {
    static let configuration = CommandConfiguration(
        abstract:
            "Announce a group's addresses again by ARP and NDP, for neighbours that missed it.",
        discussion: """
            Only the owner can be asked.

            \(ExitCode.ofOrders)
            """
    )

    @Argument(help: "The group.", completion: .groups)
    var group: String

    @OptionGroup var connection: Connection

    var words: [String] { ["announce", group] }
}

struct Maintenance: Order {
    enum Switch: String, CaseIterable, ExpressibleByArgument {
        case on, off
    }

    static let configuration = CommandConfiguration(
        abstract: "Keep this host from owning anything, or let it again.",
        discussion: """
            With 'on' this host hands over what it owns. It goes on voting. Maintenance outlasts \
            restarts and upgrades of the agent, and ends with 'off' or with the boot.

            \(ExitCode.ofOrders)
            """
    )

    @Argument(help: "Whether this host is in maintenance.")
    var state: Switch

    @OptionGroup var connection: Connection

    var words: [String] { ["maintenance", state.rawValue] }
}
