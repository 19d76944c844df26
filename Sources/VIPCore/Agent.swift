/// One host's part in the cluster: voter for every group, and on a node also standby or owner.
///
/// Pure: `step` is the only way in, the effects that it returns the only way out, and time is an
/// argument. Call `step(.start)` first; after every `step` carry out all effects in their order,
/// then ask `wakeUp(at:)` when to step again at the latest. Whatever the event, a step first looks
/// at the clock (no owner acts past its deadline), then takes the event, then does what is due, and
/// last sends frames.
public struct Agent: Sendable {
    public let settings: Settings
    public private(set) var rules = RuleCounts()
    public private(set) var drops = [UInt64](repeating: 0, count: DropReason.allCases.count)

    let me: Int
    var holder: Holder
    /// Drawn when the process starts; never that of another process.
    let session: UInt64
    var peers: [Peer]
    var groups: Groups
    var random: Random
    let memory: Memory
    private var started = false
    private var lastStep = Reading.zero
    private var stepBefore = Reading.zero

    var abstentionEnd: Instant = .zero
    private var abstentionReported = true
    /// What the state directory holds.
    var recordedLease: Duration
    /// The shell has been asked to lower that.
    private var isLoweringRecord = false
    var suspended: Bool
    var areGatesFound: Bool
    var maintenance = false
    /// SIGTERM has come; by then at the latest the process ends.
    var stoppingUntil: Instant?
    private var exited = false
    /// When renewals last went out, or were due.
    private var lastBeat: Instant = .zero
    /// As all groups have seen them.
    private var seen: Circumstances?
    /// Of groups that have left the configuration: what the page says of them.
    let formerRecords: [GroupRecord]
    /// Until when, by MONOTONIC_RAW, there are grants of which the page knew at the start.
    private let rememberedUntil: Instant

    /// How long a stop may take: two seconds, less what the shell needs.
    public static let stopPatience: Duration = .milliseconds(1500)
    /// What of it is kept for letting go without a successor: the kernel's answer and the release.
    static let releasePatience: Duration = .milliseconds(500)

    /// `seed` is the agent's only chance: sessions, challenges and the order of candidates come
    /// from it. It must differ from process to process, or an old session could come to life again.
    public init(settings: Settings, memory: Memory, seed: UInt64) {
        var random = Random(seed: seed)
        self.settings = settings
        self.memory = memory
        let incarnation = memory.page?.header.incarnation ?? memory.newIncarnation
        holder = Holder(host: settings.me, incarnation: incarnation)
        me = settings.voters.firstIndex { $0.id == settings.me } ?? 0
        session = random.nonzero()
        peers = settings.voters.map { voter in
            Peer(
                id: voter.id,
                role: voter.role,
                paths: voter.id == settings.me ? 0 : voter.paths,
                challenge: random.nonzero()
            )
        }
        let groups = Groups(
            settings.groups.map { Group(settings: $0, in: settings, at: .zero) }
        )
        let records = memory.page?.records ?? []
        formerRecords = records.filter { groups.index(of: $0.group) == nil }
        rememberedUntil =
            records.compactMap(\.grant).filter { !$0.released }.map(\.expiry).max() ?? .zero
        self.groups = groups
        recordedLease =
            memory.isLeaseRecorded
            ? max(settings.timing.lease, memory.longestLease) : memory.longestLease
        suspended = settings.suspended
        areGatesFound = memory.areGatesFound || mutated(.gatesTakenForFound)
        self.random = random
    }

    public mutating func step(_ event: Event, at now: Reading) -> [Effect] {
        precondition(
            now.boottime >= lastStep.boottime && now.raw >= lastStep.raw,
            "time does not run backwards"
        )
        precondition(started || event == .start, "the first event is .start")
        stepBefore = lastStep
        lastStep = now

        var out = StepOutput(rules: rules, random: random)
        if event == .start {
            start(at: now, &out)
        } else {
            groups.begin(at: now)
            let before = look(at: now)
            groups.changeTouched { $0.enforceDeadline(in: before, &out) }
            handle(event, at: now, &out)
        }
        let beat = beat(at: now)
        if beat { groups.touchOwners() }
        let context = look(at: now)
        groups.changeTouched { group in
            if beat { group.renew(in: context, &out) }
            group.advance(in: context, &out)
        }
        groups.settle(in: context)
        recordLease(&out)
        lowerRecord(at: now, &out)
        noteVoters(at: now, &out)
        noteAbstention(at: now, &out)
        noteStopped(at: now, &out)
        for voter in out.unanswering { peers[voter].avoidLargeFrames() }
        drops[DropReason.implausible.rawValue] &+= out.implausible

        if mutated(.pageAfterFrame) {
            flush(at: now, &out)
            commit(&out)
        } else {
            commit(&out)
            flush(at: now, &out)
        }
        rules = out.rules
        random = out.random
        return out.effects
    }

    /// What rests on a record comes behind it; and the records come together, so that the shell
    /// can write them together.
    private mutating func commit(_ out: inout StepOutput) {
        groups.changeTouched { $0.commit(for: holder, &out) }
        groups.changeTouched { $0.extendGate(&out) }
    }

