/// What has to be known of a group that a step does not look at; and of many of them together.
struct Prospect: Equatable, Sendable {
    /// It is looked at again once one of the two clocks says so.
    private(set) var boottime: Instant = .never
    private(set) var raw: Instant = .never
    /// For how long a majority grants at least what this host owns.
    var grantedLength: Duration = Instant.never.sinceZero
    /// Until when, by MONOTONIC_RAW, this host's voter has granted at most.
    var grantedUntil: Instant = .zero

    mutating func consider(_ instant: Instant?) {
        if let instant { boottime = min(boottime, instant) }
    }

    mutating func consider(raw instant: Instant) { raw = min(raw, instant) }

    /// What can't be due before both clocks have come to that point. It is enough to look at the
    /// one that has the longer way: it is looked at again then.
    mutating func consider(both clocks: Reading, at now: Reading) {
        if clocks.raw - now.raw > clocks.boottime - now.boottime {
            consider(raw: clocks.raw)
        } else {
            consider(clocks.boottime)
        }
    }

    /// What was looked at just now, and will be something else from that instant on.
    mutating func consider(future instant: Instant?, at now: Reading) {
        guard let instant, instant > now.boottime else { return }
        consider(instant)
    }

    func isDue(at now: Reading) -> Bool { boottime <= now.boottime || raw <= now.raw }

    func joined(with other: Prospect) -> Prospect {
        var both = self
        both.boottime = min(boottime, other.boottime)
        both.raw = min(raw, other.raw)
        both.grantedLength = min(grantedLength, other.grantedLength)
        both.grantedUntil = max(grantedUntil, other.grantedUntil)
        return both
    }
}

extension Instant {
    /// Later than any clock gets: 292 years.
    static let never = Instant(nanoseconds: .max)
}

/// The prospects of all groups, so that the earliest deadline of them all is known at once.
///
/// A tree of which every node joins the two below it: `nodes[1]` is all of them, the leaves are the
/// groups. One that changes costs as many steps as the tree is high.
struct Agenda: Sendable {
    private var nodes: [Prospect]
    private let firstLeaf: Int
    /// Nodes that have changed, all of one level.
    private var changed: [Int] = []

    init(count: Int) {
        var width = 1
        while width < count { width *= 2 }
        firstLeaf = width
        nodes = Array(repeating: Prospect(), count: width * 2)
    }

    var all: Prospect { nodes[1] }

    /// In the order of their indices.
    func forEachDue(at now: Reading, _ body: (Int) -> Void) { visit(1, at: now, body) }

    private func visit(_ node: Int, at now: Reading, _ body: (Int) -> Void) {
        guard nodes[node].isDue(at: now) else { return }
        guard node < firstLeaf else { return body(node - firstLeaf) }
        visit(node * 2, at: now, body)
        visit(node * 2 + 1, at: now, body)
    }

    /// Of one group after the other, in their order; then `join`.
    mutating func set(_ prospect: Prospect, at index: Int) {
        let leaf = firstLeaf + index
        guard nodes[leaf] != prospect else { return }
        nodes[leaf] = prospect
        changed.append(leaf)
    }

    /// Brings what is above those that were set up to date: level by level, so that nothing is
    /// joined twice.
    mutating func join() {
        while let first = changed.first, first > 1 {
            var kept = 0
            var last = 0
            for node in changed where node / 2 != last {
                last = node / 2
                let fresh = nodes[last * 2].joined(with: nodes[last * 2 + 1])
                guard nodes[last] != fresh else { continue }
                nodes[last] = fresh
                changed[kept] = last
                kept += 1
            }
            changed.removeLast(changed.count - kept)
        }
        changed.removeAll(keepingCapacity: true)
    }
}
