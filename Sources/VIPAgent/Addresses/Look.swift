/// How often the core is told that somebody has changed a group's addresses.
///
/// Each time it has the kernel put that right, at once. Whoever does it again as soon as it is
/// right (seen: a systemd-networkd that put an address back 10,000 times a second) would have the
/// lease plane, which goes before ordinary threads, do nothing else.
struct Look {
    /// In nanoseconds. What somebody deletes by hand is put back within as much.
    static let pace: Int64 = 10_000_000

    private var last: Int64?
    /// When the next look is due, of those that came too soon; on CLOCK_BOOTTIME.
    private(set) var owedAt: Int64?

    /// Whether it is time for one; otherwise it is owed.
    mutating func begin(at now: Int64) -> Bool {
        if let last, now - last < Self.pace {
            owedAt = last + Self.pace
            return false
        }
        last = now
        return true
    }

    mutating func settle() { owedAt = nil }
}
