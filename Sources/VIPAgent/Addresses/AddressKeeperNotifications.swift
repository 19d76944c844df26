import VIPCore
import VIPNet
import VIPPlatform

/// What the kernel tells of links and addresses without being asked, and what of it the core has to
/// hear.
extension AddressKeeper {
    /// Takes what the kernel has to say, and keeps what of it the core has to hear.
    package func takeNotifications() throws(SystemError) {
        var touched: Set<Int> = []
        for event in try monitor.events() {
            resynchronization.note(event)
            if event == .overrun { noteOverrun() }
            // Before that, it is all in the answer that is to come.
            guard hasBegun else { continue }
            switch event {
            case .link(let link):
                for index in groups.indices {
                    let change = groups[index].take(link)
                    if note(change, of: index) { touched.insert(index) }
                }
            case .linkGone(let number, _):
                for index in groups.indices where groups[index].lose(number) {
                    groups[index].addresses.forgetAll(on: number)
                    groups[index].isDisturbed = groups[index].orders > 0
                    touched.insert(index)
                }
            case .address(let address):
                if let index = holders[address.address] {
                    groups[index].addresses.note(address)
                    disturb(index, isWanted: false)
                    touched.insert(index)
                }
            case .addressGone(let address):
                if let index = holders[address.address] {
                    groups[index].addresses.forget(address)
                    disturb(index, isWanted: true)
                    touched.insert(index)
                }
            case .overrun: break
            }
        }
        resynchronize(at: ClockReading.bootNow())
        guard hasBegun else { return }
        noteInterfaces()
        lookAt(touched.sorted())
    }

    /// Until the kernel has said what it has, what is known stays.
    private func noteOverrun() {
        overruns &+= 1
        // What was told before the first question is part of its answer.
        guard hasBegun || resynchronization.isUnderWay else { return }
        resynchronization.want(at: ClockReading.bootNow())
    }

    /// The worker's own changes are told by notifications too, one by one: until it is done with
    /// them they say nothing.
    func lookAt(_ indices: some Sequence<Int>) {
        for index in indices where groups[index].orders == 0 {
            let group = groups[index]
            let (all, some) = (group.isComplete, !group.addresses.areAbsent)
            // What is there as it should be, or not at all, is no news.
            guard group.wanted ? !all : some else { continue }
            find(index, all: all, some: some)
        }
    }

    /// - Returns: Whether the group's addresses have to be looked at.
    @discardableResult
    func note(_ change: GroupPlace.LinkChange, of index: Int) -> Bool {
        switch change {
        case .none: return false
        case .changed(let before):
            guard let link = groups[index].link, link != before else { return false }
            trials.hurry(index)
            announceAgain(index, after: before, link)
            return false
        case .arrived:
            trials.hurry(index)
            return true
        case .departed, .replaced:
            trials.hurry(index)
            // Also where another is up in its place at once: what this host serves is on the one
            // that has gone, and is taken off there first.
            if groups[index].reportedUp == true {
                groups[index].reportedUp = false
                news.append(.interface(groups[index].id, up: false))
            }
            groups[index].isDisturbed = groups[index].orders > 0
            return true
        }
    }

    /// The core hears of it now; or a little later, if it has heard of this group a moment ago.
    func find(_ index: Int, all: Bool, some: Bool) {
        guard groups[index].look.begin(at: ClockReading.bootNow()) else { return }
        news.append(.addressesFound(groups[index].id, all: all, some: some))
    }

    /// When somebody's further changes to addresses are to be looked at, on CLOCK_BOOTTIME.
    package var lookAt: Int64? {
        guard hasBegun else { return resynchronization.dueAt }
        let now = ClockReading.bootNow()
        let due = groups.lazy.compactMap(\.look.owedAt).reduce(trials.dueAt(now: now), min)
        return earliest(due, resynchronization.dueAt)
    }

    package func lookAgain(at now: Int64) {
        resynchronize(at: now)
        guard hasBegun else { return }
        tryOut(at: now)
        noteTrials(at: now)
        for index in groups.indices {
            guard let due = groups[index].look.owedAt, due <= now else { continue }
            groups[index].look.settle()
            // The worker's end is a look of its own.
            guard groups[index].orders == 0 else {
                groups[index].isDisturbed = true
                continue
            }
            find(index, all: false, some: true)
        }
    }

    /// An address went that is being put on, or came that is being taken off.
    private func disturb(_ index: Int, isWanted: Bool) {
        guard groups[index].orders > 0, groups[index].wanted == isWanted else { return }
        groups[index].isDisturbed = true
    }

    /// For every group whose interface has come or gone since the core was last told.
    package func noteInterfaces() {
        for index in groups.indices {
            let up = groups[index].interfaceIsUp
            guard groups[index].reportedUp != up else { continue }
            groups[index].reportedUp = up
            news.append(.interface(groups[index].id, up: up))
        }
    }
}
