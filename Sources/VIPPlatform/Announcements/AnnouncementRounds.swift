import CNetlink
import Glibc
import Synchronization
import VIPNet

/// The side of `AnnouncementWorker` that is its thread.
final class AnnouncementRounds {
    /// One frame of a round: of the address at this index, in this form.
    struct Item: Equatable {
        let address: Int
        let form: Int
    }

    /// What is left to be sent of a group.
    struct Round {
        let group: Int
        /// The opening of the permit that it is for.
        let opening: Int64
        /// Somebody waits for it.
        let isUrgent: Bool
        /// A round of the whole group, and not the answer to a claim.
        let isWhole: Bool
        var items: [Item]
        var next = 0
        /// The same round once more when this is over: it was asked for meanwhile.
        var isRepeated = false
        /// What could not be sent.
        var failed: [Item] = []
        var lastFailure: SystemError?
        var failuresInARow = 0
        /// How long to wait before what has failed is tried again, in nanoseconds.
        var pause = AnnouncementRounds.shortestPause
        /// Not to be gone on with before, on CLOCK_BOOTTIME.
        var restsUntil: Int64 = 0
    }

    private static let millisecond: Int64 = 1_000_000
    private static let shortestPause: Int64 = 10_000_000
    private static let longestPause: Int64 = 1_000_000_000
    /// Whatever the reason, the next one will fail too.
    private static let mostFailuresInARow = 3

    private let lane: AnnouncementWorker.Lane
    private var rounds: [Round] = []
    /// Of each group, the opening whose first round has been begun.
    private var begun: [Int64]

    init(_ lane: AnnouncementWorker.Lane) {
        self.lane = lane
        begun = lane.permits.map { _ in 0 }
    }

    func run() {
        vip_block_signals()
        while takeOrders() {
            let now = ClockReading.bootNow()
            guard let index = nextRound(at: now) else {
                sleep(from: now)
                continue
            }
            bite(index)
            // Nobody comes sooner: the pace holds for whatever is asked for meanwhile, too.
            if !rounds.isEmpty { Self.pause(until: now + Self.millisecond) }
        }
    }

    // MARK: - Orders

    /// False: the thread is to end.
    private func takeOrders() -> Bool {
        var count: eventfd_t = 0
        _ = unsafe eventfd_read(lane.wake.number, &count)
        let orders: [AnnouncementWorker.Order]? = lane.orders.withLock { orders in
            orders.isStopping ? nil : orders.takeAll()
        }
        for order in orders ?? [] {
            switch order {
            case .round(let group): beginRound(of: group)
            case .answer(let group, let address): beginAnswer(group, address)
            }
        }
        return orders != nil
    }

    private func beginRound(of group: Int) {
        let permit = lane.permits[group]
        let opening = permit.openedAt
        if let index = rounds.firstIndex(where: { $0.group == group && $0.isWhole }) {
            guard rounds[index].opening != opening else {
                rounds[index].isRepeated = true
                return
            }
            rounds.remove(at: index)
        }
        let isFirst = begun[group] != opening
        begun[group] = opening
        let items = (0..<Announcer.mostFrames).flatMap { form in
            permit.addresses.indices.filter { form < Announcer.frameCount(permit.addresses[$0]) }
                .map { Item(address: $0, form: form) }
        }
        rounds.append(
            Round(
                group: group,
                opening: opening,
                isUrgent: isFirst,
                isWhole: true,
                items: items
            )
        )
    }

    private func beginAnswer(_ group: Int, _ address: Int) {
        let permit = lane.permits[group]
        let forms = Announcer.frameCount(permit.addresses[address])
        rounds.append(
            Round(
                group: group,
                opening: permit.openedAt,
                isUrgent: true,
                isWhole: false,
                items: (0..<forms).map { Item(address: address, form: $0) }
            )
        )
    }

    // MARK: - Sending

    /// The one to go on with: somebody waits for it, or it has waited longest.
    private func nextRound(at now: Int64) -> Int? {
        let due = rounds.indices.filter { rounds[$0].restsUntil <= now }
        return due.first { rounds[$0].isUrgent } ?? due.first
    }

    /// As many frames of a round as may leave within a millisecond.
    private func bite(_ index: Int) {
        let most =
            rounds[index].isUrgent
            ? AnnouncementPace.framesPerMillisecond : AnnouncementPace.laterFramesPerMillisecond
        let permit = lane.permits[rounds[index].group]
        var mac: MACAddress?
        for _ in 0..<most {
            guard rounds[index].next < rounds[index].items.count else { break }
            let item = rounds[index].items[rounds[index].next]
            let failure: SystemError??
            if permit.openedAt == rounds[index].opening {
                failure = permit.send { interface in
                    lane.announcer.send(
                        permit.addresses[item.address],
                        item.form,
                        from: &mac,
                        on: interface
                    )
                }
            } else {
                failure = nil
            }
            guard let failure else { return abandon(index) }
            rounds[index].next += 1
            if let failure {
                rounds[index].failed.append(item)
                rounds[index].lastFailure = failure
                rounds[index].failuresInARow += 1
                if rounds[index].failuresInARow == Self.mostFailuresInARow {
                    return putOff(index)
                }
            } else {
                lane.sent.add(1, ordering: .relaxed)
                rounds[index].failuresInARow = 0
            }
            // Closed after the last look: whoever has closed it may wait to hear of it.
            if permit.isClosed { return abandon(index) }
        }
        if rounds[index].next == rounds[index].items.count { finish(index) }
    }

    private func abandon(_ index: Int) {
        let group = rounds[index].group
        rounds.remove(at: index)
        lane.reports.put(.silent(group: group))
    }

    /// What has failed goes to the end, and the round rests.
    private func putOff(_ index: Int) {
        let round = rounds[index]
        rounds[index].items = Array(round.items[round.next...]) + round.failed
        rounds[index].next = 0
        rounds[index].failed = []
        rounds[index].failuresInARow = 0
        rounds[index].restsUntil = ClockReading.bootNow() + round.pause
        rounds[index].pause = min(round.pause * 2, Self.longestPause)
        guard let failure = round.lastFailure else { return }
        lane.reports.put(.failed(group: round.group, failure))
    }

    private func finish(_ index: Int) {
        guard rounds[index].failed.isEmpty else { return putOff(index) }
        let round = rounds.remove(at: index)
        if round.isRepeated { beginRound(of: round.group) }
    }

    // MARK: - Time

    /// Until there is an order, or a round has rested.
    private func sleep(from now: Int64) {
        var timeout: Int32 = -1
        if let due = rounds.map(\.restsUntil).min() {
            timeout = Int32(clamping: max(0, (due - now + 999_999) / 1_000_000))
        }
        var source = pollfd(fd: lane.wake.number, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&source, 1, timeout)
    }

    private static func pause(until instant: Int64) {
        let left = instant - ClockReading.bootNow()
        guard left > 0 else { return }
        var span = timespec(tv_sec: 0, tv_nsec: Int(min(left, millisecond)))
        _ = unsafe nanosleep(&span, nil)
    }
}
