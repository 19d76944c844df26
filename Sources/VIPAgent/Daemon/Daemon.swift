import Glibc
import Logging
import VIPConfiguration
import VIPCore

/// The lease plane: one thread that waits for frames, the kernel, operators and deadlines, and
/// tells the clusters that this host serves what is theirs of it. Most hosts serve one, and a
/// witness may serve many.
package final class Daemon {
    package struct Options: Sendable {
        package var sites: Sites
        /// As many as there are sites, in their order.
        package var keys: [ClusterKeys]
        package var runDirectory: String
        package var stateDirectory: String
        /// Who may use the control socket besides root, if there is such a group.
        package var controlGroup: String
        /// The gate's descriptors by their names, from the process that this one was before, or
        /// from the service manager.
        package var gate: [String: Int32]

        package init(
            sites: Sites,
            keys: [ClusterKeys],
            runDirectory: String,
            stateDirectory: String,
            controlGroup: String = "vip-agent",
            gate: [String: Int32] = [:]
        ) {
            precondition(keys.count == sites.entries.count, "every cluster has its keys")
            self.sites = sites
            self.keys = keys
            self.runDirectory = runDirectory
            self.stateDirectory = stateDirectory
            self.controlGroup = controlGroup
            self.gate = gate
        }
    }

    private enum Token {
        static let signals: UInt64 = 1
        static let ports: UInt64 = 16
        /// There are fewer than 2^18 pairs of family and port.
        static let memberships: UInt64 = 1 << 20
    }

    private let log: Logger
    private let run: RunDirectory
    private let loop: EventLoop
    private let signals: SignalPort
    private let ports: VoterPorts
    private let memberships: [Membership]
    /// Whether this thread runs before others do.
    private let urgency: Capabilities.Outcome
    private let notifier: ServiceNotifier?
    private let output: LogOutput

    private var strays = Strays()
    private var lateness: Int64 = 0
    private var watchdogAt: Int64 = 0
    private let started: Int64

    /// Everything that can fail fails here, and nothing is promised before: lock, ports, then pages
    /// and clock.
    package init(_ options: Options, output: LogOutput, log: Logger) throws(StartupFailure) {
        let sites = options.sites.entries.map(\.site)
        try Self.requireCapabilities(sites)
        self.output = output
        self.log = log
        do throws(RunDirectoryError) {
            run = try Self.takeRunDirectory(options.runDirectory)
        } catch {
            throw StartupFailure(error)
        }
        var holdings: [Membership.Holdings] = []
        do throws(SystemError) {
            signals = try SignalPort()
            loop = try EventLoop()
            ports = try VoterPorts(sites: sites, loop: loop, tokens: Token.ports)
            for index in sites.indices {
                holdings.append(try Self.open(index, of: options, ports: ports, loop: loop))
            }
        } catch {
            throw StartupFailure(error)
        }
        try Self.requireEnforcement(options.sites, holdings)
        do throws(SystemError) {
            // Before the capability for it is gone, and before other threads, which do not inherit
            // it.
            urgency = Capabilities.becomeRealtime()
            if sites.allSatisfy({ $0.role == .witness }) { try Capabilities.dropAll() }
            memberships = try Self.join(options, holdings, loop: loop, output: output, log: log)
            try loop.add(signals.fileDescriptor, token: Token.signals)
            try output.start()
        } catch {
            throw StartupFailure(error)
        }
        notifier = ServiceNotifier()
        started = ClockReading.bootNow()
        settleIn()
    }

    private static func requireCapabilities(_ sites: [Site]) throws(StartupFailure) {
        guard sites.contains(where: { $0.role == .node }) else { return }
        let has = (try? Capabilities.current()) ?? Capabilities(effective: 0, permitted: 0)
        let missing = [Capabilities.Capability.netAdmin, .netRaw].filter { !has.has($0) }
        guard missing.isEmpty else {
            throw StartupFailure(
                .permission,
                "a node needs \(missing.map(\.description).joined(separator: " and ")) to move "
                    + "addresses: run it as root, or give it the capability"
            )
        }
    }

    private static func requireEnforcement(
        _ sites: Sites,
        _ holdings: [Membership.Holdings]
    ) throws(StartupFailure) {
        guard let reason = holdings.lazy.compactMap({ $0.gate?.reasonForNone }).first else {
            return
        }
        do throws(ConfigurationFailure) {
            try sites.requireEnforcement(withoutGate: reason)
        } catch {
            throw StartupFailure(.configuration, error.description)
        }
    }

    /// A process that has just died may still seem to hold its lock: whatever it was starting has
    /// copies of its descriptors until it has become another program.
    private static func takeRunDirectory(
        _ path: String
    ) throws(RunDirectoryError) -> RunDirectory {
        for _ in 0..<20 {
            do throws(RunDirectoryError) {
                return try RunDirectory(path: path)
            } catch {
                guard case .alreadyRunning = error else { throw error }
                usleep(5000)
            }
        }
        return try RunDirectory(path: path)
    }

    private static func open(
        _ index: Int,
        of options: Options,
        ports: VoterPorts,
        loop: EventLoop
    ) throws(SystemError) -> Membership.Holdings {
        let site = options.sites.entries[index].site
        let directory = try options.sites.makeDirectory(of: index, in: options.runDirectory)
        let page = try PageStore(
            path: "\(directory)/page",
            identity: BootIdentity.current(),
            groups: site.groups.count
        )
        return Membership.Holdings(
            routes: VoterRoutes(site: site, keys: options.keys[index], ports: ports),
            control: try ControlSocket(
                path: "\(directory)/control.sock",
                group: options.controlGroup,
                in: loop,
                tokens: tokens(of: index) + Membership.Token.control
            ),
            page: page,
            // Before any address is touched: what this host is not to answer for is closed.
            gate: site.role == .node
                ? try GateKeeper(
                    groups: site.groups,
                    fallback: site.fallback,
                    page: page.page,
                    directory: directory,
                    inherited: options.gate
                ) : nil,
            keeper: site.role == .node
                ? try AddressKeeper(groups: site.configuration.groups) : nil
        )
    }

    private static func join(
        _ options: Options,
        _ holdings: [Membership.Holdings],
        loop: EventLoop,
        output: LogOutput,
        log: Logger
    ) throws(SystemError) -> [Membership] {
        let thread = try ServiceThread()
        var memberships: [Membership] = []
        for (index, entry) in options.sites.entries.enumerated() {
            var log = log
            if options.sites.isDirectory {
                log[metadataKey: "cluster"] = "\(entry.site.configuration.cluster.name)"
            }
            let membership = try Membership(
                entry.site,
                holdings[index],
                records: StateRecorder(
                    path: options.sites.makeDirectory(of: index, in: options.stateDirectory),
                    configuration: entry.site.configuration,
                    thread: thread
                ),
                loop: loop,
                tokens: tokens(of: index),
                output: output,
                log: log
            )
            memberships.append(membership)
        }
        return memberships
    }

    private static func tokens(of index: Int) -> UInt64 {
        Token.memberships + UInt64(index) * Membership.Token.count
    }

    /// What makes the agent's own lateness small, as far as it is allowed to.
    private func settleIn() {
        StartupMemory.giveBack()
        for (what, outcome) in [
            ("lock memory", Capabilities.lockMemory()),
            ("run with real-time priority", urgency),
        ] {
            if case .notDone(let reason) = outcome {
                log.info("does without", metadata: ["what": "\(what)", "reason": "\(reason)"])
            }
        }
        for membership in memberships { membership.tellOfMemory() }
    }

    // MARK: - The loop

    /// Runs until the agent has handed over or let go of everything, after SIGTERM.
    package func serve() throws(StartupFailure) {
        for membership in memberships { membership.start() }
        noteStatusLine()
        storeGate()
        notifier?.send(.ready)
        while !memberships.allSatisfy(\.isFinished) {
            do throws(SystemError) {
                try turn()
            } catch {
                throw StartupFailure(error)
            }
        }
        notifier?.send(.stopping)
        for name in Gate.names { notifier?.discard(name) }
        for membership in memberships {
            membership.log.notice("stopped", metadata: ["host": "\(membership.site.host)"])
        }
        _ = output.flush()
    }

    private func turn() throws(SystemError) {
        var deadline = watchdogDue
        for membership in memberships { deadline = earliest(deadline, membership.nextDeadline()) }
        let count = try loop.wait(until: deadline)
        let now = ClockReading.bootNow()
        for membership in memberships { lateness = max(lateness, membership.lateness(at: now)) }
        for index in 0..<count { try handle(loop.ready(index)) }
        for membership in memberships { membership.doWhatIsDue() }
        feedWatchdog()
        noteStatusLine()
        storeGate()
    }

    private func handle(_ ready: EventLoop.Ready) throws(SystemError) {
        switch ready.token {
        case Token.signals:
            while let signal = signals.next() { take(signal) }
        case let token where ports.owns(token: token):
            for _ in 0..<VoterPorts.mostPerWake {
                guard try ports.receive(token: token, deliver) else { return }
            }
        case let token where token >= Token.memberships:
            let index = (token - Token.memberships) / Membership.Token.count
            try memberships[Int(index)].handle(ready, of: facts)
        default:
            break
        }
    }

    /// To the cluster that the datagram claims to be of; there it is found out whether it is.
    private func deliver(_ datagram: DatagramPort.Datagram, _ octets: Span<UInt8>) {
        do throws(OpenError) {
            let cluster = try FrameSeal.cluster(of: octets)
            for membership in memberships where membership.site.settings.cluster == cluster {
                return membership.receive(octets, from: datagram.source)
            }
            throw .otherCluster(cluster)
        } catch {
            strays.drop(error, from: datagram.source, log: log)
        }
    }

    private func take(_ signal: SignalPort.Signal) {
        switch signal {
        case .terminate, .interrupt:
            log.notice("stopping", metadata: ["signal": "\(signal)"])
            for membership in memberships { membership.step(.shutdown) }
        case .reload, .reexecute:
            log.warning(
                "this version does not reload: restart the agent; within the lease nothing notices"
            )
        case .report:
            for membership in memberships {
                membership.log.notice("\(membership.currentStatusLine())")
            }
        }
    }

    private var facts: ProcessFacts {
        ProcessFacts(
            started: started,
            lateness: lateness,
            logLinesDropped: output.droppedTotal,
            strays: strays.dropped
        )
    }

    /// Has the service manager keep the gate's descriptors, so that the next process finds it
    /// without any privilege.
    private func storeGate() {
        guard let notifier else { return }
        for membership in memberships {
            for (name, number) in membership.gate?.takeUnstored() ?? [:] {
                notifier.discard(name)
                notifier.store(number, name: name)
            }
        }
    }

    // MARK: - Watchdog and status line

    private var watchdogDue: Int64? { notifier?.watchdog == nil ? nil : watchdogAt }

    private func feedWatchdog() {
        guard let interval = notifier?.watchdog, watchdogAt <= ClockReading.bootNow() else {
            return
        }
        notifier?.send(.watchdog)
        watchdogAt = ClockReading.bootNow() + interval / 3
    }

    /// One plain line for the service manager, when something in it has changed.
    private func noteStatusLine() {
        guard let notifier else { return }
        var isAnother = false
        for membership in memberships where membership.refreshStatusLine() { isAnother = true }
        guard isAnother else { return }
        let lines = memberships.map { membership in
            memberships.count == 1
                ? membership.statusLine
                : "\(membership.site.configuration.cluster.name): \(membership.statusLine)"
        }
        notifier.send(.status(lines.joined(separator: " | ")))
    }
}
