import VIPCore

/// Whether the kernel would take each group's addresses now, as it was tried, and whether it
/// answers at all: the one act that a takeover consists of.
///
///     due -> begin -> answered
///                \-> no answer within `silence`: silent, until the answer comes after all
///
/// A trial (`AddressRequest.tryOut`) finds out most of what stands in the way. What only the act
/// itself meets is remembered from the last one, and believed for a while that doubles each time:
/// so two nodes that both can't have an address do not take it from each other every two seconds.
package struct KernelTrials: Sendable {
    /// How often some group is tried, and each at the least.
    static let interval: Duration = .seconds(1)
    static let longestInterval: Duration = .seconds(10)
    /// How soon after one round the next may follow, where an interface has changed.
    static let shortestInterval: Duration = .milliseconds(100)
    /// Groups of one round: with 2,000 of them, each is tried within ten seconds all the same.
    static let mostPerRound = 256
    /// For how long a refusal of the act itself is believed: from the first to the longest.
    static let firstPause: Duration = .seconds(2)
    static let longestPause: Duration = .seconds(64)

    private struct Subject {
        var triedAt: Instant?
        /// Of the last trial; nil where the kernel would take the addresses.
        var refusal: Refusal?
        var act: RefusedAct?
    }

    private struct RefusedAct {
        var refusal: Refusal
        var until: Instant
        var pause: Duration
    }

    private struct Round {
        let id: UInt64
        let since: Instant
        /// By question, which group it is about; questions about one group follow each other.
        let questions: [Int]
    }

    /// For how long an answer may be due before the kernel counts as silent.
    private let silence: Duration
    private var subjects: [Subject]
    private var round: Round?
    private var lastRound: Instant?
    private var nextRound: Instant = .zero
    /// When the first refused act is believed no more, of those that are.
    private var earliestEnd: Instant?
    private var hasChanged = true
    private var wasSilent = false

    package init(groups: Int, silence: Duration) {
        self.silence = silence
        subjects = Array(repeating: Subject(), count: groups)
    }

    // MARK: - Rounds

    /// Whether questions wait for the kernel.
    package var isUnderWay: Bool { round != nil }

    /// When there is something to do or to tell; nil while nothing but an answer can change that.
    package func dueAt(now: Instant) -> Instant? {
        var due: Instant? = nextRound
        if let round {
            let limit = round.since + silence
            due = limit > now ? limit : nil
        }
        return earliest(due, earliestEnd)
    }

    /// The groups to be tried now; none while a round is under way. Those whose last trial is too
    /// long ago, and otherwise one, so that the kernel is asked something each second.
    package mutating func takeDue(at now: Instant, where isThere: (Int) -> Bool) -> [Int] {
        guard round == nil, nextRound <= now else { return [] }
        nextRound = now + Self.interval
        var (overdue, longestAgo): ([Int], Int?) = ([], nil)
        for index in subjects.indices where isThere(index) {
            guard let triedAt = subjects[index].triedAt, now - triedAt < Self.longestInterval else {
                overdue.append(index)
                if overdue.count == Self.mostPerRound { return overdue }
                continue
            }
            if longestAgo.flatMap({ subjects[$0].triedAt }).map({ triedAt < $0 }) ?? true {
                longestAgo = index
            }
        }
        return overdue.isEmpty ? longestAgo.map { [$0] } ?? [] : overdue
    }

    /// - Parameter questions: which group each is about, in the order in which they were asked.
    package mutating func begin(_ id: UInt64, questions: [Int], at now: Instant) {
        guard !questions.isEmpty else { return }
        for index in questions { subjects[index].triedAt = now }
        round = Round(id: id, since: now, questions: questions)
        lastRound = now
    }

    /// Something about the interface has changed: the group's next trial is soon.
    package mutating func hurry(_ index: Int) {
        subjects[index].triedAt = nil
        let soonest = lastRound.map { $0 + Self.shortestInterval } ?? .zero
        nextRound = min(nextRound, soonest)
    }

    /// - Parameter refusals: one for each question, nil where the kernel is willing; or none at
    ///   all, where the questions could not be asked.
    package mutating func answered(_ id: UInt64, _ refusals: [Refusal?]) {
        guard let round, round.id == id else { return }
        self.round = nil
        guard refusals.count == round.questions.count else { return }
        for index in round.questions { subjects[index].refusal = nil }
        for (index, refusal) in zip(round.questions, refusals) {
            subjects[index].refusal = subjects[index].refusal ?? refusal
        }
        hasChanged = true
    }

    // MARK: - The act itself

    /// The kernel refused addresses that it was given in earnest.
    package mutating func refused(_ index: Int, _ refusal: Refusal, at now: Instant) {
        let before = subjects[index].act?.pause
        let pause = before.map { min($0 * 2, Self.longestPause) } ?? Self.firstPause
        let until = now + pause
        subjects[index].act = RefusedAct(refusal: refusal, until: until, pause: pause)
        earliestEnd = earliest(earliestEnd, until)
        hasChanged = true
    }

    package mutating func taken(_ index: Int) {
        guard subjects[index].act != nil || subjects[index].refusal != nil else { return }
        subjects[index] = Subject(triedAt: subjects[index].triedAt)
        hasChanged = true
    }

    // MARK: - The verdict

    /// Whether the verdict on any group may be another one than when this was last asked.
    package mutating func takeChange(at now: Instant) -> Bool {
        let isSilent = isSilent(at: now)
        defer { (hasChanged, wasSilent) = (false, isSilent) }
        if let end = earliestEnd, end <= now {
            earliestEnd = subjects.lazy.compactMap(\.act?.until).filter { $0 > now }.min()
            return true
        }
        return hasChanged || isSilent != wasSilent
    }

    /// Why the kernel would not take the group's addresses now; nil where it would.
    package func refusal(of index: Int, at now: Instant) -> Refusal? {
        let subject = subjects[index]
        if let refusal = subject.refusal { return refusal }
        guard let act = subject.act, now < act.until else { return nil }
        return act.refusal
    }

    /// Until when any refused act is believed.
    func latestBelief(at now: Instant) -> Instant {
        subjects.lazy.compactMap(\.act?.until).reduce(now, max)
    }

    /// Whether it has left a question without an answer for too long.
    package func isSilent(at now: Instant) -> Bool {
        round.map { now - $0.since >= silence } ?? false
    }

    /// How long it has been silent, in whole seconds.
    package func silentSeconds(at now: Instant) -> Int64 {
        round.map { (now - $0.since).components.seconds } ?? 0
    }
}

/// The earlier of two instants, of which there may be none.
package func earliest(_ left: Instant?, _ right: Instant?) -> Instant? {
    guard let left, let right else { return left ?? right }
    return min(left, right)
}
