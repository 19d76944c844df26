import ArgumentParser
import Glibc
import VIPAgent
import VIPConfiguration
import VIPControl

/// `vip-agent check`: what the configuration says, and whether it can keep its promise.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a configuration, and print what it would do on this host.",
        discussion: """
            Every fault is printed with its place. The key has to be readable, and to tell what \
            enforces a lease here takes the agent's capabilities.

            A voter whose answers take half the lease or longer votes too late: that round trip, \
            its variation included, is printed behind "votes". What is printed behind "file" has \
            to be the same on every host of the cluster.

            \(exitStatus(well: "valid", .system, .configuration))
            """
    )

    @OptionGroup var source: ConfigurationOptions

    @Flag(
        name: .customLong("for-successor"),
        help: ArgumentHelp(
            "Answer the agent that asks whether this program could take over from it.",
            visibility: .hidden
        )
    )
    var isForSuccessor = false

    func run() throws {
        let clusters = loadClusters(source)
        _ = loadKeys(clusters)
        if isForSuccessor {
            let answer = SuccessorAnswer(
                version: Version.current,
                isNode: clusters.entries.contains { $0.cluster.role == .node },
                hasRehearsed: rehearse()
            )
            print(answer.text)
            return
        }
        for entry in clusters.entries {
            for warning in entry.cluster.configuration.warnings {
                let line = Array("\(entry.path): warning: \(warning.message)\n".utf8)
                _ = unsafe write(STDERR_FILENO, line, line.count)
            }
        }
        requireReadable(by: User(named: User.serviceName), clusters)
        for text in hostNotes(on: clusters) { note(text) }
        let gate = outlook(for: clusters)
        let plans = try clusters.entries.map { entry in
            let plan = try entry.cluster.configuration.plan(
                for: entry.cluster.host,
                enforcement: entry.cluster.enforcement(with: gate)
            )
            return clusters.isDirectory ? "\(entry.path)\n\n\(plan)" : plan
        }
        print(plans.joined(separator: "\n\n"))
    }

    /// Takes over what the agent that asks has lent; the end of the program if that fails.
    private func rehearse() -> Bool {
        do throws(StartupFailure) {
            return try Inheritance.rehearse()
        } catch {
            fail(error.status.rawValue, error.description)
        }
    }

    /// Whether this host has a gate; the end of the program if nothing else would do.
    private func outlook(for clusters: ServedClusters) -> GateOutlook {
        guard clusters.entries.contains(where: { $0.cluster.role == .node }) else {
            return .available
        }
        let gate = GateOutlook.ofThisHost()
        switch gate {
        case .available: break
        case .unavailable(let reason):
            do throws(ConfigurationFailure) {
                try clusters.requireEnforcement(withoutGate: reason)
            } catch {
                fail(StartupFailure.Status.configuration.rawValue, error.description)
            }
        case .unseen(let reason):
            let consequence =
                clusters.needsGate ? "; an agent that can't have one would not start" : ""
            note(
                "whether this host lets an agent have a gate was not looked at: \(reason)"
                    + consequence
            )
        }
        return gate
    }

    /// Root may read everything. The unit's user has to as well, where it is the unit that runs the
    /// agent: with this file, and installed.
    private func requireReadable(by user: User?, _ clusters: ServedClusters) {
        guard geteuid() == 0, let user else { return }
        let isByUnit = unsafe source.config == nil && access(Self.unit, F_OK) == 0
        for entry in clusters.entries {
            let key = entry.cluster.configuration.cluster.keyFile
            for (path, command) in [
                (
                    entry.path,
                    "chmod a+r \(entry.path), or if it has secrets: chgrp \(user.name) "
                        + "\(entry.path) && chmod g+r \(entry.path)"
                ),
                (key, "chown \(user.owner) \(key)"),
            ] where !user.canRead(path) {
                let text =
                    "the unit runs the agent as user \(user.name), who can't read \(path): "
                    + "\(command) (and see `namei -l \(path)`)"
                if isByUnit { fail(StartupFailure.Status.configuration.rawValue, text) }
                note(text)
            }
        }
    }

    /// As the package installs it.
    private static let unit = "/lib/systemd/system/vip-agent.service"

    private func note(_ text: String) {
        let line = Array("vip-agent: note: \(text)\n".utf8)
        _ = unsafe write(STDERR_FILENO, line, line.count)
    }
}

