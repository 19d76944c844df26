import VIPCore
import VIPPlatform

/// Whether the kernel would take each group's addresses now, as it was tried, and whether it
/// answers at all: the one act that a takeover consists of.
///
///     due -> begin -> answered, once a question -> settle
///                \-> no answer within `silence`: silent, until the answer comes after all
///
/// A trial (`AddressTrial`) finds out most of what stands in the way. What only the act itself
/// meets is remembered from the last one, and believed for a while that doubles each time: so two
/// nodes that both can't have an address do not take it from each other every two seconds.
package struct KernelTrials {
    /// How often some group is tried, and each at the least, in nanoseconds.
    static let interval: Int64 = 1_000_000_000
    static let longestInterval: Int64 = 10_000_000_000
    /// How soon after one round the next may follow, where an interface has changed.
    static let shortestInterval: Int64 = 100_000_000
    /// Groups of one round: with 2,000 of them, each is tried within ten seconds all the same, and
    /// what comes back at once stays little.
    static let mostPerRound = 256
    /// For how long a refusal of the act itself is believed: from 2 s to a minute.
    static let firstPause: Int64 = 2_000_000_000
    static let longestPause: Int64 = 64_000_000_000

    private struct Subject {
        var triedAt: Int64?
        /// Of the last trial; nil where the kernel would take the addresses.
        var refusal: SystemError?
        var act: RefusedAct?
    }

    private struct RefusedAct {
        var failure: SystemError
        var until: Int64
        var pause: Int64
    }

    private struct Round {
        let id: UInt64
        /// By question, which group it is about.
        let questions: [Int]
        /// How many have been answered.
        var answered = 0
        let since: Int64
        var refusals: [Int: SystemError] = [:]
        let groups: [Int]
    }

    /// For how long an answer may be due before the kernel counts as silent, in nanoseconds.
    private let silence: Int64
    private var subjects: [Subject]
    private var round: Round?
    private var lastRound: Int64?
    private var nextRound: Int64 = 0
    /// When the first refused act is believed no more, of those that are.
    private var earliestEnd: Int64?
    private var hasChanged = true
    private var wasSilent = false

    package init(groups: Int, silence: Int64) {
        self.silence = silence
        subjects = Array(repeating: Subject(), count: groups)
    }

    // MARK: - Rounds

    /// Whether questions wait for the kernel.
    package var isUnderWay: Bool { round != nil }

    /// When there is something to do or to tell, on CLOCK_BOOTTIME.
    package func dueAt(now: Int64) -> Int64 {
        var due = nextRound
        if let round {
            let limit = round.since + silence
            due = limit > now ? limit : .max
        }
        return min(due, earliestEnd ?? .max)
    }

    /// The groups to be tried now; none while a round is under way. Those whose last trial is too
    /// long ago, and otherwise one, so that the kernel is asked something each second.
    package mutating func takeDue(at now: Int64, where isThere: (Int) -> Bool) -> [Int] {
        guard round == nil, nextRound <= now else { return [] }
        nextRound = now + Self.interval
        let candidates = subjects.indices.filter(isThere)
        let overdue = candidates.filter { index in
            subjects[index].triedAt.map { now - $0 >= Self.longestInterval } ?? true
        }
        guard overdue.isEmpty else { return Array(overdue.prefix(Self.mostPerRound)) }
        let longestAgo = candidates.min {
            (subjects[$0].triedAt ?? 0, $0) < (subjects[$1].triedAt ?? 0, $1)
        }
        return longestAgo.map { [$0] } ?? []
    }

    /// - Parameter questions: which group each is about, in the order in which they were asked.
    package mutating func begin(_ id: UInt64, questions: [Int], at now: Int64) {
        guard !questions.isEmpty else { return }
        var groups: [Int] = []
        for index in questions where groups.last != index { groups.append(index) }
        for index in groups { subjects[index].triedAt = now }
        round = Round(id: id, questions: questions, since: now, groups: groups)
        lastRound = now
    }

    /// Something about the interface has changed: the group's next trial is soon.
    package mutating func hurry(_ index: Int) {
        subjects[index].triedAt = nil
        let soonest = lastRound.map { $0 + Self.shortestInterval } ?? 0
        nextRound = min(nextRound, soonest)
    }

    /// The next answer of a round: the answers come in the order of the questions.
    ///
    /// - Returns: Whether it was one of this round's.
    @discardableResult
    package mutating func answered(_ id: UInt64, _ refusal: SystemError?) -> Bool {
        guard var round, round.id == id else { return false }
        let index = round.questions[round.answered]
        round.answered += 1
        if let refusal, round.refusals[index] == nil { round.refusals[index] = refusal }
        self.round = round
        guard round.answered == round.questions.count else { return true }
        for index in round.groups { subjects[index].refusal = round.refusals[index] }
        self.round = nil
        hasChanged = true
        return true
    }

    // MARK: - The act itself

    /// The kernel refused addresses that it was given in earnest.
    package mutating func refused(_ index: Int, _ failure: SystemError, at now: Int64) {
        let before = subjects[index].act?.pause
        let pause = before.map { min($0 * 2, Self.longestPause) } ?? Self.firstPause
        let until = now + pause
        subjects[index].act = RefusedAct(failure: failure, until: until, pause: pause)
        earliestEnd = min(earliestEnd ?? until, until)
        hasChanged = true
    }

    package mutating func taken(_ index: Int) {
        subjects[index] = Subject(triedAt: subjects[index].triedAt)
        hasChanged = true
    }

    // MARK: - The verdict

    /// Whether the verdict on any group may be another one than when this was last asked.
    package mutating func takeChange(at now: Int64) -> Bool {
        let isSilent = isSilent(at: now)
        defer { (hasChanged, wasSilent) = (false, isSilent) }
        if let end = earliestEnd, end <= now {
            earliestEnd = subjects.lazy.compactMap(\.act?.until).filter { $0 > now }.min()
            return true
        }
        return hasChanged || isSilent != wasSilent
    }

    /// Why the kernel would not take the group's addresses now; nil where it would.
    package func refusal(of index: Int, at now: Int64) -> SystemError? {
        let subject = subjects[index]
        if let refusal = subject.refusal { return refusal }
        guard let act = subject.act, now < act.until else { return nil }
        return act.failure
    }

    /// Whether it has left a question without an answer for too long.
    package func isSilent(at now: Int64) -> Bool {
        round.map { now - $0.since >= silence } ?? false
    }

    /// How long it has been silent, in whole seconds.
    func silentSeconds(at now: Int64) -> Int64 {
        round.map { (now - $0.since) / 1_000_000_000 } ?? 0
    }
}