    /// Has all groups looked at if anything has changed that they depend on.
    private mutating func look(at now: Reading) -> StepContext {
        let context = context(now)
        if context.circumstances != seen {
            seen = context.circumstances
            groups.touchAll()
        }
        return context
    }

    /// The instant of CLOCK_BOOTTIME at which something is due, nil if nothing ever is. It may lie
    /// in the past. Whole nanoseconds, never rounded down: a clock that counts those would stand
    /// still.
    public func wakeUp(at now: Reading) -> Instant? {
        guard let due = due(at: now) else { return nil }
        let floor = Instant(nanoseconds: due.nanoseconds)
        return floor < due ? floor + .nanoseconds(1) : floor
    }

    private func due(at now: Reading) -> Instant? {
        guard started else { return now.boottime }
        var soonest: Instant?
        func consider(_ instant: Instant?) {
            guard let instant else { return }
            if soonest.map({ instant < $0 }) ?? true { soonest = instant }
        }
        if !groups.owners.isEmpty { consider(beatDue) }
        let prospect = groups.prospect
        if prospect.boottime < .never { consider(prospect.boottime) }
        if prospect.raw < .never { consider(now.boottime + (prospect.raw - now.raw)) }
        for (index, peer) in peers.enumerated() where index != me && !peer.paths.isEmpty {
            consider(peer.heartbeatDue)
        }
        if !exited { consider(stoppingUntil) }
        return soonest
    }

    /// Once a heartbeat, together for all groups, so that one frame carries them all.
    private mutating func beat(at now: Reading) -> Bool {
        let due = beatDue
        guard due <= now.boottime else { return false }
        // After a pause there is nothing to catch up with.
        lastBeat = due + beatInterval > now.boottime ? due : now.boottime
        return true
    }

    private var beatDue: Instant { lastBeat + beatInterval }

    /// A heartbeat; less where voters grant for less than this host's lease, in proportion.
    private var beatInterval: Duration {
        let timing = settings.timing
        let length = groups.prospect.grantedLength
        guard length < timing.lease else { return timing.heartbeat }
        // In nanoseconds: the attoseconds of 10 s by those of 30 s are more than 128 bits hold.
        let part =
            Int128(timing.heartbeat.nanoseconds) * Int128(length.nanoseconds)
            / Int128(timing.lease.nanoseconds)
        return min(timing.heartbeat, max(.milliseconds(1), .nanoseconds(Int64(clamping: part))))
    }

    // MARK: - Start and stop

    private mutating func start(at now: Reading, _ out: inout StepOutput) {
        precondition(!started, "an agent starts once")
        started = true
        lastBeat = now.boottime - settings.timing.heartbeat
        for index in peers.indices { peers[index].heartbeatDue = now.boottime }
        beginIncarnation(at: now, &out)
        if suspended { out.report(.suspended) }

        let context = context(now)
        let records = groups.inOrder(memory.page?.records ?? [], \.group)
        let terms = groups.inOrder(memory.highestTerms, \.group)
        for index in groups.all.indices {
            groups.change(index) { group in
                group.roleSince = now.boottime
                group.remember(records[index], highestTerm: terms[index]?.term ?? .none)
                group.start(with: records[index]?.tenure, in: context, &out)
            }
        }
        // Groups that left the configuration: their records stay, but nothing of them is served.
        for record in formerRecords {
            if record.tenure != nil {
                var ended = record
                ended.tenure = nil
                out.emit(.writeRecord(ended))
            }
            guard settings.isNode else { continue }
            // The last process may have died between giving up the term and closing the gate.
            out.emit(.closeGate(record.group))
            out.emit(.removeAddresses(record.group, request: 0))
        }
    }

    /// A new incarnation abstains until the longest lease that it may have granted has run out, and
    /// the page says so from its first write. A found page says itself until when.
    private mutating func beginIncarnation(at now: Reading, _ out: inout StepOutput) {
        if let header = memory.page?.header {
            abstentionEnd = header.abstentionEnd
            maintenance = header.maintenance
            if now.raw < abstentionEnd { out.fire(.keepAbstaining) }
        } else {
            let longest = max(settings.timing.lease, memory.longestLease)
            abstentionEnd = mutated(.newIncarnationDoesNotAbstain) ? now.raw : now.raw + longest
            out.fire(.abstainAsNew)
            var written = header
            if mutated(.abstentionNotInPage) { written.abstentionEnd = now.raw }
            out.emit(.writeHeader(written))
        }
        if now.raw < abstentionEnd {
            abstentionReported = false
            out.report(.abstaining(abstentionEnd - now.raw))
        }
    }

    /// As it is to be in the page. While suspended the page keeps the voters that it has.
    var header: PageHeader {
        PageHeader(
            incarnation: holder.incarnation,
            abstentionEnd: abstentionEnd,
            voterSet: suspended
                ? memory.page?.header.voterSet ?? settings.voterSet
                : settings.voterSet,
            maintenance: maintenance
        )
    }

