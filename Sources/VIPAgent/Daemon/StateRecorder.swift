import VIPConfiguration
import VIPCore

/// Keeps the state directory up to date, through the service thread: nothing here waits for a disk
/// except the start, which must have the longest lease on record before this host votes.
final class StateRecorder {
    enum Message: Sendable {
        case leaseRecorded(Duration)
        case failed(String)
    }

    /// As it was at the start.
    let contents: StateStore.Contents
    /// As far as it has been written since.
    private(set) var recorded: StateStore.Contents
    let forbiddenChanges: [String]
    private(set) var warnings: [String] = []

    private let store: StateStore
    private let thread: ServiceThread
    private let mailbox: ServiceMailbox<Message>
    private var terms: [StateStore.Entry]
    private let voters: [String]
    private let addresses: [String]

    var fileDescriptor: Int32 { mailbox.fileDescriptor }

    /// - Parameter known: what the directory holds, if that is known already: then nothing here
    ///   waits for the disk, unless a longer lease than ever has to be on record.
    /// - Parameter obstacle: why there is no such directory.
    init(
        path: String,
        configuration: Configuration,
        thread: ServiceThread,
        known: StateStore.Contents?,
        obstacle: SystemError?
    ) throws(SystemError) {
        self.thread = thread
        store = StateStore(path: path)
        contents = known ?? store.load()
        if let obstacle { warnings.append("the state directory can't be made: \(obstacle)") }
        recorded = contents
        terms = contents.terms
        voters = Site.voterSet(of: configuration)
        addresses = Site.addressMap(of: configuration)
        let kept = addressesOnRecord(adding: configuration, to: contents)
        forbiddenChanges = VIPAgent.forbiddenChanges(from: contents, to: configuration)
        warnings += contents.damage.map { "the state directory is damaged: \($0)" }
        mailbox = try ServiceMailbox()
        do throws(SystemError) {
            if configuration.timing.lease > contents.longestLease {
                try store.write(lease: configuration.timing.lease)
                recorded.longestLease = configuration.timing.lease
            }
        } catch {
            // A full or read-only disk does not keep an owner from its work; it is said.
            warnings.append("the state directory can't be written: \(error)")
        }
        let isOnRecord = contents.voters == voters && contents.addresses == kept
        if forbiddenChanges.isEmpty, !isOnRecord { record(voters, kept) }
    }

    func highestTerms(_ site: Site) -> [(group: GroupID, term: Term)] {
        contents.terms.compactMap { entry in
            site.group(named: entry.group).map { ($0, Term(entry.term)) }
        }.sorted { $0.0 < $1.0 }
    }

    func takeMessages() -> [Message] {
        let messages = mailbox.takeAll()
        for case .leaseRecorded(let lease) in messages {
            recorded.longestLease = max(recorded.longestLease, lease)
        }
        return messages
    }

    func record(lease: Duration) {
        submit { store throws(SystemError) in
            try store.write(lease: lease)
        } then: {
            .leaseRecorded(lease)
        }
    }

    func record(term: UInt64, of group: String) {
        if let index = terms.firstIndex(where: { $0.group == group }) {
            terms[index].term = max(terms[index].term, term)
        } else {
            terms.append(StateStore.Entry(group: group, term: term))
        }
        let terms = terms
        recorded.terms = terms
        submit { store throws(SystemError) in
            try store.write(terms: terms)
        } then: {
            nil
        }
    }

    /// An operator has said that the configuration is right, whatever was before.
    func recordVoters() { record(voters, addresses) }

    private func record(_ voters: [String], _ addresses: [String]) {
        (recorded.voters, recorded.addresses) = (voters, addresses)
        submit { store throws(SystemError) in
            try store.write(voters: voters, addresses: addresses)
        } then: {
            nil
        }
    }

    private func submit(
        _ write: @escaping @Sendable (StateStore) throws(SystemError) -> Void,
        then message: @escaping @Sendable () -> Message?
    ) {
        let (store, mailbox) = (store, mailbox)
        thread.submit {
            do throws(SystemError) {
                try write(store)
                if let message = message() { mailbox.put(message) }
            } catch {
                mailbox.put(.failed("\(error)"))
            }
        }
    }
}
