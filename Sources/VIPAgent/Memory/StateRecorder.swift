import VIPConfiguration
import VIPCore
import VIPPlatform

/// Keeps the state directory up to date, through the service thread: nothing here waits for a disk
/// except the start, which must have the longest lease on record before this host votes.
///
/// Two want the longest lease to be on record: the core, for what it grants, and a reload, for what
/// the successor grants once it runs. Each has a wish of its own, and the greater one is written.
/// So the record never says less than was granted, in whatever order the wishes come and the disk
/// takes them.
package final class StateRecorder {
    package enum Message: Equatable, Sendable {
        /// What is on record for the core, be it shorter than before.
        case leaseRecorded(Duration)
        case failed(String)
        /// All that was refused is there by now.
        case recovered
    }

    /// As it was at the start.
    package let contents: StateStore.Contents
    let forbiddenChanges: [String]
    /// An address was in another group by the record.
    let haveAddressesMoved: Bool
    private(set) var warnings: [String] = []

    private let writer: StateWriter
    private let configured: Duration
    /// What the core wants to have on record; never less than the configured lease.
    private var core: Duration
    /// What a successor needs to have there before it starts.
    private var successor: Duration?
    private var told: Duration
    private var hasFailed = false
    private var terms: [StateStore.Entry]
    private let voters: [String]
    /// With those that have left the configuration, and the group that each was in last.
    private let addresses: [String]

    package var fileDescriptor: Int32 { writer.fileDescriptor }

    /// Terms of groups that have left the configuration are kept up to this number in all.
    private static let mostTerms = 8192

    /// - Parameters:
    ///   - known: what the directory holds, if that is known already: then nothing here waits for
    ///     the disk.
    ///   - earlier: where the records were if the configuration was not yet, or is no longer, one
    ///     file of a directory.
    ///   - obstacle: why there is no such directory.
    package init(
        path: String,
        earlier: String? = nil,
        configuration: Configuration,
        thread: ServiceThread,
        known: StateStore.Contents?,
        obstacle: SystemError?
    ) throws(SystemError) {
        let store = StateStore(path: path)
        voters = LocalCluster.voterSet(of: configuration)
        configured = configuration.timing.lease
        var contents = known ?? store.load()
        if contents.isEmpty, known == nil, let earlier {
            contents.takeAlong(StateStore(path: earlier).load(), voters: voters)
        }
        if let obstacle { contents.lackDirectory(because: obstacle) }
        self.contents = contents
        warnings += contents.damage.map { "the state directory is damaged: \($0)" }
        terms = contents.terms
        addresses = addressesOnRecord(adding: configuration, to: contents)
        let moved = movedAddresses(from: contents, to: configuration)
        forbiddenChanges = changedVoters(from: contents, to: configuration) + moved
        haveAddressesMoved = !moved.isEmpty

        let isKnown = !contents.isUnwritten
        let hasLease = isKnown && !contents.lacksLease && contents.longestLease > .zero
        writer = try StateWriter(
            store: store,
            thread: thread,
            written: StateWriter.Files(
                lease: hasLease ? contents.longestLease : nil,
                terms: isKnown && !contents.lacksLease ? contents.terms : nil,
                voters: isKnown && !contents.lacksLease ? contents.votersOnRecord : nil
            ),
            leaseOnDisk: contents.longestLease
        )
        // A reload may have shortened what was granted by.
        core = max(configured, contents.longestLease, contents.refusal?.lease ?? .zero)
        told = contents.longestLease
        if let refusal = known?.refusal, configured <= refusal.lease {
            self.refusal = refusal.reason
            hasFailed = true
        }
        if known == nil, !hasLease || core > contents.longestLease {
            do throws(SystemError) {
                try writer.writeNow(lease: core)
                told = core
            } catch {
                // A full or read-only disk does not keep an owner from its work; it is said, and
                // tried again.
                warnings.append("the state directory can't be written: \(error)")
                hasFailed = true
                refusal = "\(error)"
            }
        }
        let isOnRecord = contents.voters == voters && contents.addresses == addresses
        let recordsVoters = forbiddenChanges.isEmpty && !isOnRecord
        let (core, terms, names, addresses) = (core, terms, voters, addresses)
        writer.want { files in
            files.lease = core
            if !terms.isEmpty { files.terms = terms }
            files.voters =
                recordsVoters
                ? StateWriter.Voters(names: names, addresses: addresses) : contents.votersOnRecord
        }
    }

    /// What the disk is known to hold for the core, for its start.
    package var longestLease: Duration { told }

    /// What a successor has to know instead of reading it.
    package var recorded: StateStore.Contents {
        var recorded = StateStore.Contents()
        recorded.longestLease = writer.leaseOnDisk
        recorded.terms = terms
        let wanted = writer.wanted.voters
        recorded.voters = wanted?.names ?? contents.voters
        recorded.addresses = wanted?.addresses ?? contents.addresses
        recorded.isUnwritten = !writer.isWritten
        if wasRefused, let obstacle {
            recorded.refusal = StateStore.Refusal(lease: core, reason: obstacle)
        }
        return recorded
    }

    func highestTerms(_ cluster: LocalCluster) -> [(group: GroupID, term: Term)] {
        contents.terms.compactMap { entry in
            cluster.group(named: entry.group).map { ($0, Term(entry.term)) }
        }.sorted { $0.0 < $1.0 }
    }

    /// What has become of the wishes since this was asked last.
    package func takeMessages() -> [Message] {
        writer.takeNews()
        var messages: [Message] = []
        if leaseToTell != told {
            told = leaseToTell
            messages.append(.leaseRecorded(told))
        }
        if let failure = writer.failure {
            hasFailed = true
            messages.append(.failed(failure))
        } else if hasFailed, writer.isWritten {
            hasFailed = false
            messages.append(.recovered)
        }
        return messages
    }

    /// What the disk holds now, however old the news of it. Of more than the core has asked for, it
    /// hears nothing: that is the successor's, and ends with the reload.
    private var leaseToTell: Duration {
        let lease = writer.leaseOnDisk
        return lease < told ? lease : max(told, min(lease, core))
    }

    /// Whether this host's own lease is on record, for which its voter waits before it grants any.
    package var hasOwnLease: Bool { told >= configured }

    /// Why the disk has refused it at the start, of this program or of one that this process was
    /// before.
    private var refusal: String?

    /// Then the voter does not wait: a new incarnation abstains for the configured lease at the
    /// least, so the record is missed only by who shortens that meanwhile, which a status says
    /// (`obstacle`).
    package var wasRefused: Bool { refusal != nil }

    /// Why it is not on record; nil if it is.
    package var obstacle: String? { hasOwnLease ? nil : writer.failure ?? refusal }

    // MARK: - Wishes

    /// Of the core. It may be shorter than the last one, once nothing longer is granted.
    package func record(lease: Duration) {
        core = max(lease, configured)
        wantLease()
        // It may be there already, and then nothing is written of which there could be news.
        if leaseToTell != told { writer.tell() }
    }

    /// Of a reload: the successor is to find this on record. Nil once it is given up.
    package func prepare(lease: Duration?) {
        successor = lease
        wantLease()
    }

    /// Whether what a successor needs is on record. A lease that is no longer than this program's
    /// own makes nothing worse, be it on record or not.
    var isPrepared: Bool { successor.map { $0 <= max(writer.leaseOnDisk, configured) } ?? true }

    /// Why it is not, and will not be soon.
    var preparationFailure: String? { isPrepared ? nil : writer.failure }

    private func wantLease() {
        let lease = max(core, successor ?? .zero)
        writer.want { $0.lease = lease }
    }

    package func record(term: UInt64, of group: String) {
        if let index = terms.firstIndex(where: { $0.group == group }) {
            terms[index].term = max(terms[index].term, term)
        } else {
            if terms.count >= Self.mostTerms { terms.removeFirst() }
            terms.append(StateStore.Entry(group: group, term: term))
        }
        let terms = terms
        writer.want { $0.terms = terms }
    }

    /// An operator has said that the configuration is right, whatever was before.
    package func recordVoters() {
        let wanted = StateWriter.Voters(names: voters, addresses: addresses)
        writer.want { $0.voters = wanted }
    }

    // MARK: - Time

    /// When to look again, on CLOCK_BOOTTIME: what was refused is repeated.
    package var retryAt: Int64? { writer.retryAt }

    package func retry(at now: Int64) { writer.submit(at: now) }
}

extension StateStore.Contents {
    fileprivate var votersOnRecord: StateWriter.Voters? {
        guard let voters, let addresses else { return nil }
        return StateWriter.Voters(names: voters, addresses: addresses)
    }
}
