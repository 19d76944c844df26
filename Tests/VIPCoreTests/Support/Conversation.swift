import Testing
import VIPCore

/// One agent under test. The test is its clock and its kernel, and speaks for the other voters:
/// their frames carry what the agent challenges them with, unless a test says otherwise.
///
/// Every step returns its effects as a transcript (see `Transcript`).
struct Conversation {
    /// What a host that the test speaks for says next.
    struct Part {
        let host: HostID
        var session: UInt64
        var sequence: UInt64 = 0
        var proof: UInt64 = 0
        var challenge: UInt64
        /// What it was last asked for.
        var request: Request?
    }

    let settings: Settings
    private(set) var agent: Agent
    private(set) var now: Reading
    /// Of the last step.
    private(set) var effects: [Effect] = []
    /// All frames that the test has sent, as they were.
    private(set) var sent: [Frame] = []
    var parts: [Part]
    /// The last number that the agent asked to have its addresses added, or removed, under.
    private(set) var addRequest: UInt64 = 0
    private(set) var removeRequest: UInt64 = 0

    /// Starts the agent, at ten seconds on both clocks unless told otherwise.
    init(
        _ settings: Settings,
        memory: Memory? = nil,
        at now: Reading = .ms(10_000),
        seed: UInt64 = 1
    ) {
        self.settings = settings
        self.now = now
        agent = Agent(settings: settings, memory: memory ?? .settled(settings.me), seed: seed)
        parts = settings.voters.filter { $0.id != settings.me }.map { voter in
            Part(host: voter.id, session: 500 + voter.id.bits, challenge: 900 + voter.id.bits)
        }
        step(.start)
    }

    // MARK: - Steps

    @discardableResult
    mutating func step(_ event: Event) -> [String] {
        effects = agent.step(event, at: now)
        for effect in effects {
            switch effect {
            case .send(let frame):
                guard let index = index(of: frame.receiver) else { continue }
                // A process takes a challenge from who repeats its own, or before it knows any.
                if parts[index].proof == 0 || frame.proof == parts[index].challenge {
                    parts[index].proof = frame.challenge
                }
                for case .request(let request) in frame.records { parts[index].request = request }
            case .addAddresses(_, let request, lifetime: _, before: _): addRequest = request
            case .removeAddresses(_, let request): removeRequest = request
            default: break
            }
        }
        return Transcript.lines(effects)
    }

    @discardableResult
    mutating func wake() -> [String] { step(.wake) }

    /// The kernel has the addresses that were asked for last.
    @discardableResult
    mutating func addressesAdded() -> [String] {
        step(.addressesAdded(web, request: addRequest, failed: false))
    }

    @discardableResult
    mutating func addressesRemoved() -> [String] {
        step(.addressesRemoved(web, request: removeRequest))
    }

    /// The same once what the gate had let through before it was closed has left: 1 ms and twice
    /// the drift later.
    @discardableResult
    mutating func drained() -> [String] {
        pass(1.004)
        return addressesRemoved()
    }

    /// A frame from `host` with these records.
    @discardableResult
    mutating func hear(_ host: HostID, path: UInt8 = 0, _ records: Record...) -> [String] {
        hear(frame(from: host, path: path, records))
    }

    @discardableResult
    mutating func hear(_ frame: Frame) -> [String] {
        sent.append(frame)
        return step(.received(frame))
    }

    /// The next frame that `host` would send.
    mutating func frame(
        from host: HostID,
        path: UInt8 = 0,
        voterSet: UInt64? = nil,
        _ records: [Record] = []
    ) -> Frame {
        guard let index = index(of: host) else { preconditionFailure("no such voter") }
        parts[index].sequence += 1
        return Frame(
            cluster: settings.cluster,
            voterSet: voterSet ?? settings.voterSet,
            sender: host,
            receiver: settings.me,
            session: parts[index].session,
            sequence: parts[index].sequence,
            proof: parts[index].proof,
            challenge: parts[index].challenge,
            path: path,
            sentAt: 1,
            echo: 0,
            records: records
        )
    }

    private func index(of host: HostID) -> Int? { parts.firstIndex { $0.host == host } }

    /// The host's process is another one from now on.
    mutating func restart(_ host: HostID) {
        guard let index = index(of: host) else { return }
        parts[index] = Part(
            host: host,
            session: parts[index].session + 1000,
            challenge: parts[index].challenge + 1000
        )
    }

    // MARK: - Time

    /// Moves the clocks, and nothing else.
    mutating func pass(_ milliseconds: Double) { now = now + .ms(milliseconds) }

    mutating func pass(boottime: Double, raw: Double) {
        now.boottime = now.boottime + .ms(boottime)
        now.raw = now.raw + .ms(raw)
    }

    /// Wakes the agent whenever it wants to be woken, and returns all that it did.
    @discardableResult
    mutating func sleep(_ milliseconds: Double) -> [String] {
        let end = now + .ms(milliseconds)
        var lines: [String] = []
        var steps = 0
        while let due = agent.wakeUp(at: now), due < end.boottime {
            steps += 1
            precondition(steps < 100_000, "the agent spins at \(now)")
            if due > now.boottime { now = now + (due - now.boottime) }
            lines += wake()
        }
        now = end
        return lines + wake()
    }

    // MARK: - What peers say

    /// `host` says that it is there and hears us.
    @discardableResult
    mutating func greet(_ host: HostID, hears: Bool = true, path: UInt8 = 0) -> [String] {
        if parts.first(where: { $0.host == host })?.proof == 0 { hear(host) }
        return hear(host, path: path, .presence(presence(hears: hears)))
    }

    func presence(hears: Bool = true) -> Presence {
        Presence(
            abstaining: false,
            maintenance: false,
            stopping: false,
            suspended: false,
            hearings: [
                Presence.Hearing(
                    voter: settings.me,
                    path: 0,
                    heard: hears,
                    ageMilliseconds: 1,
                    roundTripMicroseconds: 100
                )
            ]
        )
    }

    // MARK: - What the agent said

    /// Its records in the last step, to `host`.
    func records(to host: HostID) -> [Record] { frames(to: host).flatMap(\.records) }

    /// Its frames in the last step, to `host`, over the first path.
    func frames(to host: HostID) -> [Frame] {
        effects.compactMap { effect in
            guard case .send(let frame) = effect, frame.receiver == host, frame.path == 0 else {
                return nil
            }
            return frame
        }
    }

    /// Whether it asked the kernel for addresses in the last step.
    var asksForAddresses: Bool { effects.contains { $0.isAddition } }

    var reports: [Report] {
        effects.compactMap { effect in
            if case .report(let report) = effect { return report }
            return nil
        }
    }

    /// The last request that went to `host`.
    func request(to host: HostID) -> Request? { parts.first { $0.host == host }?.request }

    /// That voter's grant for what it was asked last.
    func grant(of host: HostID) -> Record? {
        request(to: host).map { .granted(Granted(answering: $0)) }
    }

    var state: AgentStatus.GroupState? { agent.status(at: now).groups.first?.state }
    var serves: Bool { agent.serves(web, at: now) }
}

extension Conversation: CustomTestStringConvertible {
    var testDescription: String {
        "conversation of \(name(of: settings.me)) at \(now.raw.sinceZero.text)"
    }
}

extension Effect {
    /// Whether it asks the kernel for addresses.
    var isAddition: Bool {
        if case .addAddresses = self { return true }
        return false
    }
}
