/// A question that was sent to a voter and may have to be sent again.
struct Ask: Equatable, Sendable {
    /// When to send it again; nil: it was answered, was never asked, or was asked often enough.
    var resendAt: Instant?
    var tries = 0
    /// Since when nothing that was asked has been answered.
    private(set) var unansweredSince: Instant?
    /// When the newest question was asked: no answer is to a later one.
    private(set) var asked: Stamp?

    /// Doubling from the voter's patience: losses cost little, a dead voter few frames.
    mutating func sent(at now: Reading, patience: Duration) {
        resendAt = now.boottime + patience * (1 << min(tries, 6))
        tries += 1
        asked = now
        unansweredSince = unansweredSince ?? now.boottime
    }

    mutating func answered() {
        resendAt = nil
        unansweredSince = nil
    }

    /// It is not sent again before the next occasion to ask.
    mutating func rest() { resendAt = nil }

    /// The voter can be talked to anew: at once, and as patiently as at first.
    mutating func repeatNow(at now: Reading) {
        resendAt = now.boottime
        tries = 0
    }

    /// Whether an answer can be one to what was asked: its stamp is that of a question, so by
    /// neither clock later than the newest.
    func mayBeAnswered(with stamp: Stamp) -> Bool {
        guard let asked else { return false }
        return stamp.boottime <= asked.boottime && stamp.raw <= asked.raw
    }

    func isDue(at now: Reading) -> Bool { resendAt.map { $0 <= now.boottime } ?? false }
}

/// One host's time as owner, from the majority to the letting go.
///
///     confirming --the kernel has the addresses--> serving
struct Tenure: Sendable {
    enum Stage: Equatable, Sendable {
        /// The kernel was asked to add the addresses; the gate is closed until it has. No request:
        /// it is still to be asked. Without an answer by `until` this host lets go.
        case confirming(request: UInt64?, until: Instant)
        case serving
    }

    var term: Term
    var stage: Stage
    /// The number of this tenure's first question to the kernel; answers to earlier ones are late.
    let firstRequest: UInt64
    /// By voter; what each of them has granted, counted from the stamp of its request.
    var counted: [Contribution?]
    /// Until when this host may answer. Compared with the clock in every handler.
    var deadline: Reading
    var asks: [Ask]
    /// Nil: it is closed.
    var gateUntil: Instant?
    /// Lifetimes enforce the lease, and the kernel has the addresses from an earlier process, which
    /// may have relied on a gate: they may last for longer until the kernel has taken new ones.
    var hasOldLifetimes = false
    /// Since when another host's word stands against this tenure: it owns the group in a higher
    /// term, it says. The gate is closed until a majority has answered a question asked after that.
    var doubtedSince: Reading?
    /// When such a word was last listened to.
    var lastDoubt: Instant?
    /// When a voter last made this host raise its term.
    var raisedAt: Instant?
    var handover: Handover?
    var announcements = Announcements()
    /// When the kernel is to be asked for the addresses, again or for the first time.
    var refreshAt: Instant
    /// The deadline at which it was asked last. Where lifetimes enforce the lease, the kernel has
    /// taken the addresses off by then if it is not asked again.
    var addressesUntil: Reading?
    /// When this process last asked for a renewal, and when the deadline was last extended.
    var renewedAt: Reading?
    var extendedAt: Instant?
    var forced: Forced?

    /// Taken by the operator's word instead of a majority.
    struct Forced: Equatable, Sendable {
        /// Since when a voter is heard: a majority within a lease, or it ends.
        var heardSince: Instant?
    }

    var isServing: Bool { stage == .serving && doubtedSince == nil }

    /// Whether it waits for the kernel's answer to that request.
    func isConfirming(_ number: UInt64) -> Bool {
        guard case .confirming(let request, _) = stage else { return false }
        return request == number
    }

    /// By when the kernel has to have said that the addresses are there.
    var confirmBy: Instant? {
        guard case .confirming(_, let until) = stage else { return nil }
        return until
    }

