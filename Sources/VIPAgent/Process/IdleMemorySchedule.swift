/// When `IdleMemory` is given back: some time after what runs code that is not needed again for
/// long, which is the start, an answer to an operator and whatever is reported, such as a change of
/// role.
package struct IdleMemorySchedule {
    /// On CLOCK_BOOTTIME, in nanoseconds; nil if nothing is to be given back.
    private var due: Int64?
    private var last: Int64?

    /// By then an agent that is to own something does, and what it took is not needed again.
    private static let settlingTime: Int64 = 2_000_000_000
    /// Whoever asks every second, as monitoring may, would have the same pages come and go with
    /// every question.
    private static let pause: Int64 = 60_000_000_000

    package init() {}

    /// Such code has run.
    package mutating func note(at now: Int64) {
        guard due == nil else { return }
        due = max(now + Self.settlingTime, last.map { $0 + Self.pause } ?? now)
    }

    package func isDue(at now: Int64) -> Bool { due.map { $0 <= now } ?? false }

    package mutating func noteReturn(at now: Int64) {
        due = nil
        last = now
    }
}
