import Glibc
import Logging
import VIPConfiguration
import VIPControl
import VIPCore
import VIPHost
import VIPNet
import VIPPlatform

/// This host's part in one cluster: asks the core what is to be done, and does it in the order in
/// which the core says. The daemon's loop tells it what has come, and when it is due.
///
/// Nothing here is shared with another cluster but the sockets to the voters, the service thread
/// and the log.
final class Membership {
    /// What has to be opened while the process still has its capabilities, and before its first
    /// other thread.
    struct Resources {
        let routes: VoterRoutes
        let control: ControlSocket
        let page: PageStore
        let keeper: HostKeeper?
    }

    /// The loop's tokens of one cluster, counted from its first.
    enum Token {
        static let control: UInt64 = 0
        static let service = ControlSocket.tokenCount
        static let routes = service + 1
        static let worker = service + 2
        static let gate = service + 3
        static let announcements = service + 4
        static let claims = service + 5
        /// As many as each cluster has.
        static let count = service + 6
    }

    let cluster: LocalCluster
    let log: Logger
    let text: ReportText
    var agent: Agent
    /// Nil on a witness.
    let keeper: HostKeeper?
    let routes: VoterRoutes
    let page: PageStore
    let records: StateRecorder
    let control: ControlSocket
    private let output: LogOutput
    private let tokens: UInt64

    var history = History()
    var fold = RepeatFold()
    var waiting: [(command: UInt64, client: ControlSocket.ClientID, verb: String)] = []
    var nextCommand: UInt64 = 1
    var dropped: DropCounts
    var warnings = Warnings()
    /// What an operator has to accept before this host votes.
    var changes: [String] = []
    /// What was wrong with the page or the control socket when they were looked at last.
    var directoryReasons: [String] = []
    var unproven = UnprovenSessions()
    var takeovers: UInt64 = 0
    var claims = ForeignClaims()
    /// Clients that have asked for a reload since the daemon looked last.
    var reloadRequests: [ControlSocket.ClientID] = []
    /// What the programs counted that this process was before.
    var carried = Carried()
    var pending: [Event] = []
    private(set) var isFinished = false
    var statusLine = ""

    /// When the core has something to do, and when anything here has; both on CLOCK_BOOTTIME, in
    /// nanoseconds. Looked up again only after something has happened.
    private var due: Int64?
    private var deadline: Int64?
    private var hasNews = true
    /// Whether something was reported since the status line was looked at.
    var hasReported = true
    var statusLineMadeAt: Int64 = .min / 2
    /// Whether code has run that is not needed again for long, since the daemon looked last.
    var hasRareUse = false
    #if VIP_CRASH_POINTS
        var crashPoints = CrashPoints()
    #endif

    init(
        _ cluster: LocalCluster,
        _ resources: Resources,
        records: StateRecorder,
        loop: EventLoop,
        tokens: UInt64,
        output: LogOutput,
        log: Logger
    ) throws(SystemError) {
        (routes, control, page) = (resources.routes, resources.control, resources.page)
        keeper = resources.keeper
        self.records = records
        self.tokens = tokens
        self.output = output
        self.log = log
        try loop.add(records.fileDescriptor, token: tokens + Token.service)
        if let keeper {
            let addresses = keeper.addresses
            try loop.add(addresses.monitor.fileDescriptor, token: tokens + Token.routes)
            try loop.add(addresses.workerDescriptor, token: tokens + Token.worker)
            try loop.add(
                addresses.announcements.fileDescriptor,
                token: tokens + Token.announcements
            )
            if let claims = addresses.claims {
                try loop.add(claims.fileDescriptor, token: tokens + Token.claims)
            }
            try loop.add(keeper.gate.fileDescriptor, token: tokens + Token.gate)
        }
        // Whoever asks is not to be told what is not known yet, see `admit`.
        control.hold()
        var cluster = cluster
        changes = records.forbiddenChanges
        let otherVoters = page.page.map { $0.header.voterSet != cluster.settings.voterSet } ?? false
        if !changes.isEmpty || otherVoters {
            cluster.suspend(addressesMoved: records.haveAddressesMoved)
        }
        if let keeper { cluster.enforce(keeper.host.gate.enforcement) }
        self.cluster = cluster
        text = ReportText(cluster: cluster)
        dropped = DropCounts(
            reasons: OpenError.Reason.allCases.map(\.rawValue)
                + VoterRoutes.ShellDrop.allCases.map(\.rawValue)
        )
        agent = Agent(
            settings: cluster.settings,
            memory: Memory(
                page: page.page,
                newIncarnation: Incarnation(Self.randomNumber()),
                longestLease: records.longestLease,
                isLeaseRecorded: records.hasOwnLease || records.wasRefused,
                areGatesFound: keeper?.host.gate.areGatesFound ?? true,
                highestTerms: records.highestTerms(cluster)
            ),
            seed: Self.randomNumber()
        )
        for warning in records.warnings { warnings.note(warning, at: ClockReading.bootNow()) }
    }

