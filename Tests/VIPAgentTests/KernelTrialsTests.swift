import Glibc
import Testing
import VIPAgent
import VIPPlatform

@Suite("Trials of the kernel")
struct KernelTrialsTests {
    private static let second: Int64 = 1_000_000_000

    private static func refusal(_ errno: Int32) -> SystemError {
        SystemError(call: "RTM_NEWADDR", on: "10.77.0.100/32 on eth0", errno: errno)
    }

    private func due(_ now: Int64, of trials: inout KernelTrials) -> [Int] {
        trials.takeDue(at: now) { _ in true }
    }

    /// A round of one question about the only group, answered at once.
    private func round(_ trials: inout KernelTrials, _ answer: SystemError?, at now: Int64) {
        let due = trials.takeDue(at: now) { _ in true }
        #expect(due == [0])
        trials.begin(UInt64(now), questions: due, at: now)
        let isIts = trials.answered(UInt64(now), answer)
        #expect(isIts)
    }

    @Test("are repeated each second, and tell what the last answer was")
    func repeated() {
        var trials = KernelTrials(groups: 1, silence: Self.second)
        #expect(trials.dueAt(now: 5) == 0)
        round(&trials, Self.refusal(EACCES), at: 5 * Self.second)
        #expect(trials.refusal(of: 0, at: 5 * Self.second)?.errno == EACCES)
        #expect(trials.dueAt(now: 5 * Self.second) == 6 * Self.second)
        #expect(due(6 * Self.second - 1, of: &trials) == [])
        round(&trials, nil, at: 6 * Self.second)
        #expect(trials.refusal(of: 0, at: 6 * Self.second) == nil)
    }

    @Test("find a refusal of any address of a group, in whatever order the answers come")
    func anyAddress() {
        var trials = KernelTrials(groups: 2, silence: Self.second)
        #expect(due(0, of: &trials) == [0, 1])
        trials.begin(7, questions: [0, 0, 1, 1], at: 0)
        let answers = [nil, Self.refusal(EACCES), nil, nil]
        for answer in answers { trials.answered(7, answer) }
        #expect(trials.refusal(of: 0, at: 0)?.errno == EACCES)
        #expect(trials.refusal(of: 1, at: 0) == nil)
        let isIts = trials.answered(7, nil)
        #expect(!isIts)
    }

    @Test("go round the groups one a second, and come to each within ten seconds")
    func rotation() {
        var trials = KernelTrials(groups: 30, silence: Self.second)
        var last = Array(repeating: Int64(0), count: 30)
        for now in stride(from: Int64(0), to: 60 * Self.second, by: 250_000_000) {
            let due = trials.takeDue(at: now) { $0 != 3 }
            trials.begin(UInt64(now), questions: due, at: now)
            for index in due {
                #expect(now - last[index] <= 10 * Self.second)
                last[index] = now
                trials.answered(UInt64(now), nil)
            }
        }
        #expect(last[3] == 0)
        #expect(last.enumerated().allSatisfy { $0 == 3 || $1 >= 50 * Self.second })
    }

    @Test("come soon after an interface has changed, but not at once for each change")
    func hurried() {
        var trials = KernelTrials(groups: 1, silence: Self.second)
        round(&trials, nil, at: 0)
        trials.hurry(0)
        #expect(trials.dueAt(now: 1) == 100_000_000)
        #expect(due(99_999_999, of: &trials) == [])
        #expect(due(100_000_000, of: &trials) == [0])
    }

    @Test("believe a refusal of the act itself for 2 s, then 4, up to 64, until one succeeds")
    func act() {
        var trials = KernelTrials(groups: 1, silence: Self.second)
        var now: Int64 = 0
        for seconds in [2, 4, 8, 16, 32, 64, 64] as [Int64] {
            trials.refused(0, Self.refusal(EADDRINUSE), at: now)
            let end = now + seconds * Self.second
            #expect(trials.refusal(of: 0, at: end - 1)?.errno == EADDRINUSE)
            #expect(trials.refusal(of: 0, at: end) == nil)
            now = end
        }
        trials.taken(0)
        trials.refused(0, Self.refusal(EADDRINUSE), at: now)
        #expect(trials.refusal(of: 0, at: now + 2 * Self.second) == nil)
    }

    @Test("say when a verdict may have changed, and only then")
    func change() {
        var trials = KernelTrials(groups: 1, silence: Self.second)
        func change(_ now: Int64) -> Bool { trials.takeChange(at: now) }
        #expect(change(0))
        #expect(!change(0))
        round(&trials, nil, at: 0)
        #expect(change(0))
        trials.refused(0, Self.refusal(EADDRINUSE), at: 0)
        #expect(change(1))
        #expect(trials.dueAt(now: 1) == Self.second)
        #expect(!change(2 * Self.second - 1))
        #expect(change(2 * Self.second))
        #expect(!change(2 * Self.second))
        trials.begin(1, questions: due(3 * Self.second, of: &trials), at: 3 * Self.second)
        #expect(!change(4 * Self.second - 1))
        #expect(change(4 * Self.second))
        #expect(!change(5 * Self.second))
        trials.answered(1, nil)
        #expect(change(5 * Self.second))
    }

    @Test("of a great many groups are spread over rounds")
    func many() {
        var trials = KernelTrials(groups: 2000, silence: Self.second)
        var tried: Set<Int> = []
        for second in 0..<8 as Range<Int64> {
            let due = due(second * Self.second, of: &trials)
            #expect(due.count <= 256)
            tried.formUnion(due)
            trials.begin(UInt64(second), questions: due, at: second * Self.second)
            for _ in due { trials.answered(UInt64(second), nil) }
        }
        #expect(tried.count == 2000)
    }

    @Test("without an answer are a silent kernel, until the answer comes after all")
    func silent() {
        var trials = KernelTrials(groups: 1, silence: 3 * Self.second)
        trials.begin(1, questions: due(0, of: &trials), at: 0)
        #expect(trials.dueAt(now: 0) == 3 * Self.second)
        #expect(!trials.isSilent(at: 3 * Self.second - 1))
        #expect(trials.isSilent(at: 3 * Self.second))
        // No further question is put to it, and nobody is woken for nothing.
        #expect(due(4 * Self.second, of: &trials) == [])
        #expect(trials.dueAt(now: 4 * Self.second) == .max)
        trials.answered(1, nil)
        #expect(!trials.isSilent(at: 9 * Self.second))
    }
}
