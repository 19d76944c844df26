/// What an operator is to hear of that is no lasting state: each warning stands for an hour after
/// its condition was seen last, and of too many the oldest goes.
package struct Warnings: Equatable, Sendable {
    package struct Entry: Equatable, Sendable {
        /// What it is about: of one subject, the latest is kept.
        package var subject: String
        package var text: String
        /// When it was true last, in nanoseconds of CLOCK_BOOTTIME.
        package var seen: Int64

        package init(subject: String, text: String, seen: Int64) {
            (self.subject, self.text, self.seen) = (subject, text, seen)
        }
    }

    /// In the order in which they were seen last.
    package private(set) var entries: [Entry] = []

    package static let most = 32
    package static let span: Int64 = 3_600_000_000_000

    package init() {}

    /// - Parameter subject: the text itself, if there is only one thing to say about it.
    package mutating func note(_ text: String, about subject: String? = nil, at now: Int64) {
        let subject = subject ?? text
        entries.removeAll { $0.subject == subject }
        if entries.count == Self.most { entries.removeFirst() }
        entries.append(Entry(subject: subject, text: text, seen: now))
    }

    package mutating func clear(_ subject: String) { entries.removeAll { $0.subject == subject } }

    /// Those that still stand.
    package func current(at now: Int64) -> [Entry] { entries.filter { $0.seen + Self.span > now } }

    package func texts(at now: Int64) -> [String] { current(at: now).map(\.text) }

    package mutating func takeOver(_ earlier: [Entry]) {
        for entry in earlier where !entries.contains(where: { $0.subject == entry.subject }) {
            entries.append(entry)
        }
        entries.sort { $0.seen < $1.seen }
        if entries.count > Self.most { entries.removeFirst(entries.count - Self.most) }
    }
}
