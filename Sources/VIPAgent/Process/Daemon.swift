import CNetlink
import Glibc
import Logging
import VIPConfiguration
import VIPControl
import VIPCore
import VIPHost
import VIPPlatform

/// The lease plane: one thread that waits for frames, the kernel, operators and deadlines, and
/// tells the clusters that this host serves what is theirs of it. Most hosts serve one, and a
/// witness may serve many.
package final class Daemon {
    enum Token {
        static let signals: UInt64 = 1
        static let verdict: UInt64 = 2
        static let history: UInt64 = 3
        static let comparison: UInt64 = 4
        static let ports: UInt64 = 16
        /// There are fewer than 2^18 pairs of family and port.
        static let memberships: UInt64 = 1 << 20
    }

    let options: Options
    let log: Logger
    let run: RunDirectory
    private let loop: EventLoop
    private let signals: SignalPort
    let ports: VoterPorts
    let memberships: [Membership]
    let service: ServiceThread
    /// The number of the group that may use the control sockets, -1 if there is none.
    let controlGroup: Int64
    /// Whether this thread runs before others do.
    private let urgency: Capabilities.Outcome
    private let confinement: Capabilities.Outcome
    let notifier: ServiceNotifier?
    let output: LogOutput

    let verdicts: ServiceMailbox<Rehearsal.Verdict>
    let earlierHistory: ServiceMailbox<[[HistoryEntry]]>
    /// Whether the files are what runs, see `followRefusal`.
    let comparisons: ServiceMailbox<Bool>
    var succession = Succession()
    var runDirectoryWatch = RunDirectoryWatch()
    /// Whom this program owes the answer to what the one before it was asked.
    var unansweredReloads: [(membership: Int, client: ControlSocket.ClientID)] = []
    private var unclaimed = UnclaimedDatagrams()
    var lateness = Lateness()
    var fold = RepeatFold()
    var wasResumed = false
    var watchdogAt: Int64 = 0
    private var idleMemory = IdleMemorySchedule()
    private var hasSettledIn = false
    let started: Int64
    let generation: Int64

    /// Everything that can fail fails here, and nothing is promised before: lock, ports, then pages
    /// and clock.
    package init(_ options: Options, output: LogOutput, log: Logger) throws(StartupFailure) {
        let clusters = options.clusters.entries.map(\.cluster)
        try Self.requireCapabilities(clusters)
        try Self.requireClock()
        self.options = options
        self.output = output
        self.log = log
        do throws(RunDirectoryError) {
            run = try Self.takeRunDirectory(options.runDirectory, options.inheritance)
        } catch {
            throw StartupFailure(error)
        }
        let handover = options.handover
        notifier = ServiceNotifier()
        controlGroup =
            if let handover { handover.controlGroup } else {
                unsafe vip_group_number(options.controlGroup)
            }
        var pages: [PageStore] = []
        var resources: [Membership.Resources] = []
        var left = options.left
        for (_, number) in left { _ = vip_set_close_on_exec(number, 1) }
        // Read later, see `takeOver`.
        left.removeValue(forKey: ProgramHandover.historyName)
        var inherited = InheritedDescriptors(left)
        do throws(SystemError) {
            signals = try SignalPort()
            loop = try EventLoop()
            verdicts = try ServiceMailbox()
            earlierHistory = try ServiceMailbox()
            comparisons = try ServiceMailbox()
            ports = try VoterPorts(
                clusters: clusters,
                loop: loop,
                tokens: Token.ports,
                inherited: &inherited,
                stored: options.storedPorts,
                notifier: notifier
            )
            for index in clusters.indices {
                let directory = try options.clusters.makeDirectory(
                    of: index,
                    in: options.runDirectory
                )
                pages.append(try Self.openPage(of: clusters[index], in: directory))
                resources.append(
                    try Self.open(
                        index,
                        of: options,
                        in: directory,
                        page: pages[index],
                        ports: ports,
                        loop: loop,
                        group: controlGroup < 0 ? nil : UInt32(controlGroup),
                        inherited: &inherited
                    )
                )
            }
            Self.close(inherited.left, of: options)
        } catch {
            throw StartupFailure(
                Ownership.advising(error, in: options.runDirectory),
                isUrgent: pages.contains(where: \.hasTenure)
            )
        }
        try Self.requireEnforcement(
            options.clusters,
            resources.lazy.compactMap(\.keeper).first?.host.gate
        )
        do throws(SystemError) {
            // Before the capability for it is gone, and before other threads, which do not inherit
            // it.
            urgency = Capabilities.becomeRealtime()
            confinement = Confinement.refuseCalls()
            if clusters.allSatisfy({ $0.role == .witness }) { try Capabilities.dropAll() }
            service = try ServiceThread()
            memberships = try Self.join(
                options,
                resources,
                loop: loop,
                service: service,
                output: output,
                log: log
            )
            try loop.add(signals.fileDescriptor, token: Token.signals)
            try loop.add(verdicts.fileDescriptor, token: Token.verdict)
            try loop.add(earlierHistory.fileDescriptor, token: Token.history)
            try loop.add(comparisons.fileDescriptor, token: Token.comparison)
        } catch {
            throw StartupFailure(error, isUrgent: pages.contains(where: \.hasTenure))
        }
        started = handover?.started ?? ClockReading.bootNow()
        generation = handover?.generation ?? 0
        for fault in inherited.faults {
            log.warning("made-anew", metadata: ["reason": "\(fault)"])
        }
    }

    /// What makes the agent's own lateness small, as far as it is allowed to.
    private func settleIn() {
        // A witness has given up the capability for it, and needs little.
        if memberships.contains(where: { $0.cluster.role == .node }) {
            note("lock memory", Capabilities.lockMemory())
        }
        note("confine itself", confinement)
        if let stranger = run.stranger {
            let consequence = "only the voters' port keeps a second agent out"
            log.warning(
                "name-taken",
                metadata: [
                    "reason":
                        "\(stranger) holds the socket \(NamespaceLock.name) and is no agent: \(consequence)"
                ]
            )
        }
        for membership in memberships { membership.tellOfMemory() }
        idleMemory.note(at: ClockReading.bootNow())
    }

    private func note(_ what: String, _ outcome: Capabilities.Outcome) {
        guard case .notDone(let reason) = outcome else { return }
        log.info("does without", metadata: ["what": "\(what)", "reason": "\(reason)"])
    }

    /// Right after a renewal there is the most time until the next one, for which its code has to
    /// come from the page cache. An execve would have to wait for the end of this.
    private func giveIdleMemoryBack() {
        let now = ClockReading.bootNow()
        for membership in memberships where membership.takeRareUse() { idleMemory.note(at: now) }
        guard idleMemory.isDue(at: now), case .none = succession.stage,
            memberships.allSatisfy(\.isAtRest)
        else { return }
        idleMemory.noteReturn(at: now)
        service.submit { IdleMemory.giveBack() }
        guard !hasSettledIn else { return }
        hasSettledIn = true
        // The package's unit gives the priority from outside, once the agent has said it is ready.
        if !Capabilities.isRealtime { note("run with real-time priority", urgency) }
    }

    // MARK: - The loop

    /// Runs until the agent has handed over or let go of everything, after SIGTERM.
    package func serve() throws(StartupFailure) {
        // First of all the frames that renew what is still held: all else can wait.
        for membership in memberships { membership.start() }
        let renewed = ClockReading.bootNow()
        do throws(SystemError) {
            while !memberships.allSatisfy(\.hasStarted) { try turn() }
            for membership in memberships { try membership.admit() }
            try output.start()
        } catch {
            throw StartupFailure(error, isUrgent: memberships.contains(where: \.ownsSomething))
        }
        settleIn()
        takeOver(at: renewed)
        noteStatusLine()
        notifier?.send(.ready)
        storeDescriptors()
        while !memberships.allSatisfy(\.isFinished) {
            do throws(SystemError) {
                try turn()
            } catch {
                throw StartupFailure(error, isUrgent: memberships.contains(where: \.ownsSomething))
            }
            // Where the kernel says so late.
            let gate = memberships.lazy.compactMap(\.keeper).first?.host.gate
            try Self.requireEnforcement(options.clusters, gate)
        }
        notifier?.send(.stopping, .status("stopped"))
        for name in Gate.names { notifier?.discard(name) }
        if let notifier { ports.discard(with: notifier) }
        notifier?.finish(within: Self.longestFarewell)
        for membership in memberships {
            membership.log.notice("stopped", metadata: ["host": "\(membership.cluster.host)"])
        }
        _ = output.flush()
    }

    /// How long the end waits for a service manager that is slow to hear of it, in nanoseconds.
    private static let longestFarewell: Int64 = 50_000_000

    private func turn() throws(SystemError) {
        var deadline = earliest(watchdogDue, succession.lookAt)
        deadline = earliest(deadline, notifier?.retryAt)
        deadline = earliest(deadline, earliest(runDirectoryWatch.lookAt, refusalLookAt))
        for membership in memberships { deadline = earliest(deadline, membership.nextDeadline()) }
        let count = try loop.wait(until: deadline)
        let now = ClockReading.bootNow()
        let late = noteLateness(at: now)
        for index in 0..<count { try handle(loop.ready(index)) }
        for membership in memberships { membership.doWhatIsDue() }
        tell(ofLateness: late)
        followSuccession()
        followRefusal()
        watchRunDirectory()
        feedWatchdog()
        noteStatusLine()
        storeDescriptors()
        notifier?.flush()
        giveIdleMemoryBack()
    }

    private func handle(_ ready: EventLoop.Ready) throws(SystemError) {
        switch ready.token {
        case Token.signals:
            while let signal = signals.next() { handle(signal) }
        case Token.verdict: handleVerdict()
        case Token.history: handleEarlierHistory()
        case Token.comparison: handleComparison()
        case let token where ports.owns(token: token):
            for _ in 0..<VoterPorts.mostPerWake {
                guard try ports.receive(token: token, deliver) else { return }
            }
        case let token where token >= Token.memberships:
            let index = (token - Token.memberships) / Membership.Token.count
            let membership = memberships[Int(index)]
            try membership.handle(ready, of: facts)
            for client in membership.takeReloadRequests() {
                askForSuccession(.reload, client: (Int(index), client))
            }
        default:
            break
        }
    }

    /// To the cluster that the datagram claims to be of; there it is found out whether it is.
    private func deliver(_ datagram: DatagramPort.Datagram, _ octets: Span<UInt8>) {
        do throws(OpenError) {
            let cluster = try FrameSeal.cluster(of: octets)
            for membership in memberships where membership.cluster.settings.cluster == cluster {
                return membership.receive(octets, from: datagram.source)
            }
            throw .otherCluster(cluster)
        } catch {
            unclaimed.drop(error, from: datagram.source, log: log)
        }
    }

    private func handle(_ signal: SignalPort.Signal) {
        switch signal {
        case .terminate, .interrupt:
            log.notice("stopping", metadata: ["signal": "\(signal)"])
            for membership in memberships { membership.step(.shutdown) }
        case .reload: askForSuccession(.reload, client: nil)
        case .reexecute: askForSuccession(.upgrade, client: nil)
        case .resumed: wasResumed = true
        case .report:
            for membership in memberships {
                membership.log.notice("\(membership.currentStatusLine(of: facts))")
            }
        }
    }

    var facts: ProcessFacts {
        ProcessFacts(
            started: started,
            generation: generation,
            lateness: lateness,
            reasons: succession.reasons + runDirectoryWatch.reasons,
            warnings: succession.warnings,
            logLinesDropped: output.droppedTotal,
            unclaimed: unclaimed.dropped,
            droppedInKernel: ports.dropsInKernel
        )
    }
}