    mutating func abstain(until end: Instant, at now: Reading, _ out: inout StepOutput) {
        guard end > abstentionEnd else { return }
        abstentionEnd = end
        abstentionReported = false
        out.report(.abstaining(abstentionEnd - now.raw))
    }

    private mutating func noteAbstention(at now: Reading, _ out: inout StepOutput) {
        guard !abstentionReported, now.raw >= abstentionEnd else { return }
        abstentionReported = true
        out.report(.abstentionEnded)
    }

    private mutating func noteStopped(at now: Reading, _ out: inout StepOutput) {
        guard let stoppingUntil, !exited else { return }
        guard groups.busy.isEmpty || stoppingUntil <= now.boottime else { return }
        exited = true
        out.emit(.exit)
    }

    // MARK: - Events

    private mutating func handle(_ event: Event, at now: Reading, _ out: inout StepOutput) {
        switch event {
        case .start, .wake:
            break
        case .received(let frame):
            receive(frame, at: now, &out)
        case .addressesAdded(let id, let request, let failed):
            withGroup(id, at: now) {
                $0.addressesAdded(request, failed: failed, in: $1, &out)
            }
        case .addressesLate(let id, let request):
            withGroup(id, at: now) { $0.addressesLate(request, in: $1, &out) }
        case .addressesRemoved(let id, let request):
            withGroup(id, at: now) { $0.addressesRemoved(request, in: $1, &out) }
        case .addressesFound(let id, let all, let some):
            withGroup(id, at: now) { $0.addressesFound(all: all, some: some, in: $1, &out) }
        case .interface(let id, let up):
            withGroup(id, at: now) { group, _ in group.interfaceUp = up }
        case .health(let id, let healthy):
            withGroup(id, at: now) { group, _ in group.healthy = healthy }
        case .gate(let id, let inPlace):
            withGroup(id, at: now) { group, _ in group.gateInPlace = inPlace }
        case .gatesClosed:
            let context = context(now)
            groups.changeLettingGo { $0.gateClosed(after: stepBefore, in: context) }
            areGatesFound = true
        case .addressable(let id, let addressable):
            withGroup(id, at: now) { group, _ in group.isAddressable = addressable }
        case .kernelAnswers(let id, let answers):
            withGroup(id, at: now) { group, _ in group.kernelAnswers = answers }
        case .leaseRecorded(let length):
            recordedLease = length
            isLoweringRecord = false
        case .command(let command, let id):
            handle(command, id: id, at: now, &out)
        case .shutdown:
            if stoppingUntil == nil { stoppingUntil = now.boottime + Self.stopPatience }
        }
    }

    mutating func withGroup(
        _ id: GroupID,
        at now: Reading,
        _ body: (inout Group, StepContext) -> Void
    ) {
        guard let index = groups.index(of: id) else { return }
        let context = context(now)
        groups.change(index) { body(&$0, context) }
    }

    private mutating func recordLease(_ out: inout StepOutput) {
        guard let lease = out.leaseToRecord else { return }
        isLoweringRecord = false
        out.emit(.recordLease(lease))
    }

    /// The record says for how long a new incarnation has to abstain, so it may be lowered to this
    /// host's own lease once no grant lasts for longer than that: this process makes none that
    /// does.
    private mutating func lowerRecord(at now: Reading, _ out: inout StepOutput) {
        let lease = settings.timing.lease
        guard recordedLease > lease, !isLoweringRecord, !suspended else { return }
        let isNeeded = grantedUntil - now.raw > lease || now.raw < abstentionEnd
        guard !isNeeded || mutated(.recordLoweredEarly) else { return }
        isLoweringRecord = true
        out.fire(.lowerRecord)
        out.report(.recordLowered(to: lease))
        out.emit(.recordLease(lease))
    }

    /// Until when this host's voter has granted at most, to groups that have gone too.
    private var grantedUntil: Instant { max(groups.prospect.grantedUntil, rememberedUntil) }

    /// Says once when a voter or a path comes or goes.
    private mutating func noteVoters(at now: Reading, _ out: inout StepOutput) {
        let span = settings.timing.hearing
        for index in peers.indices where index != me {
            for path in peers[index].paths.indices {
                let heard =
                    peers[index].paths[path].lastHeard.map { now.boottime - $0 <= span } ?? false
                guard heard != peers[index].paths[path].reportedHeard else { continue }
                peers[index].paths[path].reportedHeard = heard
                out.report(
                    heard
                        ? .pathHeard(peers[index].id, path: path)
                        : .pathLost(peers[index].id, path: path)
                )
            }
            let heard = peers[index].isHeard(at: now, within: span)
            guard heard != peers[index].reportedHeard else { continue }
            peers[index].reportedHeard = heard
            let lasted = now.boottime - peers[index].heardSince
            peers[index].heardSince = now.boottime
            out.report(
                heard
                    ? .voterHeard(peers[index].id) : .voterLost(peers[index].id, after: lasted)
            )
        }
    }

    mutating func count(_ drop: DropReason) { drops[drop.rawValue] &+= 1 }
}
