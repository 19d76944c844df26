import Testing
import VIPCore
import VIPHost

@Suite("Trials of the kernel")
struct KernelTrialsTests {
    private static let denied = Refusal(kind: "RTM_NEWADDR 13", text: "permission denied")
    private static let inUse = Refusal(kind: "RTM_NEWADDR 98", text: "address already in use")

    private static func s(_ seconds: Int, _ nanoseconds: Int = 0) -> Instant {
        Instant(.seconds(seconds) + .nanoseconds(nanoseconds))
    }

    private func due(_ now: Instant, of trials: inout KernelTrials) -> [Int] {
        trials.takeDue(at: now) { _ in true }
    }

    /// A round of one question about the only group, answered at once.
    private func round(_ trials: inout KernelTrials, _ answer: Refusal?, at now: Instant) {
        let due = trials.takeDue(at: now) { _ in true }
        #expect(due == [0])
        trials.begin(7, questions: due, at: now)
        trials.answered(7, [answer])
        #expect(!trials.isUnderWay)
    }

    @Test("are repeated each second, and tell what the last answer was")
    func repeated() {
        var trials = KernelTrials(groups: 1, silence: .seconds(1))
        #expect(trials.dueAt(now: Self.s(5)) == .zero)
        round(&trials, Self.denied, at: Self.s(5))
        #expect(trials.refusal(of: 0, at: Self.s(5)) == Self.denied)
        #expect(trials.dueAt(now: Self.s(5)) == Self.s(6))
        #expect(due(Self.s(6, -1), of: &trials) == [])
        round(&trials, nil, at: Self.s(6))
        #expect(trials.refusal(of: 0, at: Self.s(6)) == nil)
    }

    @Test("find a refusal of any address of a group")
    func anyAddress() {
        var trials = KernelTrials(groups: 2, silence: .seconds(1))
        #expect(due(.zero, of: &trials) == [0, 1])
        trials.begin(7, questions: [0, 0, 1, 1], at: .zero)
        trials.answered(8, [nil, nil, nil, nil])
        #expect(trials.isUnderWay)
        trials.answered(7, [nil, Self.denied, nil, nil])
        #expect(trials.refusal(of: 0, at: .zero) == Self.denied)
        #expect(trials.refusal(of: 1, at: .zero) == nil)
    }

    @Test("go round the groups one a second, and come to each within ten seconds")
    func rotation() {
        var trials = KernelTrials(groups: 30, silence: .seconds(1))
        var last = Array(repeating: Instant.zero, count: 30)
        for quarter in 0..<240 {
            let now = Instant(.milliseconds(250 * quarter))
            let due = trials.takeDue(at: now) { $0 != 3 }
            trials.begin(UInt64(quarter), questions: due, at: now)
            for index in due {
                #expect(now - last[index] <= .seconds(10))
                last[index] = now
            }
            trials.answered(UInt64(quarter), due.map { _ in nil })
        }
        #expect(last[3] == .zero)
        #expect(last.enumerated().allSatisfy { $0 == 3 || $1 >= Self.s(50) })
    }

    @Test("come soon after an interface has changed, but not at once for each change")
    func hurried() {
        var trials = KernelTrials(groups: 1, silence: .seconds(1))
        round(&trials, nil, at: .zero)
        trials.hurry(0)
        #expect(trials.dueAt(now: Self.s(0, 1)) == Self.s(0, 100_000_000))
        #expect(due(Self.s(0, 99_999_999), of: &trials) == [])
        #expect(due(Self.s(0, 100_000_000), of: &trials) == [0])
    }

    @Test("believe a refusal of the act itself for 2 s, then 4, up to 64, until one succeeds")
    func act() {
        var trials = KernelTrials(groups: 1, silence: .seconds(1))
        var now = Instant.zero
        for seconds in [2, 4, 8, 16, 32, 64, 64] {
            trials.refused(0, Self.inUse, at: now)
            let end = now + .seconds(seconds)
            #expect(trials.refusal(of: 0, at: end - .nanoseconds(1)) == Self.inUse)
            #expect(trials.refusal(of: 0, at: end) == nil)
            now = end
        }
        trials.taken(0)
        trials.refused(0, Self.inUse, at: now)
        #expect(trials.refusal(of: 0, at: now + .seconds(2)) == nil)
    }

    @Test("say when a verdict may have changed, and only then")
    func change() {
        var trials = KernelTrials(groups: 1, silence: .seconds(1))
        func change(_ now: Instant) -> Bool { trials.takeChange(at: now) }
        #expect(change(.zero))
        #expect(!change(.zero))
        round(&trials, nil, at: .zero)
        #expect(change(.zero))
        trials.refused(0, Self.inUse, at: .zero)
        #expect(change(Self.s(0, 1)))
        #expect(trials.dueAt(now: Self.s(0, 1)) == Self.s(1))
        #expect(!change(Self.s(2, -1)))
        #expect(change(Self.s(2)))
        #expect(!change(Self.s(2)))
        trials.begin(1, questions: due(Self.s(3), of: &trials), at: Self.s(3))
        #expect(!change(Self.s(4, -1)))
        #expect(change(Self.s(4)))
        #expect(!change(Self.s(5)))
        trials.answered(1, [nil])
        #expect(change(Self.s(5)))
    }

    @Test("of a great many groups are spread over rounds")
    func many() {
        var trials = KernelTrials(groups: 2000, silence: .seconds(1))
        var tried: Set<Int> = []
        for second in 0..<8 {
            let due = due(Self.s(second), of: &trials)
            #expect(due.count <= 256)
            tried.formUnion(due)
            trials.begin(UInt64(second), questions: due, at: Self.s(second))
            trials.answered(UInt64(second), due.map { _ in nil })
        }
        #expect(tried.count == 2000)
    }

    @Test("without an answer are a silent kernel, until the answer comes after all")
    func silent() {
        var trials = KernelTrials(groups: 1, silence: .seconds(3))
        trials.begin(1, questions: due(.zero, of: &trials), at: .zero)
        #expect(trials.dueAt(now: .zero) == Self.s(3))
        #expect(!trials.isSilent(at: Self.s(3, -1)))
        #expect(trials.isSilent(at: Self.s(3)))
        // No further question is put to it, and nobody is woken for nothing.
        #expect(due(Self.s(4), of: &trials) == [])
        #expect(trials.dueAt(now: Self.s(4)) == nil)
        trials.answered(1, [nil])
        #expect(!trials.isSilent(at: Self.s(9)))
    }
}
