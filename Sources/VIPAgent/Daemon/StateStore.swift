import VIPConfiguration
import VIPCore

/// What survives a reboot, in the state directory: the longest lease, the highest terms, who votes
/// and which group each address is in. Read once, at the start; written by the service thread.
///
/// Values are lines of text, so that an operator can read them.
package struct StateStore: Sendable {
    private let directory: StateDirectory

    package struct Contents: Equatable, Sendable {
        package var longestLease: Duration = .zero
        package var terms: [Entry] = []
        /// Nil if nothing is on record.
        package var voters: [String]?
        package var addresses: [String]?
        /// What could not be read, each a reason.
        package var damage: [String] = []

        package init() {}
    }

    package struct Entry: Equatable, Sendable {
        package var group: String
        package var term: UInt64

        package init(group: String, term: UInt64) {
            (self.group, self.term) = (group, term)
        }
    }

    private enum Key {
        static let lease = "lease"
        static let terms = "terms"
        static let voters = "voters"
        static let addresses = "addresses"
    }

    /// Of a directory that was made before; nothing is looked at.
    package init(path: String) {
        directory = StateDirectory(path: path)
    }

    package func load() -> Contents {
        var contents = Contents()
        if let text = text(Key.lease, &contents.damage) {
            if let nanoseconds = Int64(text.trimmed), nanoseconds >= 0 {
                contents.longestLease = .nanoseconds(nanoseconds)
            } else {
                contents.damage.append("\(Key.lease) does not hold a number")
            }
        }
        let termLines = text(Key.terms, &contents.damage).map { Self.lines($0) }
        for line in termLines ?? [] {
            let words = line.split(separator: " ")
            guard words.count == 2, let term = UInt64(words[1]) else {
                contents.damage.append("\(Key.terms) has a line that is not 'GROUP TERM'")
                continue
            }
            contents.terms.append(Entry(group: String(words[0]), term: term))
        }
        contents.voters = text(Key.voters, &contents.damage).map { Self.lines($0) }
        contents.addresses = text(Key.addresses, &contents.damage).map { Self.lines($0) }
        return contents
    }

    package func write(lease: Duration) throws(SystemError) {
        try directory.write(Key.lease, Array("\(lease.nanoseconds)\n".utf8))
    }

    package func write(terms: [Entry]) throws(SystemError) {
        try write(Key.terms, terms.map { "\($0.group) \($0.term)" })
    }

    package func write(voters: [String], addresses: [String]) throws(SystemError) {
        try write(Key.voters, voters)
        try write(Key.addresses, addresses)
    }

    private func write(_ key: String, _ lines: [String]) throws(SystemError) {
        try directory.write(key, Array(lines.map { $0 + "\n" }.joined().utf8))
    }

    private func text(_ key: String, _ damage: inout [String]) -> String? {
        switch directory.read(key) {
        case .found(let octets): return String(decoding: octets, as: UTF8.self)
        case .missing: return nil
        case .damaged(let reason):
            damage.append(reason)
            return nil
        }
    }

    private static func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map(String.init)
    }
}

/// What of the voters and the map of addresses has changed against what is on record, in words;
/// what must not change without being told to (`vip-agent accept-voters`).
package func forbiddenChanges(
    from contents: StateStore.Contents,
    to configuration: Configuration
) -> [String] {
    var changes: [String] = []
    let voters = Site.voterSet(of: configuration)
    if let recorded = contents.voters, recorded != voters {
        changes.append(
            "the voters were \(recorded.joined(separator: ", ")) and are now "
                + voters.joined(separator: ", ")
        )
    }
    for line in contents.addresses ?? [] {
        let words = line.split(separator: " ").map(String.init)
        guard words.count == 2 else { continue }
        for group in configuration.groups where group.name != words[1] {
            if group.addresses.contains(where: { "\($0.address)" == words[0] }) {
                changes.append(
                    "\(words[0]) was in group \(words[1]) and is now in \(group.name)"
                )
            }
        }
    }
    return changes
}

/// The map of addresses to groups as it is to be kept: an address that has left the configuration
/// remains with the group that it was in last. The other hosts may still have it there, so that to
/// put it into another group later is a change that waits, too.
package func addressesOnRecord(
    adding configuration: Configuration,
    to contents: StateStore.Contents
) -> [String] {
    let map = Site.addressMap(of: configuration)
    let configured = Set(configuration.groups.flatMap { $0.addresses.map { "\($0.address)" } })
    let gone = (contents.addresses ?? []).filter { line in
        !configured.contains(String(line.prefix { $0 != " " }))
    }
    return (map + gone.prefix(mostGone)).sorted()
}

/// Addresses on record that no group has: more than most hosts ever have.
private let mostGone = 4096

extension String {
    fileprivate var trimmed: Substring {
        self[...].drop { $0.isWhitespace }.prefix { !$0.isWhitespace }
    }
}
