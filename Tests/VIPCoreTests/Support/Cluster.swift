import Testing
import VIPCore

/// The pair and its witness as real agents, on a network without delay and with kernels that answer
/// at once. Tests cut, kill and restart; after every effect at most one host may answer.
///
/// No two hosts share the zero of their clocks, so that comparing them would be noticed.
struct Cluster {
    struct Host {
        let settings: Settings
        let clocks: Duration
        var agent: Agent?
        var page: Page?
        var terms: [(group: GroupID, term: Term)] = []
        var hasAddresses = false
        var gate: Instant?
        var hasPower = true
        var incarnation: UInt64
        var exited = false
        var replies: [String] = []
    }

    /// While it is forced, that only one host answers is what the operator has vouched for.
    var isPromiseTheOperators = false

    private(set) var hosts: [Host]
    /// Since the cluster began.
    private(set) var elapsed: Duration = .zero
    /// For how long nobody has answered, since `forget`.
    private(set) var unserved: Duration = .zero
    /// Who has owned the group, in turn, since `forget`.
    private(set) var owners: [HostID] = []
    /// Frames from the first to the second get lost.
    var cuts: [(from: HostID, to: HostID)] = []
    /// In a hundred frames, by a chance of the network's own.
    var loss: UInt64 = 0

    private var waiting: [(host: Int, event: Event)] = []
    private var seed: UInt64 = 100
    private var chance: UInt64 = 88_172_645_463_325_252

    /// All three hosts have run before and owe nothing; lb1 comes first by name.
    init(prefer: HostID? = nil, failback: Failback = .manual, terms: [UInt64] = [0, 0, 0]) {
        hosts = [lb1, lb2, w1].enumerated().map { index, id in
            let record = GroupRecord(group: web, highestGranted: Term(terms[index]))
            return Host(
                settings: .pair(id, prefer: prefer, failback: failback),
                clocks: .seconds(1000 * (index + 1)),
                page: Memory.settled(Incarnation(id.bits + 10), records: [record]).page,
                incarnation: 1000 * id.bits
            )
        }
        for id in [lb1, lb2, w1] { start(id) }
        run(1000)
        forget()
    }

    // MARK: - What tests do

    mutating func run(_ milliseconds: Double) {
        let end = elapsed + .ms(milliseconds)
        settle()
        var steps = 0
        while true {
            var next: (host: Int, at: Duration)?
            for index in hosts.indices {
                guard let due = hosts[index].agent?.wakeUp(at: clock(index)) else { continue }
                let at = max(due.sinceZero - hosts[index].clocks, elapsed)
                if next.map({ at < $0.at }) ?? true { next = (index, at) }
            }
            guard let next, next.at < end else { break }
            steps += 1
            precondition(steps < 1_000_000, "the cluster spins at \(elapsed)")
            pass(to: next.at)
            step(next.host, .wake)
            settle()
        }
        pass(to: end)
    }

    /// The process is gone; gate, addresses and page stay as they are.
    mutating func kill(_ id: HostID) { hosts[index(of: id)].agent = nil }

    mutating func powerOff(_ id: HostID) {
        let index = index(of: id)
        hosts[index].agent = nil
        hosts[index].page = nil
        hosts[index].hasAddresses = false
        hosts[index].gate = nil
    }

    mutating func start(_ id: HostID) {
        let index = index(of: id)
        seed += 1
        hosts[index].incarnation += 1
        hosts[index].exited = false
        hosts[index].agent = Agent(
            settings: hosts[index].settings,
            memory: Memory(
                page: hosts[index].page,
                newIncarnation: Incarnation(hosts[index].incarnation),
                longestLease: .milliseconds(500),
                highestTerms: hosts[index].terms
            ),
            seed: seed
        )
        step(index, .start)
        if hosts[index].settings.isNode { step(index, .interface(web, up: true)) }
        settle()
    }

    mutating func tell(_ id: HostID, _ event: Event) {
        step(index(of: id), event)
        settle()
    }

