import Synchronization
import VIPCore
import VIPPlatform

/// Brings the state directory to what is wanted of it. Only the latest wish is kept, so that a disk
/// that hangs or is slow is never behind by more than one write of each file; and what the disk has
/// refused stays wanted until it is there.
///
///     wanted --submitted--> the service thread writes what differs --refused--> a pause --> wanted
///
/// The longest lease comes first: without it on record, nothing else is written.
final class StateWriter: @unchecked Sendable {
    /// What the files hold, or are to hold; nil where there was never a need to write one.
    struct Files: Equatable {
        var lease: Duration?
        var terms: [StateStore.Entry]?
        var voters: Voters?
    }

    struct Voters: Equatable {
        var names: [String]
        var addresses: [String]
    }

    private struct State {
        var wanted: Files
        /// What the files hold; nil where that is not known for sure.
        var written: Files
        /// The lease that the disk holds at the least. A write that was begun may have got half
        /// way.
        var leaseOnDisk: Duration
        /// The service thread has been told, and has not come to an end with it.
        var isUnderWay = false
        var failure: String?
        /// On CLOCK_BOOTTIME: no attempt before that.
        var notBefore: Int64 = 0
        /// Likewise, of all but the lease.
        var restUntil: Int64 = 0

        var dueAt: Int64? {
            if isUnderWay || wanted == written { return nil }
            return wanted.lease != written.lease ? notBefore : max(notBefore, restUntil)
        }
    }

    private let store: StateStore
    private let thread: ServiceThread
    private let news: ServiceMailbox<Void>
    private let state: Mutex<State>

    /// After a refusal, in nanoseconds: a disk that is full or read-only is asked once a second.
    private static let pause: Int64 = 1_000_000_000
    /// Between two writes: terms that change with each round trip, as a voter that lies can make
    /// them, cost ten synchronisations of the disk a second and no more.
    private static let rest: Int64 = 100_000_000

    var fileDescriptor: Int32 { news.fileDescriptor }

    /// - Parameters:
    ///   - written: what the files hold, as far as that is known.
    ///   - leaseOnDisk: what they would be read as now.
    init(
        store: StateStore,
        thread: ServiceThread,
        written: Files,
        leaseOnDisk: Duration
    ) throws(SystemError) {
        self.store = store
        self.thread = thread
        news = try ServiceMailbox()
        state = Mutex(State(wanted: written, written: written, leaseOnDisk: leaseOnDisk))
    }

    /// Changes what is wanted, and has it written.
    func want(_ change: (inout Files) -> Void) {
        state.withLock { change(&$0.wanted) }
        submit(at: ClockReading.bootNow())
    }

    /// Writes the lease in this thread, which waits for the disk. Only for the start.
    func writeNow(lease: Duration) throws(SystemError) {
        state.withLock { $0.wanted.lease = lease }
        begin(.lease(lease))
        do throws(SystemError) {
            try store.write(lease: lease)
        } catch {
            fail("\(error)")
            throw error
        }
        finish(.lease(lease))
    }

    /// When `submit` is due, on CLOCK_BOOTTIME; nil while there is nothing to write, or it is being
    /// written.
    var retryAt: Int64? { state.withLock { $0.dueAt } }

    /// Hands the work over if there is any, and it is time for it.
    func submit(at now: Int64) {
        let isDue = state.withLock { state in
            guard let due = state.dueAt, due <= now else { return false }
            state.isUnderWay = true
            return true
        }
        guard isDue else { return }
        guard !thread.submit({ self.write() }) else { return }
        state.withLock { state in
            state.isUnderWay = false
            state.notBefore = now + Self.pause
            state.failure = "the disk hangs: too much waits for it"
        }
    }

    /// Has the loop look here.
    func tell() { news.put(()) }

    /// Clears what tells the loop to look here.
    func takeNews() { _ = news.takeAll() }

    /// Why the last attempt has failed; nil once one has not.
    var failure: String? { state.withLock { $0.failure } }

    var isWritten: Bool { state.withLock { $0.wanted == $0.written } }

    /// What is wanted, whether it is written or not.
    var wanted: Files { state.withLock { $0.wanted } }

    /// The lease that the disk holds at the least, whatever becomes of the write that is under way.
    var leaseOnDisk: Duration { state.withLock { $0.leaseOnDisk } }

    // MARK: - In the service thread

    private enum Part {
        case lease(Duration)
        case terms([StateStore.Entry])
        case voters(Voters)
    }

    private func write() {
        var (hasTerms, hasVoters) = (false, false)
        while let part = next(hasTerms, hasVoters) {
            begin(part)
            do throws(SystemError) {
                switch part {
                case .lease(let lease): try store.write(lease: lease)
                case .terms(let terms):
                    hasTerms = true
                    try store.write(terms: terms)
                case .voters(let voters):
                    hasVoters = true
                    try store.write(voters: voters.names, addresses: voters.addresses)
                }
            } catch {
                fail("\(error)")
                break
            }
            finish(part)
        }
        news.put(())
    }

    /// What is to be written next: the lease whenever it is another, the rest once.
    private func next(_ hasTerms: Bool, _ hasVoters: Bool) -> Part? {
        state.withLock { state in
            if let lease = state.wanted.lease, lease != state.written.lease { return .lease(lease) }
            if let terms = state.wanted.terms, terms != state.written.terms, !hasTerms {
                return .terms(terms)
            }
            if let voters = state.wanted.voters, voters != state.written.voters, !hasVoters {
                return .voters(voters)
            }
            state.isUnderWay = false
            state.failure = nil
            state.restUntil = ClockReading.bootNow() + Self.rest
            return nil
        }
    }

    private func begin(_ part: Part) {
        state.withLock { state in
            switch part {
            case .lease(let lease):
                state.written.lease = nil
                state.leaseOnDisk = min(state.leaseOnDisk, lease)
            case .terms: state.written.terms = nil
            case .voters: state.written.voters = nil
            }
        }
    }

    private func finish(_ part: Part) {
        state.withLock { state in
            switch part {
            case .lease(let lease): (state.written.lease, state.leaseOnDisk) = (lease, lease)
            case .terms(let terms): state.written.terms = terms
            case .voters(let voters): state.written.voters = voters
            }
        }
    }

    private func fail(_ reason: String) {
        state.withLock { state in
            state.isUnderWay = false
            state.failure = reason
            state.notBefore = ClockReading.bootNow() + Self.pause
        }
    }
}
