import VIPConfiguration
import VIPCore
import VIPNet

/// Who else has said lately that he has an address of this host: one entry for each address.
struct ForeignClaims {
    struct Entry: Equatable {
        let group: GroupID
        let address: IPAddress
        /// Of the last claim.
        var mac: MACAddress
        /// Others have claimed it, too.
        var isOneOfSeveral = false
        var interface: String
        var count: Int
        /// The last one, on CLOCK_BOOTTIME in nanoseconds.
        var at: Int64
    }

    /// How long a claim is a reason not to be healthy: neighbours that believed it may have asked
    /// again by then, and a host that has the address by mistake is heard more often.
    static let freshness: Int64 = 60_000_000_000
    /// More addresses that somebody claims at once are only counted.
    static let mostEntries = 32

    private(set) var entries: [Entry] = []
    /// Since the agent started.
    private(set) var total: UInt64 = 0
    private(set) var unseen: UInt64 = 0

    /// Whether nobody has claimed that address lately.
    mutating func note(_ entry: Entry) -> Bool {
        total &+= UInt64(entry.count)
        forgetStale(at: entry.at)
        guard let index = entries.firstIndex(where: { $0.address == entry.address }) else {
            if entries.count == Self.mostEntries { entries.removeFirst() }
            entries.append(entry)
            return true
        }
        if entries[index].mac != entry.mac { entries[index].isOneOfSeveral = true }
        entries[index].mac = entry.mac
        entries[index].interface = entry.interface
        entries[index].count += entry.count
        entries[index].at = entry.at
        return false
    }

    /// - Parameters:
    ///   - others: claims without an entry.
    ///   - unseen: frames that nobody has looked at.
    mutating func count(others: Int, unseen: Int) {
        total &+= UInt64(others)
        self.unseen &+= UInt64(unseen)
    }

    func fresh(at now: Int64) -> [Entry] { entries.filter { now - $0.at < Self.freshness } }

    /// What is not here any more nobody claims from us.
    mutating func forget(_ group: GroupID) { entries.removeAll { $0.group == group } }

    private mutating func forgetStale(at now: Int64) {
        entries.removeAll { now - $0.at >= Self.freshness }
    }
}
