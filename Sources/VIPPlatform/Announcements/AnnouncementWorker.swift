import CNetlink
import Glibc
import Synchronization

/// Announces addresses in a thread of its own, paced: what grows with their number is none of the
/// lease plane's business, and neighbours can't take any number of frames at once.
///
///     ask(group) -> a round: each address once … silent | failed
///
/// A round leaves in passes, so that each address has been announced by one frame before the first
/// of them is announced by its second. The first round of a group that has just opened goes before
/// everything else. Rounds of one group that are asked for while one is under way become one.
///
/// Every frame has its group's permit, see `AnnouncementPermit`; what is left of a round ends with
/// it. A frame that could not be sent does not count: it is tried again until it has left, or the
/// permit is closed, or the group's next round begins.
package final class AnnouncementWorker: Sendable {
    package enum Report: Equatable, Sendable {
        /// A permit was found closed, and no frame of that group is under way any more.
        case silent(group: Int)
        /// Something could not be sent; it is tried again.
        case failed(group: Int, SystemError)
    }

    enum Order: Hashable, Sendable {
        case round(group: Int)
        /// This one address, before all else: somebody else says that he has it.
        case answer(group: Int, address: Int)
    }

    /// What waits for the thread, in order and without duplicates: so there are no more than groups
    /// and addresses.
    struct Orders: Sendable {
        private var order: [Order] = []
        private var known: Set<Order> = []
        var isStopping = false

        mutating func add(_ new: Order) {
            if known.insert(new).inserted { order.append(new) }
        }

        mutating func takeAll() -> [Order] {
            defer {
                order = []
                known = []
            }
            return order
        }
    }

    /// What both sides have.
    final class Lane: Sendable {
        let orders = Mutex(Orders())
        let wake: Descriptor
        let reports: ServiceMailbox<Report>
        let sent = Atomic<UInt64>(0)
        let permits: [AnnouncementPermit]
        let announcer: Announcer

        init(_ permits: [AnnouncementPermit], _ announcer: Announcer) throws(SystemError) {
            self.permits = permits
            self.announcer = announcer
            let wake = try SystemCall.check("eventfd", on: "announcements") {
                vip_eventfd_create(1)
            }
            self.wake = Descriptor(owning: wake)
            reports = try ServiceMailbox()
        }
    }

    private let lane: Lane

    /// For the event loop: readable while there are reports.
    package var fileDescriptor: Int32 { lane.reports.fileDescriptor }

    /// The packet socket, for the program that comes after this one.
    package var socketDescriptor: Int32 { lane.announcer.fileDescriptor }

    /// ARP and NDP frames that have left.
    package var sent: UInt64 { lane.sent.load(ordering: .relaxed) }

    /// Starts the thread, in the network namespace of the calling one.
    ///
    /// - Parameter permits: of each group, which from now on is called by its index here.
    package init(
        _ permits: [AnnouncementPermit],
        with announcer: Announcer
    ) throws(SystemError) {
        let lane = try Lane(permits, announcer)
        self.lane = lane
        try startThread("announcements") { AnnouncementRounds(lane).run() }
    }

    /// The thread ends; what it has not announced by then it does not.
    deinit {
        lane.orders.withLock { $0.isStopping = true }
        eventfd_write(lane.wake.number, 1)
    }

    /// Asks for one round: every address of the group, as soon as the pace allows.
    package func ask(_ group: Int) { ask(.round(group: group)) }

    /// Asks for one address to be announced once, before all else.
    ///
    /// - Parameter address: its index in the permit's list.
    package func answer(_ group: Int, _ address: Int) {
        ask(.answer(group: group, address: address))
    }

    private func ask(_ order: Order) {
        lane.orders.withLock { $0.add(order) }
        eventfd_write(lane.wake.number, 1)
    }

    package func takeReports() -> [Report] { lane.reports.takeAll() }
}