    /// Whether the gate lets the addresses answer.
    func isGateOpen(at now: Reading) -> Bool {
        isServing && gateUntil.map { now.boottime < $0 } ?? false
    }

    /// The gate is open, and for less than the deadline allows.
    var hasGateToExtend: Bool {
        guard let gateUntil, doubtedSince == nil, !hasOldLifetimes else { return false }
        return gateUntil < deadline.boottime
    }

    /// The instant on both clocks until which a majority of voters excludes everybody else: on each
    /// clock, the majority-th greatest of what the voters contribute. Nil if too few do.
    static func deadline(
        of counted: [Contribution?],
        majority: Int,
        timing: Timing
    ) -> Reading? {
        let ends = counted.compactMap { $0.map(timing.end(of:)) }
        guard let boottime = nthGreatest(majority, of: ends, \.boottime),
            let raw = nthGreatest(majority, of: ends, \.raw)
        else { return nil }
        return Reading(boottime: boottime, raw: raw)
    }

    /// For how long a majority of the counted grants runs, each from its stamp; nil if too few are.
    func lengthByMajority(_ majority: Int) -> Duration? {
        // Who has not granted has granted for no time.
        let length = Self.nthGreatest(majority, of: counted) { $0?.length ?? .zero }
        return length == .zero ? nil : length
    }

    private static func nthGreatest<Element, Value: Comparable>(
        _ rank: Int,
        of elements: [Element],
        _ value: (Element) -> Value
    ) -> Value? {
        var best: Value?
        for element in elements {
            let candidate = value(element)
            if let best, candidate <= best { continue }
            var reaching = 0
            for other in elements where value(other) >= candidate { reaching += 1 }
            if reaching >= rank { best = candidate }
        }
        return best
    }

    /// The voters whose grants are younger than they are long, by both clocks.
    func votes(at now: Reading) -> VoterMask {
        var votes = VoterMask()
        for (voter, contribution) in counted.enumerated() {
            guard let contribution, (contribution.stamp + contribution.length).isAhead(of: now)
            else { continue }
            votes[voter] = true
        }
        return votes
    }

    var record: TenureRecord {
        TenureRecord(
            term: term,
            counted: counted.compactMap { $0 },
            deadline: recordedDeadline,
            forced: forced != nil
        )
    }

    /// A process that begins in the middle of a doubt does not know of it, and lets go.
    var recordedDeadline: Reading { doubtedSince ?? deadline }
}

/// A planned move on its way: the successor was asked whether it would take over.
struct Handover: Equatable, Sendable {
    var successor: Int
    var number: UInt64
    var reason: Reason
    var ask = Ask()
    /// When no answer has come by then, the move is off.
    var giveUpAt: Instant
    /// If it fails, let go all the same.
    var urgent: Bool
}

/// When the next round of announcements is due: a burst, because frames and the receivers'
/// attention get lost (a receiver ignores changes within its `locktime` of 1 s unless they are
/// gratuitous), and then rarely, because switches forget (commonly after 300 s).
struct Announcements: Equatable, Sendable {
    private(set) var rounds = 0
    private(set) var dueAt: Instant?

    static let steady: Duration = .seconds(60)
    private static let burst: [Duration] = [
        .milliseconds(5), .milliseconds(20), .milliseconds(100), .milliseconds(400),
        .milliseconds(1000), .milliseconds(2000), .milliseconds(5000),
    ]

    mutating func begin(at now: Reading) {
        rounds = 0
        dueAt = now.boottime
    }

    func isDue(at now: Reading) -> Bool { dueAt.map { $0 <= now.boottime } ?? false }

    /// One round is made; sets the next one.
    mutating func takeRound(at now: Reading) {
        let pause = rounds < Self.burst.count ? Self.burst[rounds] : Self.steady
        rounds += 1
        dueAt = now.boottime + pause
    }
}
