import Synchronization
import VIPNet

/// Whether the addresses of a group may be announced at this moment. The lease plane says so; the
/// threads that announce, and that look for foreign claims, read it.
///
/// It is opened right after the gate, with the same deadline, and closed right before the gate. No
/// frame leaves that says "here" once this host has let go:
///
///  - With a gate the kernel sees to that: it looks at the deadline when the frame leaves, whoever
///    sends it and however late, since frames of AF_PACKET pass clsact, too.
///  - In any case the thread that sends marks that a frame is under way, *then* looks at permit and
///    clock, then sends, then takes the mark away. Letting go closes the permit first, has the
///    addresses taken off, and *then* looks at the mark; only without it are the addresses told to
///    be off, which is what a release waits for. All four are sequentially consistent: either the
///    sender's look comes after the closing and nothing is sent, or the mark is seen and waited
///    for.
///  - What remains where there is no gate: the whole process is stopped between the sender's look
///    and the send, for longer than the lease. So it was while the lease plane itself announced.
package final class AnnouncementPermit: Sendable {
    package let addresses: [IPAddress]

    /// On CLOCK_BOOTTIME, in nanoseconds; 0: closed.
    private let until = Atomic<Int64>(0)
    /// Since when it has been open without a break.
    private let since = Atomic<Int64>(0)
    private let interface = Atomic<Int32>(0)
    private let underWay = Atomic<Bool>(false)

    package init(addresses: [IPAddress]) { self.addresses = addresses }

    // MARK: - The lease plane

    /// - Parameter deadline: on CLOCK_BOOTTIME, in nanoseconds.
    package func open(until deadline: Int64, at now: Int64) {
        if until.load(ordering: .sequentiallyConsistent) <= now {
            since.store(now, ordering: .sequentiallyConsistent)
        }
        until.store(deadline, ordering: .sequentiallyConsistent)
    }

    /// - Parameter interface: the index of the one that the addresses are on.
    package func bind(to interface: Int32) {
        self.interface.store(interface, ordering: .sequentiallyConsistent)
    }

    package func close() { until.store(0, ordering: .sequentiallyConsistent) }

    /// Whether a frame may be about to leave all the same. To be asked after `close`: who was told
    /// so hears from the sender when it is over, see `AnnouncementWorker.Report.silent`.
    package var isFrameUnderWay: Bool { underWay.load(ordering: .sequentiallyConsistent) }

    // MARK: - Other threads

    package var isClosed: Bool { until.load(ordering: .sequentiallyConsistent) == 0 }

    package func isOpen(at now: Int64) -> Bool {
        now < until.load(ordering: .sequentiallyConsistent)
    }

    /// Names this opening: another one has another number.
    package var openedAt: Int64 { since.load(ordering: .sequentiallyConsistent) }

    /// The index of the interface that the addresses are on; 0: that is not known yet.
    package var interfaceIndex: Int32 { interface.load(ordering: .sequentiallyConsistent) }

    /// Sends a frame if that is allowed at this instant; nil, and nothing was sent, if it is not.
    package func send<Outcome>(_ send: (_ interface: Int32) -> Outcome) -> Outcome? {
        underWay.store(true, ordering: .sequentiallyConsistent)
        defer { underWay.store(false, ordering: .sequentiallyConsistent) }
        let index = interfaceIndex
        guard index > 0, isOpen(at: ClockReading.bootNow()) else { return nil }
        return send(index)
    }
}
