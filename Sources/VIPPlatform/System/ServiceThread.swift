import CNetlink
import Glibc
import Synchronization

/// The service plane's thread: whatever may wait, in the order in which it was handed over. The
/// lease plane hands work to it and never waits for it.
package final class ServiceThread: @unchecked Sendable {
    package typealias Work = @Sendable () -> Void

    private let queue = Mutex<[Work]>([])
    private let wake: Descriptor
    private let unfinished = Atomic<Int>(0)
    /// More than this waiting means that the disk hangs; what comes then is refused.
    private static let mostWaiting = 4096

    package init() throws(SystemError) {
        let number = try SystemCall.check("eventfd", on: "service thread") {
            vip_eventfd_create(0)
        }
        wake = Descriptor(owning: number)
        try startThread("service thread") { self.run() }
    }

    /// Whether it was taken.
    @discardableResult
    package func submit(_ work: @escaping Work) -> Bool {
        let taken = queue.withLock { queue in
            guard queue.count < Self.mostWaiting else { return false }
            queue.append(work)
            unfinished.add(1, ordering: .sequentiallyConsistent)
            return true
        }
        if taken { eventfd_write(wake.number, 1) }
        return taken
    }

    /// Whether all that was handed over is done. While a disk hangs it isn't, and then an execve,
    /// which waits for all threads to end, would hang too.
    package var isIdle: Bool { unfinished.load(ordering: .sequentiallyConsistent) == 0 }

    private func run() -> Never {
        while true {
            var count: eventfd_t = 0
            _ = unsafe eventfd_read(wake.number, &count)
            while let work = queue.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
                work()
                unfinished.subtract(1, ordering: .sequentiallyConsistent)
            }
        }
    }
}

/// What the service plane has to tell the lease plane, which finds it by its descriptor.
package final class ServiceMailbox<Message: Sendable>: @unchecked Sendable {
    private let messages = Mutex<[Message]>([])
    private let ready: Descriptor

    package var fileDescriptor: Int32 { ready.number }

    package init() throws(SystemError) {
        let number = try SystemCall.check("eventfd", on: "service mailbox") {
            vip_eventfd_create(1)
        }
        ready = Descriptor(owning: number)
    }

    package func put(_ message: Message) {
        messages.withLock { $0.append(message) }
        eventfd_write(ready.number, 1)
    }

    package func takeAll() -> [Message] {
        var count: eventfd_t = 0
        _ = unsafe eventfd_read(ready.number, &count)
        return messages.withLock { messages in
            defer { messages.removeAll() }
            return messages
        }
    }
}
