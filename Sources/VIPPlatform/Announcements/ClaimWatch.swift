import CNetlink
import Glibc
import Synchronization
import VIPNet

/// Hears in a thread of its own who else says that he has an address of this host, answers, and
/// tells the lease plane.
///
///     a claim -> answered by an announcement, at most one a second for each address
///             -> findings(), some times a second at most, each with a count
///
/// Told is only what is certain: a claim to an address that this host has owned for a while, on its
/// group's interface, by a MAC address that no interface of this host has. So our own frames that a
/// switch sends back are none, nor is the last announcement of the owner before us.
///
/// However much comes in, this thread reads a bounded number of frames in a while; what it has no
/// time for, the kernel drops and counts.
package final class ClaimWatch: Sendable {
    package struct Finding: Hashable, Sendable {
        /// The group's index in the list of permits.
        package var group: Int
        package var address: IPAddress
        package var mac: MACAddress
        /// The index of the interface.
        package var interface: Int32

        package init(group: Int, address: IPAddress, mac: MACAddress, interface: Int32) {
            self.group = group
            self.address = address
            self.mac = mac
            self.interface = interface
        }
    }

    /// What was heard since the last report.
    package struct Report: Sendable {
        package var findings: [Finding: Int] = [:]
        /// Claims for which there was no room in `findings`.
        package var others = 0
        /// Frames that nobody has looked at.
        package var unseen = 0

        var isEmpty: Bool { findings.isEmpty && others == 0 && unseen == 0 }
    }

    /// What is told at once: more addresses, or more who claim them, are an attack, and only
    /// counted.
    package static let mostFindings = 64

    /// For so long after a group was opened nothing is a claim: frames of the owner before may have
    /// been under way, and its addresses are announced again and again anyhow. In nanoseconds.
    package static let grace: Int64 = 1_000_000_000

    /// Between two answers for one address: RFC 5227 would have a host defend itself once in ten
    /// seconds and then give up, since neither of two hosts has a better right to an address. Here
    /// one of them has a lease.
    package static let answerPause: Int64 = 1_000_000_000

    final class Lane: Sendable {
        let isStopping = Atomic<Bool>(false)
        let wake: Descriptor
        let reports: ServiceMailbox<Report>
        let permits: [AnnouncementPermit]
        let announcements: AnnouncementWorker
        let sources: [any ClaimSource]

        init(
            _ permits: [AnnouncementPermit],
            _ announcements: AnnouncementWorker,
            _ sources: [any ClaimSource]
        ) throws(SystemError) {
            self.permits = permits
            self.announcements = announcements
            self.sources = sources
            let wake = try SystemCall.check("eventfd", on: "claims") { vip_eventfd_create(1) }
            self.wake = Descriptor(owning: wake)
            reports = try ServiceMailbox()
        }
    }

    private let lane: Lane

    /// For the event loop: readable while there are reports.
    package var fileDescriptor: Int32 { lane.reports.fileDescriptor }

    /// Starts the thread, in the network namespace of the calling one.
    ///
    /// - Parameters:
    ///   - announcements: of the same permits.
    ///   - announcer: its socket hears ARP from now on.
    package init(
        _ permits: [AnnouncementPermit],
        answering announcements: AnnouncementWorker,
        at announcer: Announcer
    ) throws(SystemError) {
        let addresses = permits.flatMap(\.addresses)
        var sources: [any ClaimSource] = []
        if let filter = ClaimFilter(.arp, of: addresses) {
            sources.append(try ARPClaims(announcer, filter))
        }
        if let filter = ClaimFilter(.neighborDiscovery, of: addresses) {
            do throws(SystemError) {
                sources.append(try NeighborClaims(filter))
            } catch  where error.errno == EAFNOSUPPORT {
                // A kernel without IPv6 can't have these addresses either.
            }
        }
        let lane = try Lane(permits, announcements, sources)
        self.lane = lane
        let ears = ClaimEars(lane, try RouteSocket())
        try startThread("claims") { ears.run() }
    }

    /// The thread ends.
    deinit {
        lane.isStopping.store(true, ordering: .sequentiallyConsistent)
        eventfd_write(lane.wake.number, 1)
    }

    package func takeReports() -> [Report] { lane.reports.takeAll() }
}
