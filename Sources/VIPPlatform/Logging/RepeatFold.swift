/// Folds repeated log lines: the first of a kind is logged, those that follow within the interval
/// are counted, and the next one after it says how many they were. Of a burst that has ended,
/// nobody says it: the counters have them all.
///
/// A kind is a short fixed name, such as a drop reason, and never what came in a packet.
package struct RepeatFold: Sendable {
    package enum Verdict: Equatable, Sendable {
        /// - Parameter repeats: text such as "repeated 17 times in 5 s", or nil.
        case log(repeats: String?)
        case hold
    }

    private struct Kind: Sendable {
        var name: String
        var since: Int64
        var count: Int
    }

    /// Kinds that are told apart; beyond, the one that has been quiet longest is forgotten.
    private static let mostKinds = 64

    private let interval: Int64
    private var kinds: [Kind] = []

    /// - Parameter interval: nanoseconds between lines of one kind.
    package init(interval: Int64 = 5_000_000_000) { self.interval = interval }

    /// - Parameter now: CLOCK_BOOTTIME in nanoseconds.
    package mutating func verdict(on name: String, at now: Int64) -> Verdict {
        guard let index = kinds.firstIndex(where: { $0.name == name }) else {
            forgetOldest()
            kinds.append(Kind(name: name, since: now, count: 0))
            return .log(repeats: nil)
        }
        let kind = kinds[index]
        guard now - kind.since >= interval else {
            kinds[index].count += 1
            return .hold
        }
        kinds[index] = Kind(name: name, since: now, count: 0)
        return .log(repeats: Self.text(kind, at: now))
    }

    private mutating func forgetOldest() {
        guard kinds.count >= Self.mostKinds,
            let oldest = kinds.indices.min(by: { kinds[$0].since < kinds[$1].since })
        else { return }
        kinds.remove(at: oldest)
    }

    private static func text(_ kind: Kind, at now: Int64) -> String? {
        guard kind.count > 0 else { return nil }
        let seconds = max(1, (now - kind.since) / 1_000_000_000)
        return "repeated \(kind.count) time\(kind.count == 1 ? "" : "s") in \(seconds) s"
    }
}
