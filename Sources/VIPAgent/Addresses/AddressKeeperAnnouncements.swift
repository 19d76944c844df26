import VIPCore
import VIPNet
import VIPPlatform

/// What the keeper has to do with announcements: permits, rounds, and when they are due once more.
extension AddressKeeper {
    /// To be called right after the gate was opened, with the same deadline.
    func permit(_ id: GroupID, until: Instant) {
        guard let index = index(of: id) else { return }
        groups[index].permit.open(until: until.nanoseconds, at: ClockReading.bootNow())
        place(index)
    }

    /// To be called right before the gate is closed.
    func forbid(_ id: GroupID) {
        guard let index = index(of: id) else { return }
        groups[index].permit.close()
    }

    /// Asks for one round of announcements.
    func announce(_ id: GroupID) {
        guard let index = index(of: id) else { return }
        place(index)
        announcements.ask(index)
    }

    /// An interface that was made anew has another number; at the start it is not known yet.
    private func place(_ index: Int) {
        if let link = groups[index].link { groups[index].permit.place(on: link.index) }
    }

    /// The kernel has none of the addresses any more. The core, which answers with a release, hears
    /// of it once no frame is on its way that says that they are here.
    func tellRemoval(of index: Int, request: UInt64) {
        guard !groups[index].permit.isFrameUnderWay else {
            groups[index].silence = request
            return
        }
        groups[index].silence = nil
        news.append(.addressesRemoved(groups[index].id, request: request))
    }

    /// What the announcing thread has to tell.
    func takeAnnouncementReports() {
        for report in announcements.takeReports() {
            switch report {
            case .silent(let index):
                if let request = groups[index].silence { tellRemoval(of: index, request: request) }
            case .failed(let index, let failure):
                failures.append(
                    Failure(
                        group: groups[index].id,
                        kind: "announce \(failure.errno)",
                        event: "announcement-failed",
                        text: "\(failure)"
                    )
                )
            }
        }
    }

    /// Whether neighbours may have something else in mind by now: another MAC address; or what they
    /// were told while the interface had no carrier. Nobody waits for the answer.
    func announceAgain(_ index: Int, after before: Link, _ link: Link) {
        let isBack = link.isUsable && !before.isUsable
        guard groups[index].wanted, isBack || before.mac != link.mac else { return }
        news.append(.command(.announce(groups[index].id), id: 0))
    }

    /// After a gap in which anything may have been said.
    func announceAllAgain() {
        for group in groups where group.wanted {
            news.append(.command(.announce(group.id), id: 0))
        }
    }
}
