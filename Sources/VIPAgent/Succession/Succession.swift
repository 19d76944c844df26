import CNetlink
import Glibc
import Logging
import VIPConfiguration
import VIPControl
import VIPCore
import VIPHost
import VIPPlatform

/// The process on its way to becoming another program, or the same with another configuration:
///
///     none --asked--> rehearsing --accepted--> ready --a moment of rest--> execve
///       ^                 |                      |
///       +----refused------+-------fails----------+
struct Succession {
    enum Cause { case reload, upgrade }

    /// Everybody who asked for the same thing.
    struct Asked {
        var isUpgrade = false
        var clients: [(membership: Int, client: ControlSocket.ClientID)] = []

        var what: String { isUpgrade ? "upgrade" : "reload" }
    }

    enum Stage {
        case none
        /// In a thread of its own. Whoever asked meanwhile may mean something newer.
        case rehearsing(Asked, since: Asked?)
        case ready(Rehearsal.Successor, Asked, ports: [DatagramPort], at: Int64)
    }

    var stage = Stage.none
    /// Why the last one was refused, until one isn't.
    var refusal: String? {
        didSet { refusedFiles = .unknown }
    }
    var refusedFiles = RefusedFiles.unknown
    /// It waits for a moment of rest that does not come.
    var isOverdue = false

    /// How long a moment of rest is waited for, in nanoseconds.
    static let patience: Int64 = 5_000_000_000
    /// How long it is waited for the log to be written, and the service manager to be told.
    static let logPatience: Int64 = 200_000_000
    /// How often there is a look whether the moment has come, if nothing else happens.
    static let pause: Int64 = 2_000_000

    var lookAt: Int64? {
        if case .ready = stage { ClockReading.bootNow() + Self.pause } else { nil }
    }

    /// What a restart would meet, too: any failure of this host is for good then.
    var reasons: [String] { refusal.map { [$0] } ?? [] }

    var warnings: [String] {
        var warnings: [String] = []
        if isOverdue {
            warnings.append(
                "a reload or upgrade waits for a moment of rest: leases are renewed too late, or "
                    + "the disk hangs"
            )
        }
        return warnings
    }
}

extension Daemon {
    /// - Parameter client: who waits for the outcome, if somebody does.
    func askForSuccession(
        _ cause: Succession.Cause,
        client: (membership: Int, client: ControlSocket.ClientID)?
    ) {
        var asked = Succession.Asked(isUpgrade: cause == .upgrade)
        if let client { asked.clients.append(client) }
        log.notice("\(asked.what) asked for")
        notifier?.send(
            .reloading(monotonicMicroseconds: vip_clock_nanoseconds(CLOCK_MONOTONIC) / 1000)
        )
        // What is missing in the run directory may be put back, so that the successor finds it.
        lookAtRunDirectory()
        switch succession.stage {
        case .none: rehearse(asked)
        case .rehearsing(let first, let since):
            succession.stage = .rehearsing(first, since: since.map { $0.joined(asked) } ?? asked)
        case .ready(_, let first, ports: _, at: _): rehearse(first.joined(asked))
        }
    }

    private func rehearse(_ asked: Succession.Asked) {
        if let obstacle { return refuse(asked, obstacle) }
        let loan: Loan
        do throws(SystemError) {
            loan = try Loan(of: estate(), locks: run.inheritance)
        } catch {
            return refuse(
                asked,
                Rehearsal.Refusal(.noDescriptors, detail: "\(error)")
            )
        }
        let rehearsal = Rehearsal(
            program: options.program,
            configuration: options.configuration,
            isDirectory: options.clusters.isDirectory,
            host: options.host,
            running: memberships.indices.map { memberships[$0].running(keys: options.keys[$0]) },
            missingGate: memberships.lazy.compactMap { $0.keeper?.host.gate.unavailability }.first,
            loan: loan,
            kernelName: HostName.isGiven(in: CommandLine.arguments) ? nil : HostName.current
        )
        succession.stage = .rehearsing(asked, since: nil)
        do throws(SystemError) {
            try rehearsal.begin(reportingTo: verdicts)
        } catch {
            refuse(
                asked,
                Rehearsal.Refusal(.noThread, detail: "\(error)")
            )
        }
    }

