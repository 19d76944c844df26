import Glibc
import Logging
import VIPConfiguration
import VIPControl
import VIPCore

/// The lease plane: one thread that waits for frames, the kernel, operators and deadlines, asks the
/// core what is to be done, and does it in the order in which the core says.
package final class Daemon {
    package struct Options: Sendable {
        package var site: Site
        package var keys: ClusterKeys
        package var runDirectory: String
        package var stateDirectory: String
        /// Who may use the control socket besides root, if there is such a group.
        package var controlGroup: String

        package init(
            site: Site,
            keys: ClusterKeys,
            runDirectory: String,
            stateDirectory: String,
            controlGroup: String = "vip-agent"
        ) {
            self.site = site
            self.keys = keys
            self.runDirectory = runDirectory
            self.stateDirectory = stateDirectory
            self.controlGroup = controlGroup
        }
    }

    private enum Token {
        static let signals: UInt64 = 1
        static let routes: UInt64 = 2
        static let service: UInt64 = 3
        static let worker: UInt64 = 4
        static let ports: UInt64 = 16
        static let control: UInt64 = 64
    }

    let site: Site
    let log: Logger
    let text: ReportText
    var agent: Agent
    let keeper: AddressKeeper?
    let ports: VoterPorts
    let page: PageStore
    let records: StateRecorder
    let control: ControlSocket
    private let run: RunDirectory
    private let loop: EventLoop
    private let signals: SignalPort
    private let notifier: ServiceNotifier?
    private let output: LogOutput

    var history = History()
    var fold = RepeatFold()
    var waiting: [(command: UInt64, client: ControlSocket.ClientID, verb: String)] = []
    var nextCommand: UInt64 = 1
    var dropped: [(reason: String, count: UInt64)]
    var warnings: [String] = []
    var takeovers: UInt64 = 0
    private var pending: [Event] = []
    private var removalRetryAt: Int64?
    private var finished = false
    private var lateness: Int64 = 0
    private var watchdogAt: Int64 = 0
    private var statusLine = ""
    private let started: Int64

    /// Everything that can fail fails here, and nothing is promised before: lock, ports, then page
    /// and clock.
    package init(_ options: Options, output: LogOutput, log: Logger) throws(StartupFailure) {
        try Self.requireCapabilities(options.site)
        self.output = output
        self.log = log
        do throws(RunDirectoryError) {
            run = try Self.takeRunDirectory(options.runDirectory)
        } catch {
            throw StartupFailure(error)
        }
        do throws(SystemError) {
            let signals = try SignalPort()
            let loop = try EventLoop()
            let seal = FrameSeal(
                cluster: options.site.settings.cluster,
                key: options.keys.signing.octets,
                other: options.keys.accepted.dropFirst().first?.octets
            )
            ports = try VoterPorts(
                site: options.site,
                seal: seal,
                loop: loop,
                tokens: Token.ports
            )
            control = try ControlSocket(
                path: "\(options.runDirectory)/control.sock",
                group: options.controlGroup,
                in: loop,
                tokens: Token.control
            )
            page = try PageStore(
                path: "\(options.runDirectory)/page",
                identity: BootIdentity.current(),
                groups: options.site.groups.count
            )
            keeper =
                options.site.role == .node
                ? try AddressKeeper(groups: options.site.configuration.groups) : nil
            if options.site.role == .witness { try Capabilities.dropAll() }
            records = try StateRecorder(
                path: options.stateDirectory,
                configuration: options.site.configuration
            )
            try loop.add(signals.fileDescriptor, token: Token.signals)
            try loop.add(records.fileDescriptor, token: Token.service)
            if let keeper {
                try loop.add(keeper.monitor.fileDescriptor, token: Token.routes)
                try loop.add(keeper.workerDescriptor, token: Token.worker)
            }
            self.signals = signals
            self.loop = loop
            try output.start()
        } catch {
            throw StartupFailure(error)
        }
        var site = options.site
        let changes = records.forbiddenChanges
        let otherVoters = page.page.map { $0.header.voterSet != site.settings.voterSet } ?? false
        if !changes.isEmpty || otherVoters { site.suspend() }
        self.site = site
        text = ReportText(site: site)
        notifier = ServiceNotifier()
        dropped =
            OpenError.Reason.allCases.map { ($0.rawValue, 0) }
            + VoterPorts.ShellDrop.allCases.map { ($0.rawValue, 0) }
        agent = Agent(
            settings: site.settings,
            memory: Memory(
                page: page.page,
                newPlace: Place(Self.randomNumber()),
                longestLease: records.contents.longestLease,
                highestTerms: records.highestTerms(site)
            ),
            seed: Self.randomNumber()
        )
        started = ClockReading.bootNow()
        warnings = changes + records.warnings
        settleIn()
    }

    private static func requireCapabilities(_ site: Site) throws(StartupFailure) {
        guard site.role == .node else { return }
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

    static func randomNumber() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }

    /// What makes the agent's own lateness small, as far as it is allowed to.
    private func settleIn() {
        StartupMemory.giveBack()
        for (what, outcome) in [
            ("lock memory", Capabilities.lockMemory()),
            ("run with real-time priority", Capabilities.becomeRealtime()),
        ] {
            if case .notDone(let reason) = outcome {
                log.info("does without", metadata: ["what": "\(what)", "reason": "\(reason)"])
            }
        }
        for warning in warnings { log.warning("\(warning)") }
        if page.loss != .none {
            log.notice("new place", metadata: ["reason": "\(page.loss.text)"])
        }
    }

    // MARK: - The loop

    /// Runs until the agent has handed over or let go of everything, after SIGTERM.
    package func serve() throws(StartupFailure) {
        log.notice(
            "started",
            metadata: [
                "cluster": "\(site.configuration.cluster.name)", "host": "\(site.host)",
                "role": "\(site.role)", "version": "\(Version.current)",
            ]
        )
        step(.start)
        keeper?.noteInterfaces()
        takeKeeperNews()
        notifier?.send(.ready)
        while !finished {
            do throws(SystemError) {
                try turn()
            } catch {
                throw StartupFailure(error)
            }
        }
        notifier?.send(.stopping)
        log.notice("stopped", metadata: ["host": "\(site.host)"])
        _ = output.flush()
    }

    private func turn() throws(SystemError) {
        let due = agent.wakeUp(at: reading())?.nanoseconds
        var deadline = due
        for other in [control.deadline, removalRetryAt, watchdogDue] {
            if let other { deadline = min(deadline ?? other, other) }
        }
        let count = try loop.wait(until: deadline)
        let now = ClockReading.bootNow()
        if let due, due <= now { lateness = max(lateness, now - due) }
        for index in 0..<count { try handle(loop.ready(index)) }
        if let due, due <= ClockReading.bootNow() { step(.wake) }
        retryRemovals()
        control.expire(at: ClockReading.bootNow())
        feedWatchdog()
    }

    private func handle(_ ready: EventLoop.Ready) throws(SystemError) {
        switch ready.token {
        case Token.signals:
            while let signal = signals.next() { take(signal) }
        case Token.routes:
            try keeper?.takeNotifications()
            takeKeeperNews()
        case Token.worker:
            keeper?.takeCompletions()
            takeKeeperNews()
        case Token.service:
            for message in records.takeMessages() { take(message) }
        case let token where control.owns(token: token):
            for request in control.handle(ready, at: ClockReading.bootNow()) { take(request) }
        case let token where ports.owns(token: token):
            try receive(token)
        default:
            break
        }
    }

    private func receive(_ token: UInt64) throws(SystemError) {
        for _ in 0..<VoterPorts.mostPerWake {
            guard let arrival = try ports.receive(token: token) else { return }
            switch arrival {
            case .frame(let frame): step(.received(frame))
            case .dropped(let reason, let detail): drop(reason, detail)
            }
        }
    }

    private func take(_ signal: SignalPort.Signal) {
        switch signal {
        case .terminate, .interrupt:
            log.notice("stopping", metadata: ["signal": "\(signal)"])
            step(.shutdown)
        case .reload, .reexecute:
            log.warning(
                "this version does not reload: restart the agent, which within the lease goes unnoticed"
            )
        case .report:
            log.notice("\(statusLine)")
        }
    }

    private func take(_ message: StateRecorder.Message) {
        switch message {
        case .leaseRecorded(let lease): step(.leaseRecorded(lease))
        case .failed(let reason):
            fold(.warning, "state directory", "state", reason)
            let warning = "the state directory can't be written: \(reason)"
            if !warnings.contains(warning) { warnings.append(warning) }
        }
    }

    // MARK: - Steps

    /// One event, and all that follows from it at once. The clock is read after the event came.
    func step(_ event: Event) {
        pending.append(event)
        guard pending.count == 1 else { return }
        while let event = pending.first {
            for effect in agent.step(event, at: reading()) { perform(effect) }
            pending.removeFirst()
            // What could be answered without the kernel, at once.
            pending.append(contentsOf: keeper?.takeNews() ?? [])
        }
        noteStatusLine()
    }

    func reading() -> Reading {
        let now = ClockReading.now()
        return Reading(
            boottime: Instant(nanoseconds: now.boot),
            raw: Instant(nanoseconds: now.raw)
        )
    }

    private func perform(_ effect: Effect) {
        switch effect {
        case .writeHeader(let header):
            keep { () throws(SystemError) in try page.write(header) }
        case .writeRecord(let record):
            keep { () throws(SystemError) in try page.write(record) }
        case .openGate, .closeGate:
            // The kernel's gate is not part of this version: addresses and their lifetimes enforce.
            break
        case .addAddresses(let group, let request):
            keeper?.add(group, request: request)
        case .removeAddresses(let group, let request):
            keeper?.remove(group, request: request)
        case .announce(let group):
            if let failure = keeper?.announce(group) {
                fold(.warning, "announce \(group.bits)", "announcement-failed", failure, group)
            }
        case .send(let frame):
            ports.send(frame)
        case .recordLease(let lease):
            records.record(lease: lease)
        case .recordTerm(let group, let term):
            records.record(term: term.number, of: site.name(of: group))
        case .recordVoters:
            records.recordVoters()
            warnings.removeAll()
        case .reply(let id, let outcome):
            reply(to: id, outcome)
        case .report(let report):
            tell(report)
        case .exit:
            finished = true
        }
    }

    /// The page can only fail for want of room in the run directory, and that is reserved at the
    /// start. A promise that is not kept must not leave this host.
    private func keep(_ write: () throws(SystemError) -> Void) {
        do throws(SystemError) {
            try write()
        } catch {
            log.critical("the page can't be written", metadata: ["error": "\(error)"])
            _ = output.flush()
            exit(StartupFailure.Status.system.rawValue)
        }
    }

    private func takeKeeperNews() {
        guard let keeper else { return }
        for failure in keeper.takeFailures() {
            fold(
                .error,
                "kernel \(failure.group.bits)",
                "kernel-refused",
                failure.text,
                failure.group
            )
        }
        for event in keeper.takeNews() { step(event) }
        if keeper.owesRemoval, removalRetryAt == nil {
            removalRetryAt = ClockReading.bootNow() + AddressKeeper.removalPause
        }
    }

    private func retryRemovals() {
        guard let due = removalRetryAt, due <= ClockReading.bootNow() else { return }
        removalRetryAt = nil
        keeper?.retryRemovals()
        takeKeeperNews()
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
        guard let notifier, statusLine != currentStatusLine() else { return }
        statusLine = currentStatusLine()
        notifier.send(.status(statusLine))
    }

    private func currentStatusLine() -> String {
        agent.status(at: reading()).groups.map { group in
            let owner = group.owner.map(site.name(of:)) ?? "nobody"
            return "\(site.name(of: group.id)): \(owner) owns it, \(group.state) here"
        }.joined(separator: "; ")
    }

    func statusReport() -> StatusReport {
        var counters = Counters()
        counters.framesSent = ports.framesSent
        counters.framesReceived = ports.framesReceived
        counters.sendErrors = ports.sendErrors
        counters.renewals = agent.rules[.countAnswer]
        counters.takeovers = takeovers
        counters.announcements = keeper?.announcements ?? 0
        counters.logLinesDropped = UInt64(output.droppedTotal)
        counters.netlinkOverruns = keeper?.overruns ?? 0
        counters.maximumLatenessMicroseconds = UInt64(max(lateness, 0) / 1000)
        let builder = StatusBuilder(
            site: site,
            agent: agent,
            keeper: keeper,
            ports: ports,
            text: text,
            warnings: warnings,
            dropped: dropped,
            counters: counters,
            started: started
        )
        return builder.report(at: reading())
    }
}
