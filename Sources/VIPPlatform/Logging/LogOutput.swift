import CNetlink
import Glibc
import Synchronization

/// Where log lines go: into a ring, and from there to a descriptor by a thread of its own. A pipe
/// that nobody reads stops that thread, and no other.
///
/// Where the descriptor is the journal's, the ring holds entries, and they go to the journal's own
/// socket. One that it does not take goes to the descriptor as a line.
package final class LogOutput: @unchecked Sendable {
    /// Lines that wait at most; some 250 KiB.
    private static let mostWaiting = 256

    /// Whether to put journal entries rather than lines.
    package let isJournal: Bool
    private let journal: JournalSocket?

    private let ring: LineRing
    private let descriptor: Int32
    private let wake: Descriptor
    private let isSleeping = Atomic<Bool>(false)
    private let isStarted = Atomic<Bool>(false)
    private let accepted = Atomic<Int>(0)
    private let dropped = Atomic<Int>(0)
    private let emitted = Atomic<Int>(0)

    /// - Parameters:
    ///   - descriptor: standard error, or another in tests. It stays the caller's.
    ///   - journal: where the journal's socket is.
    package init(
        descriptor: Int32 = STDERR_FILENO,
        journal: String? = nil,
        environment: (String) -> String? = ServiceNotifier.variable
    ) throws(SystemError) {
        let number = try SystemCall.check("eventfd", on: "log") { vip_eventfd_create(0) }
        wake = Descriptor(owning: number)
        self.descriptor = descriptor
        ring = LineRing(slots: Self.mostWaiting)
        isJournal = Self.isJournal(descriptor, environment)
        self.journal = isJournal ? JournalSocket(path: journal ?? JournalSocket.defaultPath) : nil
    }

    /// Starts the thread that writes, once. Until then lines wait, up to the bound.
    package func start() throws(SystemError) {
        guard !isStarted.exchange(true, ordering: .sequentiallyConsistent) else { return }
        try startThread("log") { self.run() }
    }

    /// Lines that were dropped for want of room, since the start.
    package var droppedTotal: Int { dropped.load(ordering: .relaxed) }

    /// Whether the lines so far are written.
    package var isDrained: Bool {
        emitted.load(ordering: .sequentiallyConsistent)
            >= accepted.load(ordering: .sequentiallyConsistent)
    }

    /// Never waits: a line for which there is no room is dropped, and the next one says how many.
    package func put(_ line: String) { put(Array(line.utf8)) }

    package func put(_ entry: JournalEntry) { put(entry.octets) }

    private func put(_ octets: [UInt8]) {
        if ring.put(octets.span) { accepted.add(1, ordering: .relaxed) }
        if isSleeping.exchange(false, ordering: .sequentiallyConsistent) { signal() }
    }

    /// Waits until the lines so far are written, or for `patience`: a reader that has stopped must
    /// not keep us from ending.
    ///
    /// - Returns: whether they are.
    @discardableResult
    package func flush(patience: Duration = .seconds(1)) -> Bool {
        guard isStarted.load(ordering: .sequentiallyConsistent) else {
            drain()
            return true
        }
        let wanted = accepted.load(ordering: .sequentiallyConsistent)
        let deadline = ClockReading.bootNow() + Int64(patience / .nanoseconds(1))
        signal()
        while emitted.load(ordering: .sequentiallyConsistent) < wanted {
            guard ClockReading.bootNow() < deadline else { return false }
            usleep(500)
        }
        return true
    }

    private func signal() {
        var one: UInt64 = 1
        _ = unsafe Glibc.write(wake.number, &one, 8)
    }

    private func run() -> Never {
        vip_block_signals()
        while true {
            drain()
            isSleeping.store(true, ordering: .sequentiallyConsistent)
            // A line may have come before anybody could see that we sleep.
            if drain(), isSleeping.exchange(false, ordering: .sequentiallyConsistent) { continue }
            var count: UInt64 = 0
            _ = unsafe read(wake.number, &count, 8)
        }
    }

    /// Whether there was anything.
    @discardableResult
    private func drain() -> Bool {
        var any = false
        while let line = ring.pop() {
            any = true
            emit(line)
            emitted.add(1, ordering: .sequentiallyConsistent)
        }
        let dropped = ring.takeDropped()
        if dropped > 0 {
            self.dropped.add(dropped, ordering: .relaxed)
            let line = "log: \(dropped) lines dropped"
            emit(
                isJournal
                    ? JournalEntry(priority: 4, message: line, fields: []).octets
                    : Array(line.utf8)
            )
        }
        return any
    }

    private func emit(_ octets: [UInt8]) {
        guard isJournal else { return write(line: octets) }
        if let journal, journal.send(octets) { return }
        write(line: JournalEntry.line(of: octets))
    }

    private func write(line: [UInt8]) {
        let octets = line + [UInt8(ascii: "\n")]
        var written = 0
        while written < octets.count {
            let count = SystemCall.repeating {
                let count = unsafe octets.withUnsafeBytes { buffer in
                    unsafe Glibc.write(
                        descriptor,
                        buffer.baseAddress! + written,
                        buffer.count - written
                    )
                }
                return count < 0 ? -Int(errno) : count
            }
            // With nobody to tell, the line is lost; the agent goes on.
            guard count > 0 else { return }
            written += count
        }
    }

    /// Whether that descriptor is a stream to the journal. systemd names its device and inode,
    /// since the descriptor may have been pointed elsewhere.
    package static func isJournal(
        _ descriptor: Int32,
        _ environment: (String) -> String? = ServiceNotifier.variable
    ) -> Bool {
        var status = stat()
        guard let stream = environment("JOURNAL_STREAM"), unsafe fstat(descriptor, &status) == 0
        else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }
}
