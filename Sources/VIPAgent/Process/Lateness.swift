/// How late this process wakes for what is due: what the host does to it, or somebody who stops it.
struct Lateness {
    /// In nanoseconds, as everything here.
    private(set) var longest: Int64 = 0
    /// The longest of this half minute and of the one before.
    private var current: Int64 = 0
    private var previous: Int64 = 0
    private var turnAt: Int64 = 0
    /// Wakes that were later than a quarter of the lease.
    private(set) var lateWakes: UInt64 = 0

    private static let span: Int64 = 30_000_000_000

    /// - Parameters:
    ///   - late: by how much a deadline was missed; less than zero if it was not.
    ///   - lease: the shortest that this process has to do with.
    mutating func note(_ late: Int64, at now: Int64, lease: Int64) {
        if now >= turnAt {
            // After a long sleep neither half is recent.
            previous = now - turnAt >= Self.span ? 0 : current
            current = 0
            turnAt = now + Self.span
        }
        guard late > 0 else { return }
        longest = max(longest, late)
        current = max(current, late)
        if late > lease / 4 { lateWakes &+= 1 }
    }

    /// Whether it is worth a line in the log: renewals may have come too late for it.
    static func isWorthTelling(_ late: Int64, lease: Int64) -> Bool { late > lease / 2 }

    /// The longest of the last 30 to 60 s.
    var recent: Int64 { max(current, previous) }

    /// For people: 9.1 ms, 15.0 s.
    static func text(_ nanoseconds: Int64) -> String {
        let (unit, name): (Int64, String) =
            nanoseconds < 1_000_000_000 ? (1_000_000, "ms") : (1_000_000_000, "s")
        let tenths = (nanoseconds * 10 + unit / 2) / unit
        return "\(tenths / 10).\(tenths % 10) \(name)"
    }
}