    private static func randomNumber() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }

    // MARK: - What the loop tells

    /// When something is due here, on CLOCK_BOOTTIME; nil if nothing ever is.
    func nextDeadline() -> Int64? {
        guard hasNews else { return deadline }
        hasNews = false
        let now = reading()
        due = agent.wakeUp(at: now)?.nanoseconds
        let others = [
            control.deadline, keeper?.host.dueAt(now: now.boottime)?.nanoseconds, records.retryAt,
        ]
        deadline = others.reduce(due) { earliest($0, $1) }
        return deadline
    }

    /// By how much the core's deadline has been missed, in nanoseconds.
    func lateness(at now: Int64) -> Int64 {
        due.map { max(now - $0, 0) } ?? 0
    }

    /// Does what has become due since the loop has looked last.
    func doWhatIsDue() {
        let now = ClockReading.bootNow()
        guard let deadline, deadline <= now else { return }
        hasNews = true
        if let due, due <= now { step(.wake) }
        stepHost(.wake)
        control.expire(at: now)
        records.retry(at: now)
    }

    /// - Parameter ready: with a token of this cluster.
    func handle(_ ready: EventLoop.Ready, of process: ProcessFacts) throws(SystemError) {
        hasNews = true
        switch ready.token - tokens {
        case Token.service:
            for message in records.takeMessages() { handle(message) }
        case Token.routes:
            try keeper?.takeNotifications(at: reading().boottime)
        case Token.worker:
            try keeper?.takeCompletions(at: reading().boottime)
        case Token.announcements:
            keeper?.takeAnnouncementReports(at: reading().boottime)
        case Token.claims: handleClaims()
        case Token.gate:
            keeper?.takeGateReports(at: reading().boottime)
        default:
            for request in control.handle(ready, at: ClockReading.bootNow()) {
                handle(request, of: process)
            }
        }
        takeHostOutput()
    }

    func takeReloadRequests() -> [ControlSocket.ClientID] {
        defer { reloadRequests.removeAll() }
        return reloadRequests
    }

    func takeRareUse() -> Bool {
        defer { hasRareUse = false }
        return hasRareUse
    }

    /// A datagram that claims to be of this cluster.
    func receive(_ octets: Span<UInt8>, from source: Endpoint) {
        switch routes.open(octets, from: source) {
        case .frame(let frame): step(.received(frame))
        case .unreadable(let error):
            drop(error.reason.rawValue) { "from \(source): \(error)" }
        case .unexpected(let frame): dropUnexpected(frame, from: source)
        }
    }

    private func handle(_ message: StateRecorder.Message) {
        switch message {
        case .leaseRecorded(let lease): step(.leaseRecorded(lease))
        case .failed(let reason):
            fold(.warning, Self.stateSubject, "state", reason)
            warnings.note(
                "the state directory can't be written: \(reason)",
                about: Self.stateSubject,
                at: ClockReading.bootNow()
            )
        case .recovered:
            warnings.clear(Self.stateSubject)
            log.notice("state", metadata: ["reason": "the state directory is written again"])
        }
    }

    private static let stateSubject = "state directory"

    // MARK: - Steps

    /// One event, and all that follows from it at once. The clock is read after the event came.
    func step(_ event: Event) {
        pending.append(event)
        guard pending.count == 1 else { return }
        hasNews = true
        while let event = pending.first {
            let now = reading()
            let effects = agent.step(event, at: now)
            #if VIP_CRASH_POINTS
                crashPoints?.begin(event)
            #endif
            for effect in effects { perform(effect, at: now) }
            keep { () throws(SystemError) in
                try page.flush()
                try page.check()
            }
            #if VIP_CRASH_POINTS
                crashPoints?.passEnd()
            #endif
            stepHost(.stepped)
            pending.removeFirst()
        }
    }

    func reading() -> Reading {
        let now = ClockReading.now()
        return Reading(
            boottime: Instant(nanoseconds: now.boot),
            raw: Instant(nanoseconds: now.raw)
        )
    }

    /// Records that come one after the other are put into the page together, before the first
    /// effect of another kind is begun. So whatever may rest on them finds them there, and a death
    /// in between leaves what one before the first of them would have left, or a part of them.
    ///
    /// - Parameter now: the reading of the step that the effect came from.
    private func perform(_ effect: Effect, at now: Reading) {
        if !effect.isOfPage { keep { () throws(SystemError) in try page.flush() } }
        #if VIP_CRASH_POINTS
            crashPoints?.pass(before: effect)
        #endif
        keeper?.step(.effect(effect), at: now.boottime)
        switch effect {
        case .writeHeader(let header):
            keep { () throws(SystemError) in try page.write(header) }
        case .writeRecord(let record):
            keep { () throws(SystemError) in try page.write(record) }
        case .openGate, .addAddresses, .removeAddresses, .announce: break
        case .closeGate(let group): claims.forget(group)
        case .send(let frame):
            keep { () throws(SystemError) in try page.check() }
            routes.send(frame)
        case .recordLease(let lease):
            records.record(lease: lease)
        case .recordTerm(let group, let term):
            records.record(term: term.number, of: cluster.name(of: group))
        case .recordVoters:
            records.recordVoters()
            changes.removeAll()
        case .reply(let id, let outcome):
            reply(to: id, outcome)
        case .report(let report):
            tell(report)
        case .exit:
            for failure in keeper?.waitForRemoval().failures ?? [] {
                log.error("gate-left", metadata: ["reason": "\(failure)"])
            }
            isFinished = true
        }
    }

    /// The page has its room in the run directory from the start on. It fails where somebody has
    /// cut the file and filled the file system, or has spoilt it otherwise. A promise that is not
    /// kept must not leave this host.
    private func keep(_ write: () throws(SystemError) -> Void) {
        do throws(SystemError) {
            try write()
        } catch {
            log.critical("the page can't be written", metadata: ["error": "\(error)"])
            _ = output.flush()
            exit(StartupFailure.Status.system.rawValue)
        }
    }

    func stepHost(_ event: HostEvent) {
        guard let keeper else { return }
        keeper.step(event, at: Instant(nanoseconds: ClockReading.bootNow()))
        takeHostOutput()
    }

    private func takeHostOutput() {
        for output in keeper?.takeOutput() ?? [] {
            switch output {
            case .tell(let event): step(event)
            // It comes of a step, which is the first that is pending.
            case .tellNext(let event): pending.insert(event, at: 1)
            case .gate(let note):
                let note = GateKeeper.Note(note)
                fold(note.level, note.kind, note.event, note.reason)
            case .addresses(let note):
                let kind = "kernel \(note.group?.bits ?? 0) \(note.kind)"
                fold(note.event.level, kind, note.event.name, note.text, note.group)
            }
        }
    }
}