/// `vip-agent clean`: removes what a dead agent left.
struct Clean: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Remove the floating addresses and the gate that a dead agent left here.",
        discussion: """
            Refused while an agent runs. Nobody needs this to start an agent: it finds what the \
            one before it has left.

            Addresses are known by the configuration, and by the mark that an agent gives them. \
            Where there is no configuration, or it can't be used, those with the mark are removed.

            \(exitStatus(
                well: "removed, or nothing was left",
                .system, .unavailable, .permission
            ))
            """
    )

    @OptionGroup var source: ConfigurationOptions
    @OptionGroup var directory: RunDirectoryOption

    func run() throws {
        do throws(StartupFailure) {
            let removed = try Cleanup.remove(
                of: clusters(),
                runDirectory: directory.runDir
            )
            for line in removed { print("removed \(line)") }
            if removed.isEmpty { print("nothing was left") }
        } catch {
            // No agent runs as an operator: the advice on owners of files is not for one.
            if error.status == .permission, geteuid() != 0 {
                fail(
                    error.status.rawValue,
                    "run this as root: \(error.description.prefix { $0 != ";" })"
                )
            }
            fail(error.status.rawValue, error.description)
        }
    }

    /// None where no configuration says which addresses are floating: what a dead agent left is to
    /// be removed even so, above all the gate, which drops frames until somebody does.
    private func clusters() -> [LocalCluster] {
        let path = source.config ?? ServedClusters.defaultPath()
        do throws(ConfigurationFailure) {
            let clusters = try ServedClusters(at: path, host: source.host ?? kernelHostName())
            return clusters.entries.map(\.cluster)
        } catch {
            if unsafe source.config != nil || access(path, F_OK) == 0 {
                complain(
                    "vip-agent: \(path) can't be used ('vip-agent check' says why): looking only "
                        + "for addresses that have an agent's mark, and for the gate"
                )
            }
            return []
        }
    }
}

/// `vip-agent accept-voters`: the configured voters and addresses hold from now on.
struct AcceptVoters: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Accept other voters, or an address that has moved to another group.",
        discussion: """
            An agent whose configuration names other voters than its memory, or that finds an \
            address of one group given to another, neither votes nor asks for groups until this \
            command has run on every host. From then on it waits for the longest lease that it \
            has on record, and votes and asks again. Without --yes it prints what has to be true before, and does \
            nothing.

            Exit status:
              0   accepted
              1   refused
              2   the agent cannot be reached, or does not answer
              64  wrong usage, or --yes is missing
            """
    )

    @Option(
        help: ArgumentHelp(
            "The agent's control socket (default: \(ControlClient.defaultPath)).",
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

    @Flag(help: "Accept: what has to be true before is true.")
    var yes = false

    func validate() throws {
        guard socket == nil || cluster == nil else {
            throw ValidationError("--socket and --cluster both say where to ask: give one of them")
        }
        guard socket != "" else { throw ValidationError("--socket is empty") }
        guard let cluster, cluster.isEmpty || cluster.contains("/") else { return }
        throw ValidationError(
            "--cluster takes the name of a cluster, and not '\(printable(cluster))'"
        )
    }

    func run() throws {
        guard yes else {
            fail(
                EX_USAGE,
                """
                before the changed voters or addresses may hold, this has to be true:
                  - hosts that no longer vote have their agents stopped, and stay so
                  - every other host has the new configuration, and its agent was reloaded or \
                restarted with it
                then run on every host: vip-agent accept-voters --yes
                each of them votes and asks again once the longest lease that it has on record \
                has passed
                """
            )
        }
        let client: ControlClient
        do throws(AmbiguousCluster) {
            client = ControlClient(
                path: try ControlSockets().path(socket: socket, cluster: cluster)
            )
        } catch {
            fail(EX_USAGE, "\(error)")
        }
        do throws(ControlClientError) {
            switch try client.ask(.acceptVoters) {
            case .done:
                print(
                    "accepted: this host votes and asks again once the longest lease that it has"
                        + " on record has passed"
                )
            case .refused(let refusal):
                fail(1, "refused: " + refusal.error + (refusal.help.map { "\n  \($0)" } ?? ""))
            }
        } catch {
            fail(2, "\(error)")
        }
    }
}