    /// What an execve would put an end to.
    var obstacle: Rehearsal.Refusal? {
        if memberships.contains(where: \.isStopping) {
            return Rehearsal.Refusal(.stopping)
        }
        if memberships.contains(where: \.agent.isForced) {
            return Rehearsal.Refusal(
                .forced,
                detail: "'vipctl status' names it; once a majority has confirmed it, try again"
            )
        }
        if let path = memberships.lazy.compactMap(\.page.missingPath).first {
            return Rehearsal.Refusal(
                .pageGone,
                path,
                detail: "only the running agent still knows what it has promised: stop it, which "
                    + "hands over first, and start it again"
            )
        }
        return nil
    }

    func handleVerdict() {
        guard let verdict = verdicts.takeAll().last,
            case .rehearsing(let asked, let since) = succession.stage
        else { return }
        if let since { return rehearse(asked.joined(since)) }
        switch verdict {
        case .failure(let refusal): refuse(asked, refusal)
        case .success(let successor): prepare(for: successor, asked)
        }
    }

    /// What the successor could fail for want of is had before.
    private func prepare(for successor: Rehearsal.Successor, _ asked: Succession.Asked) {
        let opened: [DatagramPort]
        do throws(SystemError) {
            opened = try ports.open(missingFor: successor.clusters?.entries.map(\.cluster) ?? [])
        } catch {
            return refuse(
                asked,
                Rehearsal.Refusal(.portTaken, detail: "\(error)")
            )
        }
        for entry in successor.clusters?.entries ?? [] {
            guard let index = index(of: entry.cluster) else { continue }
            memberships[index].records.prepare(lease: entry.cluster.configuration.timing.lease)
        }
        succession.refusal = nil
        log.notice(
            "\(asked.what) accepted",
            metadata: [
                "program": "\(options.program)", "version": "\(successor.version)",
                "changes": "\(successor.changes.text)",
            ]
        )
        succession.stage = .ready(
            successor,
            asked,
            ports: opened,
            at: ClockReading.bootNow()
        )
    }

    /// The place of what is this cluster now.
    private func index(of cluster: LocalCluster) -> Int? {
        guard options.clusters.isDirectory else { return 0 }
        return memberships.firstIndex {
            $0.cluster.configuration.cluster.name == cluster.configuration.cluster.name
        }
    }

    func refuse(_ asked: Succession.Asked, _ refusal: Rehearsal.Refusal) {
        succession.stage = .none
        succession.isOverdue = false
        for membership in memberships { membership.records.prepare(lease: nil) }
        let consequence = "the agent goes on as it is"
        succession.refusal =
            "the last \(asked.what) was refused, and \(consequence): \(refusal.summary)"
            + (refusal.firstDetail.isEmpty ? "" : ": \(refusal.firstDetail)")
        log.error("\(asked.what) refused", metadata: ["reason": "\(refusal.summary)"])
        for line in refusal.detail.split(separator: "\n") { log.error("\(line)") }
        for (index, client) in asked.clients {
            memberships[index].answer(
                client,
                .refused(
                    ControlRefusal(
                        .failed,
                        "\(asked.what): \(refusal.summary); \(consequence)",
                        help: refusal.detail.isEmpty ? nil : refusal.detail
                    )
                )
            )
        }
        notifier?.send(.ready)
    }
}

extension Succession.Asked {
    func joined(_ other: Succession.Asked) -> Succession.Asked {
        Succession.Asked(
            isUpgrade: isUpgrade || other.isUpgrade,
            clients: clients + other.clients
        )
    }
}
