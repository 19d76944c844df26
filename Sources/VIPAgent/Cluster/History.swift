import VIPControl
import VIPCore

/// The last transitions, numbered without gaps for the life of the process.
package struct History: Sendable {
    /// Once it is full, each entry takes the place of the oldest: a takeover of many groups has
    /// thousands of them, in the moments that count.
    private var ring: [HistoryEntry] = []
    /// Where the oldest is.
    private var oldest = 0
    private var next: UInt64 = 1

    /// Some days of a healthy cluster, an hour of a flapping one; 400 kB.
    static let limit = 1000

    package init() {}

    /// Oldest first.
    package var entries: [HistoryEntry] { Array(ring[oldest...] + ring[..<oldest]) }

    mutating func add(_ line: ReportText.Line, at now: WallClock, boottime: Int64) {
        let entry = HistoryEntry(
            sequence: next,
            at: now.rfc3339(),
            boottimeMilliseconds: UInt64(boottime / 1_000_000),
            group: line.group,
            event: line.event,
            state: line.state,
            was: line.was,
            term: line.term,
            owner: line.owner,
            reason: line.reason,
            afterMilliseconds: line.after.map { Int($0.nanoseconds / 1_000_000) }
        )
        next += 1
        guard ring.count == Self.limit else { return ring.append(entry) }
        ring[oldest] = entry
        oldest = (oldest + 1) % Self.limit
    }

    /// Puts what an earlier program of this process kept before what has happened since.
    mutating func begin(with earlier: [HistoryEntry]) {
        guard let last = earlier.last else { return }
        var all = earlier
        for (index, var entry) in entries.enumerated() {
            entry.sequence = last.sequence + UInt64(index) + 1
            all.append(entry)
        }
        (ring, oldest) = (Array(all.suffix(Self.limit)), 0)
        next = (all.last?.sequence ?? 0) + 1
    }
}
