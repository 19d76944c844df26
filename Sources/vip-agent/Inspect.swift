import ArgumentParser
import Glibc
import VIPAgent
import VIPConfiguration
import VIPControl

/// `vip-agent check`: what the configuration says, and whether it can keep its promise.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a configuration, and print what it would do on this host.",
        discussion: "Exit status 0: valid. 78: not; every fault is printed, with its place."
    )

    @OptionGroup var place: PlaceOptions

    func run() throws {
        let site = loadSite(place)
        _ = loadKeys(site)
        for warning in site.configuration.warnings {
            let line = Array("\(place.config): warning: \(warning.message)\n".utf8)
            _ = unsafe write(STDERR_FILENO, line, line.count)
        }
        print(try site.configuration.plan(for: site.host))
    }
}

/// `vip-agent clean`: removes what a dead agent left.
struct Clean: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Remove the floating addresses that a dead agent left on this host.",
        discussion: "Refused (exit status 75) while an agent runs."
    )

    @OptionGroup var place: PlaceOptions
    @OptionGroup var directories: DirectoryOptions

    func run() throws {
        let site = loadSite(place)
        do throws(StartupFailure) {
            let removed = try Leftovers.remove(of: site, runDirectory: directories.runDir)
            for line in removed { print("removed \(line)") }
            if removed.isEmpty { print("nothing was left") }
        } catch {
            fail(error.status.rawValue, error.description)
        }
    }
}

/// `vip-agent accept-voters`: the configured voters and addresses hold from now on.
struct AcceptVoters: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let the changed voters, or the changed groups' addresses, hold from now on.",
        discussion: """
            An agent whose configuration names other voters than its memory, or that finds an address \
            of one group given to another, neither votes nor asks until this is said on every host.
            """
    )

    @Option(help: ArgumentHelp("The agent's control socket.", valueName: "path"))
    var socket = ControlClient.defaultPath

    @Flag(help: "What has to be true is true.")
    var yes = false

    func run() throws {
        guard yes else {
            fail(
                EX_USAGE,
                """
                before the changed voters or addresses may hold, this has to be true:
                  - every host of the cluster has the new configuration, and its agent was restarted with it
                  - hosts that no longer vote have their agents stopped
                  - since the last agent with the old configuration stopped, the longest lease has passed
                then say so on every host: vip-agent accept-voters --yes
                """
            )
        }
        do throws(ControlClientError) {
            switch try ControlClient(path: socket).ask(.acceptVoters) {
            case .done: print("accepted: this host votes and asks again")
            case .refused(let refusal):
                fail(1, refusal.error + (refusal.help.map { "\n  \($0)" } ?? ""))
            }
        } catch {
            fail(2, "\(error)")
        }
    }
}