    /// The last answer to a command at that host.
    mutating func command(_ id: HostID, _ command: Command) -> String? {
        let index = index(of: id)
        hosts[index].replies = []
        tell(id, .command(command, id: 1))
        run(50)
        return hosts[index].replies.last
    }

    mutating func cut(_ one: HostID, _ other: HostID) {
        cuts += [(one, other), (other, one)]
    }

    mutating func heal() { cuts = [] }

    /// Begins to count anew.
    mutating func forget() {
        unserved = .zero
        owners = owner.map { [$0] } ?? []
    }

    // MARK: - What tests see

    /// Whose kernel answers for the address.
    var owner: HostID? { hosts.indices.first { answers($0) }.map { hosts[$0].settings.me } }

    var term: UInt64? {
        guard let owner, let agent = hosts[index(of: owner)].agent else { return nil }
        return agent.status(at: clock(index(of: owner))).groups[0].term.number
    }

    func host(_ id: HostID) -> Host { hosts[index(of: id)] }

    func status(_ id: HostID) -> AgentStatus? {
        let index = index(of: id)
        return hosts[index].agent?.status(at: clock(index))
    }

    // MARK: - How it works

    private func index(of id: HostID) -> Int { Int(id.bits) - 1 }

    private func clock(_ index: Int) -> Reading {
        let now = Instant(elapsed + hosts[index].clocks)
        return Reading(boottime: now, raw: now + .seconds(7))
    }

    private func answers(_ index: Int) -> Bool {
        guard hosts[index].hasAddresses, let gate = hosts[index].gate else { return false }
        return clock(index).boottime < gate
    }

    private mutating func pass(to end: Duration) {
        var served = elapsed
        for index in hosts.indices where answers(index) {
            guard let gate = hosts[index].gate else { continue }
            served = max(served, min(gate.sinceZero - hosts[index].clocks, end))
        }
        unserved += end - served
        elapsed = end
    }

    private mutating func settle() {
        while !waiting.isEmpty {
            let (host, event) = waiting.removeFirst()
            step(host, event)
        }
    }

    private mutating func step(_ index: Int, _ event: Event) {
        let now = clock(index)
        guard let effects = hosts[index].agent?.step(event, at: now) else { return }
        for effect in effects { carryOut(effect, at: index) }
    }

    private mutating func carryOut(_ effect: Effect, at index: Int) {
        switch effect {
        case .writeHeader(let header):
            hosts[index].page = Page(header: header, records: hosts[index].page?.records ?? [])
        case .writeRecord(let record):
            hosts[index].page?.records.removeAll { $0.group == record.group }
            hosts[index].page?.records.append(record)
        case .openGate(_, let until): hosts[index].gate = until
        case .closeGate: hosts[index].gate = nil
        case .addAddresses(let group, let request, lifetime: _, before: _):
            hosts[index].hasAddresses = true
            waiting.append((index, .addressesAdded(group, request: request, failed: false)))
        case .removeAddresses(let group, let request):
            hosts[index].hasAddresses = false
            waiting.append((index, .addressesRemoved(group, request: request)))
        case .send(let frame): carry(frame)
        case .recordLease(let lease): waiting.append((index, .leaseRecorded(lease)))
        case .recordTerm(let group, let term): hosts[index].terms = [(group, term)]
        case .reply(_, let outcome): hosts[index].replies.append("\(outcome)")
        case .exit:
            hosts[index].exited = true
            hosts[index].agent = nil
        case .announce, .recordVoters, .report: break
        }
        let answering = hosts.indices.filter { answers($0) }
        if answering.count > 1, !isPromiseTheOperators {
            Issue.record("two hosts answer at \(elapsed), after \(effect)")
        }
        if let owner, owner != owners.last { owners.append(owner) }
    }

    private mutating func carry(_ frame: Frame) {
        chance = chance &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        guard chance >> 33 % 100 >= loss else { return }
        guard !cuts.contains(where: { $0 == (frame.sender, frame.receiver) }) else { return }
        waiting.append((index(of: frame.receiver), .received(frame)))
    }
}

extension Cluster: CustomTestStringConvertible {
    var testDescription: String { "cluster at \(elapsed)" }
}
