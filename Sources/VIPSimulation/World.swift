import VIPCore
import VIPHost

/// A cluster in true time: hosts, network, attacker, and whatever goes wrong. One seed is the whole
/// run; checkers look at every effect, and at everything else that changes who may answer.
///
///     Scenario ──> World ──step──> Agent (the one that is shipped)
///                    │  <─effects──
///                    └─> Violation, rules fired, transcript
public final class World {
    public let scenario: Scenario
    var now: TrueTime = 0
    var queue = EventQueue()
    var hosts: [SimulatedHost] = []
    var network: Network
    /// Separate streams, so that a new draw in one does not shift the others: of when things
    /// happen; of faults, and of what processes are given; of a host's gate, kernel and succession.
    var timingRandom: RandomStream
    var faultRandom: RandomStream
    var hostRandom: RandomStream
    var lives = 0
    var commandsGiven: UInt64 = 0

    // What is measured.
    public private(set) var steps = 0
    public internal(set) var rules = RuleCounts()
    public internal(set) var violation: Violation?
    var recording: Bool
    let compares: Bool
    private(set) var entries: [TranscriptEntry] = []
    public var transcript: [String] { entries.map { "\(text($0.time)) \(describe($0))" } }

    // What the checkers remember.
    var history: [GroupHistory]
    /// The faults have ended, and everybody must be served by now.
    var calm = false
    var healed = false
    /// A group was on its way back when everybody had to be served.
    var isDemandRepeated = false
    /// A virtual machine has been paused: until all is calm again two may answer.
    var isPauseSeen = false
    /// A voter has voted for two.
    var exposedUntil: TrueTime = 0
    var exposed: Bool { isPauseSeen || now < exposedUntil }
    /// Who lies at the moment, how, and in how many more frames.
    var lying: (host: Int, lie: Lie, left: Int, number: UInt64)?
    /// Every lease length that any host may have asked for or granted.
    var longestLease: TrueTime

    /// What one group has been through.
    struct GroupHistory {
        /// Who answers at this instant, and who did last.
        var answering: Int?
        var last: Int?
        var changes = 0
        /// Of the tenures with a majority: the last one.
        var term = Term.none
        var holder: Holder?
        /// A voter lost a term that its state directory did not have: terms may begin again.
        var amnesia = false
    }

    static func hostID(_ index: Int) -> HostID { HostID(UInt64(index + 1)) }
    static func groupID(_ index: Int) -> GroupID { GroupID(UInt64(index + 1)) }
    func index(_ id: HostID) -> Int { Int(id.bits) - 1 }
    func index(_ id: GroupID) -> Int { Int(id.bits) - 1 }

    static let voterSet: UInt64 = 0x5657

    /// - Parameter compares: has every step compared with one that looks at all groups. One run in
    ///   sixteen does of its own accord.
    public init(_ scenario: Scenario, recording: Bool = false, compares: Bool = false) {
        self.scenario = scenario
        self.recording = recording
        self.compares = compares || scenario.seed.isMultiple(of: 16)
        timingRandom = RandomStream(seed: scenario.seed)
        faultRandom = timingRandom.fork()
        hostRandom = RandomStream(seed: scenario.seed ^ 0x6C75_636B)
        network = Network(scenario, random: timingRandom.fork())
        history = Array(repeating: GroupHistory(), count: scenario.groups)
        longestLease = scenario.lease
        for index in 0..<scenario.hosts {
            hosts.append(SimulatedHost(index, in: scenario, clocks: drawClocks()))
        }
        for index in 0..<scenario.hosts {
            let delay = faultRandom.within(0...scenario.heartbeat * 2)
            queue.add(.launch(host: index, boot: 0), at: delay)
        }
        if scenario.aim == .twins { addTwin() }
        for fault in Fault.allCases where scenario[fault] > 0 {
            queue.add(.fault(fault), at: faultRandom.pause(mean: scenario[fault]))
        }
        if scenario.faultsEnd > 0 { queue.add(.heal, at: scenario.faultsEnd) }
    }

    /// A second host with the name of n2, on another machine: it gets all frames that n2 gets.
    private func addTwin() {
        let twin = SimulatedHost(min(1, scenario.nodes - 1), in: scenario, clocks: drawClocks())
        hosts.append(twin)
        queue.add(.launch(host: scenario.hosts, boot: 0), at: scenario.lease * 4)
    }

    /// Both clocks begin anywhere; two oscillators differ by at most `drift`.
    func drawClocks() -> HostClocks {
        let most = Int64(scenario.drift / 2)
        let error =
            faultRandom.below(3) == 0
            ? faultRandom.pick([-most, most]) : faultRandom.within(-most...most)
        return HostClocks(
            since: now,
            raw: faultRandom.within(1...1_000_000_000_000),
            boottime: faultRandom.within(1...1_000_000_000_000),
            oscillator: 1_000_000 + error
        )
    }

    // MARK: Running

    /// To the end of the run, or to the first violation.
    public func run() {
        while violation == nil, let (time, happening) = queue.removeFirst() {
            now = time
            if case .end = happening { return }
            happen(happening)
        }
    }

    /// For scripts: this much longer.
    public func run(for span: Duration) {
        let end = now + span.nanoseconds
        while violation == nil, let next = queue.next, next <= end {
            guard let (time, happening) = queue.removeFirst() else { break }
            now = time
            happen(happening)
        }
        now = end
    }

