import CNetlink
import Glibc
import Synchronization

/// Where log lines go: into a ring, and from there to a descriptor by a thread of its own. A pipe
/// that nobody reads stops that thread, and no other.
package final class LogOutput: @unchecked Sendable {
    /// Lines that wait at most; some 250 KiB.
    private static let mostWaiting = 256

    /// Whether the lines are the journal's, which has its own time and wants a priority.
    package let isJournal: Bool

    private let ring: LineRing
    private let descriptor: Int32
    private let wake: Descriptor
    private let isSleeping = Atomic<Bool>(false)
    private let isStarted = Atomic<Bool>(false)
    private let accepted = Atomic<Int>(0)
    private let dropped = Atomic<Int>(0)
    private let emitted = Atomic<Int>(0)

    /// - Parameter descriptor: standard error, or another in tests. It stays the caller's.
    package init(
        descriptor: Int32 = STDERR_FILENO,
        environment: (String) -> String? = ServiceNotifier.variable
    ) throws(SystemError) {
        let number = try SystemCall.check("eventfd", on: "log") { vip_eventfd_create(0) }
        wake = Descriptor(owning: number)
        self.descriptor = descriptor
        ring = LineRing(places: Self.mostWaiting)
        isJournal = Self.isJournal(descriptor, environment("JOURNAL_STREAM"))
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
    package func put(_ line: String) {
        var line = line
        line.withUTF8 { octets in
            if unsafe ring.put(octets.span) { accepted.add(1, ordering: .relaxed) }
        }
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
        _ = unsafe write(wake.number, &one, 8)
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
        while let line = ring.take() {
            any = true
            emit(line)
            emitted.add(1, ordering: .sequentiallyConsistent)
        }
        let dropped = ring.takeDropped()
        if dropped > 0 {
            self.dropped.add(dropped, ordering: .relaxed)
            emit(Array("\(isJournal ? "<4>" : "")log: \(dropped) lines dropped".utf8))
        }
        return any
    }

    private func emit(_ line: [UInt8]) {
        let octets = line + [UInt8(ascii: "\n")]
        var written = 0
        while written < octets.count {
            let count = SystemCall.repeating {
                let count = unsafe octets.withUnsafeBytes { buffer in
                    unsafe write(
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

    /// systemd names the device and the inode of the stream, since the descriptor may since have
    /// been pointed elsewhere.
    private static func isJournal(_ descriptor: Int32, _ stream: String?) -> Bool {
        var status = stat()
        guard let stream, unsafe fstat(descriptor, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }
}
