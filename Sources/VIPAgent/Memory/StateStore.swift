import VIPConfiguration
import VIPCore
import VIPNet
import VIPPlatform

/// What survives a reboot, in the state directory: the longest lease, the highest terms, who votes
/// and which group each address is in. Read once, at the start; written by the service thread.
///
/// Values are lines of text, so that an operator can read them.
package struct StateStore: Sendable {
    private let directory: StateDirectory

    package struct Contents: Equatable, Sendable {
        /// What this host may have granted, and so outwaits without its page. Zero if nothing is on
        /// record since there is no record at all; the longest that there can be where a record is
        /// damaged, or missing beside others.
        package var longestLease: Duration = .zero
        package var terms: [Entry] = []
        /// Nil if nothing is on record.
        package var voters: [String]?
        package var addresses: [String]?
        /// What could not be read, each a reason.
        package var damage: [String] = []
        /// Whether the lease is to be written though the file may say the same: there is no whole
        /// record of it.
        package var lacksLease = false
        /// Whether the disk has refused any of this, so that it is still to be written.
        package var isUnwritten = false
        /// Nil where this host's own lease is on record.
        package var refusal: Refusal?

        package init() {}

        /// Whether nothing is on record, nor damaged.
        var isEmpty: Bool {
            longestLease == .zero && terms.isEmpty && voters == nil && addresses == nil
                && damage.isEmpty
        }
    }

    /// The disk has not taken the lease by which this host votes all the same.
    package struct Refusal: Equatable, Sendable {
        package var lease: Duration
        package var reason: String

        package init(lease: Duration, reason: String) {
            (self.lease, self.reason) = (lease, reason)
        }
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
        let termLines = text(Key.terms, &contents.damage).map { Self.lines($0) }
        for line in termLines ?? [] {
            let words = line.split(separator: " ")
            guard words.count == 2, let number = UInt64(words[1]), Term(number) <= .greatest else {
                contents.damage.append(
                    "\(Key.terms) has a line that is not 'GROUP TERM', or a term that no host can have"
                )
                continue
            }
            contents.terms.append(Entry(group: String(words[0]), term: number))
        }
        contents.voters = text(Key.voters, &contents.damage).map { Self.lines($0) }
        contents.addresses = text(Key.addresses, &contents.damage).map { Self.lines($0) }
        loadLease(into: &contents)
        return contents
    }

    /// Without a whole record this host may have granted whatever there can be, unless there is no
    /// record of anything: then it has granted nothing.
    private func loadLease(into contents: inout Contents) {
        let bounds = Timing.leaseBounds
        let fault: String
        switch directory.read(Key.lease) {
        case .missing where contents.isEmpty: return
        case .missing: fault = "\(Key.lease) is missing, though other records are there"
        case .damaged(let reason): fault = reason
        case .found(let octets):
            let text = String(decoding: octets, as: UTF8.self)
            let lease = Int64(text.trimmed).map { Duration.nanoseconds($0) }
            if let lease, bounds.contains(lease) {
                contents.longestLease = lease
                return
            }
            fault =
                lease == nil
                ? "\(Key.lease) does not hold a number"
                : "\(Key.lease) holds \(text.trimmed) ns, and no lease is that long or short"
        }
        contents.longestLease = bounds.upperBound
        contents.lacksLease = true
        contents.damage.append(
            "\(fault): without its page this host abstains for the longest lease there can be, "
                + "\(bounds.upperBound.components.seconds) s"
        )
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
    changedVoters(from: contents, to: configuration)
        + movedAddresses(from: contents, to: configuration)
}

/// That the voters are not those of the record, in words.
func changedVoters(
    from contents: StateStore.Contents,
    to configuration: Configuration
) -> [String] {
    let voters = LocalCluster.voterSet(of: configuration)
    guard let recorded = contents.voters, recorded != voters else { return [] }
    return [
        "the voters were \(recorded.joined(separator: ", ")) and are now "
            + voters.joined(separator: ", ")
    ]
}

/// Addresses that were in another group by the record, in words. This is a part of each start, and
/// a host may have thousands of addresses: each is looked at once.
func movedAddresses(
    from contents: StateStore.Contents,
    to configuration: Configuration
) -> [String] {
    guard let recorded = contents.addresses else { return [] }
    var groups: [Substring: String] = [:]
    for group in configuration.groups {
        for address in group.addresses { groups["\(address.address)"[...]] = group.name }
    }
    return recorded.compactMap { line in
        let words = line.split(separator: " ")
        guard words.count == 2, let group = groups[words[0]], group != words[1] else { return nil }
        return "\(words[0]) was in group \(words[1]) and is now in \(group)"
    }
}

/// The map of addresses to groups as it is to be kept: an address that has left the configuration
/// remains with the group that it was in last, also after an operator has accepted a change. The
/// other hosts may still have it there, so that to put it into another group later is a change that
/// waits, too.
package func addressesOnRecord(
    adding configuration: Configuration,
    to contents: StateStore.Contents
) -> [String] {
    let map = LocalCluster.addressMap(of: configuration)
    let configured = Set(configuration.groups.flatMap { $0.addresses.map { "\($0.address)" } })
    let gone = (contents.addresses ?? []).filter { line in
        !configured.contains(String(line.prefix { $0 != " " }))
    }
    return (map + gone.prefix(mostGone)).sorted()
}

/// Addresses on record that no group has: more than most hosts ever have. Of more than that, the
/// last in the order of the record are forgotten.
private let mostGone = 4096

extension StateStore.Contents {
    /// Takes along what lies where the cluster's records were before its configuration became one
    /// file of a directory, or the only file: nothing there says of which cluster it is, so what
    /// only makes this host wait longer, or ask in a higher term, is taken from there in any case,
    /// and the rest where the same voters are on record.
    mutating func takeAlong(_ earlier: StateStore.Contents, voters configured: [String]) {
        guard !earlier.isEmpty else { return }
        longestLease = max(longestLease, earlier.longestLease)
        lacksLease = true
        terms = earlier.terms
        damage += earlier.damage
        guard earlier.voters == configured else { return }
        (voters, addresses) = (earlier.voters, earlier.addresses)
    }
}

extension StateStore.Contents {
    /// There is no such directory, and none can be made: what it holds may come to light again.
    mutating func lackDirectory(because obstacle: SystemError) {
        longestLease = Timing.leaseBounds.upperBound
        lacksLease = true
        damage.append(
            "it can't be made: \(obstacle): without its page this host abstains for the longest lease "
                + "there can be, \(longestLease.components.seconds) s"
        )
    }
}

extension String {
    fileprivate var trimmed: Substring {
        self[...].drop { $0.isWhitespace }.prefix { !$0.isWhitespace }
    }
}