    public var simulated: TrueTime { now }

    func plan(_ happening: Happening, after span: TrueTime) {
        queue.add(happening, at: now + max(0, span))
    }

    func note(_ line: @autoclosure () -> String) {
        guard recording else { return }
        entries.append(TranscriptEntry(time: now, matter: .remark(line())))
    }

    func noteDetail(_ line: @autoclosure () -> String) {
        guard recording else { return }
        entries.append(TranscriptEntry(time: now, matter: .detail(line())))
    }

    func note(_ event: Event, to host: Int) {
        guard recording else { return }
        entries.append(TranscriptEntry(time: now, matter: .event(host: host, event)))
    }

    /// What comes of effects is in the transcript as these.
    func note(_ event: HostEvent, to host: Int) {
        guard recording else { return }
        switch event {
        case .effect, .stepped: break
        case .addresses(let event):
            entries.append(TranscriptEntry(time: now, matter: .addresses(host: host, event)))
        case .gate(let event): noteDetail("\(hosts[host].name) gate < \(event)")
        case .begin, .wake: noteDetail("\(hosts[host].name) host < \(event)")
        }
    }

    func note(_ effect: Effect, by host: Int) {
        guard recording else { return }
        entries.append(TranscriptEntry(time: now, matter: .effect(host: host, effect)))
    }

    func countStep() { steps += 1 }

    func violate(_ checker: Checker, _ text: @autoclosure () -> String) {
        guard violation == nil, scenario.aim != .twins || checker.holdsForTwins else { return }
        violation = Violation(seed: scenario.seed, checker: checker, time: now, text: text())
        note("VIOLATION \(checker.rawValue): \(violation?.text ?? "")")
    }

    private func happen(_ happening: Happening) {
        switch happening {
        case .deliver(let slot): arrive(slot)
        case .timer(let host, let life, let serial):
            live(host, life, happening) { ringTimer(host, serial) }
        case .proceed(let host, let life): live(host, life, happening) { proceedDue(host) }
        case .awaken(let host, let life): live(host, life, happening) { awaken(host) }
        case .launch(let host, let boot): booted(host, boot, happening) { launch(host) }
        case .killAgain(let host, let boot):
            booted(host, boot, happening) { killAgain(host) }
        case .kernel(let host, let boot): booted(host, boot, happening) { work(host) }
        case .kernelAnswer(let host, let life):
            live(host, life, happening) {
                guard let first = hosts[host].process?.answers.first else { return }
                hosts[host].process!.answers.removeFirst()
                tell(host, .answer(first.id, first.answer))
            }
        case .netlink(let host, let life): live(host, life, happening) { tell(host, .netlink) }
        case .silent(let host, let life, let group):
            live(host, life, happening) { tell(host, .host(.addresses(.silent(group: group)))) }
        case .restoreLink(let host, let boot, let path):
            booted(host, boot, happening) { restoreLink(host, path) }
        case .flap(let host, let boot, let group, let left):
            booted(host, boot, happening) { flapAddress(host, group, left: left, isPaced: true) }
        case .awaitGate(let host, let life):
            live(host, life, happening) {
                if case .starting? = hosts[host].process?.phase { proceedDue(host) }
            }
        case .gateWork(let host, let life): live(host, life, happening) { workOnGate(host) }
        case .watchGate(let host, let life):
            live(host, life, happening) {
                hosts[host].process?.gateWorker.isWatching = false
                watchGate(host)
            }
        case .mendGate(let host, let boot): booted(host, boot, happening) { mendGate(host) }
        case .force(let host, let boot, let group):
            booted(host, boot, happening) { command(host, .takeover(Self.groupID(group))) }
        case .tellHealth(let host, let life, let group):
            live(host, life, happening) {
                tell(
                    host,
                    .health(Self.groupID(group), healthy: hosts[host].healthy[group])
                )
            }
        case .expire(let host, let boot, let group, let serial):
            booted(host, boot, happening) { expireAddress(host, group, serial) }
        case .writeDirectory(let host, let boot):
            booted(host, boot, happening) { writeDirectory(host) }
        case .slew(let host): slew(host)
        case .resume(let host, let boot): resume(host, boot)
        case .powerOn(let host, let boot): powerOn(host, boot)
        case .carrier(let host, let path, let serial): carrierBack(host, path, serial)
        case .mend(let from, let to, let path, let serial):
            network.mend(from, to, path, serial)
        case .unclog(let from, let to, let path, let serial):
            network.unclog(from, to, path, serial)
            flush(network.link(from, to, path))
        case .fault(let fault): strike(fault)
        case .heal: heal()
        case .demand: demand()
        case .end: break
        }
    }

    /// For what belongs to one life of an agent; a suspended host's events wait.
    private func live(_ host: Int, _ life: Int, _ happening: Happening, do body: () -> Void) {
        guard hosts[host].powered, hosts[host].process?.life == life else { return }
        guard !hosts[host].isStopped else { return hosts[host].deferred.append(happening) }
        body()
    }

    /// For what belongs to one boot of a host.
    private func booted(_ host: Int, _ boot: Int, _ happening: Happening, do body: () -> Void) {
        guard hosts[host].powered, hosts[host].boot == boot else { return }
        guard !hosts[host].isStopped else { return hosts[host].deferred.append(happening) }
        body()
    }
}
