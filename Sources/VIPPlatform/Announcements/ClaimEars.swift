import CNetlink
import Glibc
import Synchronization
import VIPNet

/// The side of `ClaimWatch` that is its thread.
final class ClaimEars: @unchecked Sendable {
    /// Frames that are read before the next pause.
    private static let mostFrames = 128
    /// The pause after so many, in nanoseconds: at most 25,000 are read a second.
    private static let breath: Int64 = 5_000_000
    /// Between two reports, likewise.
    private static let reportPause: Int64 = 100_000_000
    /// How long what is known of this host's own MAC addresses is used for one that is not among
    /// them, at the least: a new interface is to be known before a frame of it comes back. Under a
    /// flood of claims, each by another MAC address, the list of all interfaces is read for a
    /// twentieth of the time at most: a host may have hundreds of them.
    private static let linksPause: Int64 = 10_000_000
    private static let linksShare: Int64 = 20
    /// For how long one that was found to be none of ours is taken for that without a look.
    private static let strangerMemory: Int64 = 1_000_000_000
    private static let mostStrangers = 64

    private struct Answered {
        var at: Int64
        /// Another claim has come since.
        var isOwed = false
    }

    private struct Target: Hashable {
        let group: Int
        let address: Int
    }

    private let lane: ClaimWatch.Lane
    private let routes: RouteSocket
    private let targets: [IPAddress: Target]

    private var answered: [Target: Answered] = [:]
    /// Of each source, as the kernel has counted them.
    private var drops: [UInt32]
    private var report = ClaimWatch.Report()
    private var reportedAt: Int64 = 0
    private var own: Set<MACAddress> = []
    /// When the kernel is to be asked for them again.
    private var ownUntil: Int64 = .min
    /// When they were last looked for among our own.
    private var strangers: [MACAddress: Int64] = [:]

    init(_ lane: ClaimWatch.Lane, _ routes: RouteSocket) {
        self.lane = lane
        self.routes = routes
        // Those of an earlier program of this process are its own.
        drops = lane.sources.map { UInt32(truncatingIfNeeded: vip_socket_drops($0.fileDescriptor)) }
        var targets: [IPAddress: Target] = [:]
        for (group, permit) in lane.permits.enumerated() {
            for (index, address) in permit.addresses.enumerated() {
                targets[address] = Target(group: group, address: index)
            }
        }
        self.targets = targets
    }

    func run() {
        vip_block_signals()
        while !lane.isStopping.load(ordering: .sequentiallyConsistent) {
            let isFlooded = listen()
            let now = ClockReading.bootNow()
            settleAnswers(at: now)
            tell(at: now)
            if isFlooded { pause() } else { sleep(from: now) }
        }
    }

    // MARK: - Hearing

    /// Whether there may be more.
    private func listen() -> Bool {
        var isFlooded = false
        for (index, source) in lane.sources.enumerated() {
            var left = Self.mostFrames
            while left > 0, let heard = source.next() {
                left -= 1
                if let heard { consider(heard) }
            }
            if left == 0 { isFlooded = true }
            noteDrops(index)
        }
        return isFlooded
    }

    private func noteDrops(_ index: Int) {
        let now = vip_socket_drops(lane.sources[index].fileDescriptor)
        guard now >= 0 else { return }
        // The kernel counts in 32 bits.
        let new = UInt32(truncatingIfNeeded: now) &- drops[index]
        drops[index] = UInt32(truncatingIfNeeded: now)
        report.unseen += Int(new)
    }

    private func consider(_ heard: HeardClaim) {
        guard let target = targets[heard.claim.address] else { return }
        let permit = lane.permits[target.group]
        let now = ClockReading.bootNow()
        guard permit.isOpen(at: now), now - permit.openedAt >= ClaimWatch.grace,
            permit.interfaceIndex == heard.interface,
            isForeign(heard.claim.mac, at: now)
        else { return }
        let finding = ClaimWatch.Finding(
            group: target.group,
            address: heard.claim.address,
            mac: heard.claim.mac,
            interface: heard.interface
        )
        if report.findings[finding] != nil || report.findings.count < ClaimWatch.mostFindings {
            report.findings[finding, default: 0] += 1
        } else {
            report.others += 1
        }
        answer(target, at: now)
    }

    /// Whether no interface of this host has it. Where the kernel does not say, nothing is certain.
    private func isForeign(_ mac: MACAddress, at now: Int64) -> Bool {
        if own.contains(mac) { return false }
        if let looked = strangers[mac], now - looked < Self.strangerMemory { return true }
        if ownUntil <= now {
            guard let links = try? routes.links() else { return false }
            own = Set(links.compactMap(\.mac))
            let cost = ClockReading.bootNow() - now
            ownUntil = now + max(Self.linksPause, cost * Self.linksShare)
        }
        guard !own.contains(mac) else { return false }
        if strangers.count >= Self.mostStrangers { strangers.removeAll() }
        strangers[mac] = now
        return true
    }

    // MARK: - Answering

    private func answer(_ target: Target, at now: Int64) {
        if let last = answered[target], now - last.at < ClaimWatch.answerPause {
            answered[target]?.isOwed = true
            return
        }
        answered[target] = Answered(at: now)
        lane.announcements.answer(target.group, target.address)
    }

    /// Whatever was claimed after an answer gets its own, a second after that one.
    private func settleAnswers(at now: Int64) {
        for (target, last) in answered where now - last.at >= ClaimWatch.answerPause {
            answered[target] = nil
            if last.isOwed, lane.permits[target.group].isOpen(at: now) { answer(target, at: now) }
        }
    }

    // MARK: - Telling

    private func tell(at now: Int64) {
        guard !report.isEmpty, now - reportedAt >= Self.reportPause else { return }
        lane.reports.put(report)
        report = ClaimWatch.Report()
        reportedAt = now
    }

    /// Until there is something to hear, to tell or to answer.
    private func sleep(from now: Int64) {
        var due: Int64?
        if !report.isEmpty { due = reportedAt + Self.reportPause }
        due = earliest(due, answered.values.lazy.map { $0.at + ClaimWatch.answerPause }.min())
        var timeout: Int32 = -1
        if let due { timeout = Int32(clamping: max(0, (due - now + 999_999) / 1_000_000)) }
        let numbers = [lane.wake.number] + lane.sources.map(\.fileDescriptor)
        var sources = numbers.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        _ = unsafe poll(&sources, nfds_t(sources.count), timeout)
    }

    private func pause() {
        var span = timespec(tv_sec: 0, tv_nsec: Int(Self.breath))
        _ = unsafe nanosleep(&span, nil)
    }
}
