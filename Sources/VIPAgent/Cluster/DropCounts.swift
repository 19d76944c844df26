/// How many datagrams were dropped before the core saw them, by reason.
struct DropCounts {
    private(set) var counts: [(reason: String, count: UInt64)]

    init(reasons: [String]) {
        counts = reasons.map { ($0, 0) }
    }

    var total: UInt64 { counts.reduce(0) { $0 &+ $1.count } }

    mutating func count(_ reason: String, times: UInt64 = 1) {
        for index in counts.indices where counts[index].reason == reason {
            counts[index].count &+= times
        }
    }

    /// With those of another list, whose other reasons are left out.
    func adding(_ other: DropCounts) -> DropCounts {
        var sum = self
        for (reason, count) in other.counts { sum.count(reason, times: count) }
        return sum
    }
}
