import VIPConfiguration
import VIPCore

/// The floating addresses as the kernel has them: puts them on, takes them off, announces them, and
/// knows what is there without being told twice.
final class AddressKeeper {
    private let routes: RouteSocket
    private let worker: AddressWorker
    let monitor: RouteMonitor
    let announcements: AnnouncementWorker
    /// Nil where the kernel lets nobody listen.
    let claims: ClaimWatch?
    let claimsFailure: SystemError?
    var groups: [GroupPlace]
    /// The places of groups and of their addresses, each of which is in one group: what comes with
    /// each renewal and notification takes the same time for any number.
    let places: [GroupID: Int]
    private let holders: [IPAddress: Int]
    private(set) var overruns: UInt64 = 0
    /// Addresses that an earlier process put on this host, for groups or addresses that have left
    /// the configuration since; taken off at the start.
    private(set) var forgotten: [String] = []
    private var hasBegun = false
    private var orders: [Order] = []
    private var nextOrder: UInt64 = 1
    /// What the core has to hear, in order.
    var news: [Event] = []
    /// What the kernel refused since it was last asked for, for the log.
    var failures: [Failure] = []

    /// One effect under way with the worker: as many changes as the group has addresses.
    private struct Order {
        let id: UInt64
        let group: Int
        let request: UInt64
        let isRemoval: Bool
        var outstanding: Int
        var failed = false
        var isLate = false
    }

    /// How long to wait before a removal that the kernel refused is tried again, in nanoseconds.
    static let removalPause: Int64 = 50_000_000

    /// - Parameter announcer: the socket that the process had for it before execve.
    init(
        groups: [VIPConfiguration.Group],
        announcer number: Int32? = nil
    ) throws(SystemError) {
        // The monitor first: what changes between the two is then seen by one of them.
        monitor = try RouteMonitor()
        routes = try RouteSocket()
        worker = try AddressWorker()
        let permits = groups.map { AnnouncementPermit(addresses: $0.addresses.map(\.address)) }
        let announcer: Announcer
        if let number {
            announcer = try Announcer(inheriting: number)
        } else {
            announcer = try Announcer()
        }
        announcements = try AnnouncementWorker(permits, with: announcer)
        var claims: ClaimWatch?
        var claimsFailure: SystemError?
        do throws(SystemError) {
            claims = try ClaimWatch(permits, answering: announcements, at: announcer)
        } catch {
            claimsFailure = error
        }
        self.claims = claims
        self.claimsFailure = claimsFailure
        let holders = groups.enumerated().flatMap { index, group in
            group.addresses.map { ($0.address, index) }
        }
        self.holders = Dictionary(holders) { first, _ in first }
        let identifiers = groups.enumerated().map { (GroupID($1.identifier), $0) }
        places = Dictionary(identifiers) { first, _ in first }
        self.groups = zip(groups, permits).map {
            GroupPlace(
                id: GroupID($0.0.identifier),
                name: $0.0.name,
                interface: $0.0.interface,
                addresses: GroupAddresses($0.0.addresses),
                permit: $0.1
            )
        }
    }

    /// Finds out what the kernel has, and takes off what an earlier process put on and no group has
    /// any more: another address, or one in another place. To be called once, before anything is
    /// asked for.
    func begin() throws(SystemError) {
        hasBegun = true
        try resynchronize()
        for address in try routes.addresses() where address.isOurs && !isConfigured(address) {
            try routes.remove(address)
            forgotten.append("\(address)")
            for index in groups.indices { groups[index].addresses.forget(address) }
        }
    }

    private func isConfigured(_ address: InterfaceAddress) -> Bool {
        groups.contains { group in
            group.link?.index == address.interface
                && group.addresses.floating.contains {
                    $0.address == address.address && $0.prefixLength == Int(address.prefixLength)
                }
        }
    }

    /// Whether the kernel has done all that it was asked for.
    var isIdle: Bool { orders.isEmpty && groups.allSatisfy { $0.silence == nil } }

    /// Readable when the worker has something to tell.
    var workerDescriptor: Int32 { worker.fileDescriptor }

    /// Asks the kernel for all links and addresses, at the start and after a lost notification.
    func resynchronize() throws(SystemError) {
        let links = try routes.links()
        let addresses = try routes.addresses()
        for index in groups.indices {
            groups[index].link = links.first { $0.name == groups[index].interface }
            groups[index].addresses.replaceAll(by: addresses)
        }
    }

    // MARK: - Effects

    /// Has all addresses of the group put on its interface, or refreshed there, for this many
    /// seconds; where there is an instant, the kernel is asked before it or not at all.
    func add(_ id: GroupID, request: UInt64, lifetime seconds: UInt32, before: Instant?) {
        guard let index = index(of: id) else { return }
        groups[index].wanted = true
        groups[index].removal = nil
        guard let link = groups[index].link else {
            let text = "interface \(groups[index].interface) does not exist"
            failures.append(Failure(group: id, kind: "no interface", text: text))
            news.append(.addressesAdded(id, request: request, failed: true))
            return
        }
        let addresses = groups[index].addresses.floating.map { floating in
            InterfaceAddress(
                floating: floating.address,
                prefixLength: UInt8(floating.prefixLength),
                on: link.index,
                lifetime: seconds
            )
        }
        let limit = before.map(\.nanoseconds)
        order(
            addresses.map { .add($0, before: limit) },
            of: index,
            request: request,
            isRemoval: false
        )
    }

    /// Has the group's addresses taken off every interface that has one, also what was only asked
    /// for.
    func remove(_ id: GroupID, request: UInt64) {
        guard let index = index(of: id) else { return }
        groups[index].wanted = false
        groups[index].removal = nil
        var addresses = groups[index].addresses.present
        if let link = groups[index].link {
            for floating in groups[index].addresses.floating
            where groups[index].addresses.found(floating, on: link.index) == nil {
                addresses.append(
                    InterfaceAddress(
                        floating: floating.address,
                        prefixLength: UInt8(floating.prefixLength),
                        on: link.index,
                        lifetime: 1
                    )
                )
            }
        }
        order(addresses.map { .remove($0) }, of: index, request: request, isRemoval: true)
    }

    private func order(
        _ changes: [AddressWorker.Change],
        of index: Int,
        request: UInt64,
        isRemoval: Bool
    ) {
        var order = Order(
            id: nextOrder,
            group: index,
            request: request,
            isRemoval: isRemoval,
            outstanding: changes.count
        )
        nextOrder += 1
        for change in changes where !worker.ask(change, id: order.id) {
            order.outstanding -= 1
            order.failed = true
        }
        orders.append(order)
        groups[index].orders += 1
        if order.outstanding == 0 { conclude(orders.count - 1) }
    }

    /// What the worker has done since it was last asked. What the kernel told of it before is taken
    /// first: later it would look like somebody else's doing.
    func takeCompletions() throws(SystemError) {
        let completions = worker.completions()
        for _ in stride(from: 0, to: completions.count, by: RouteStream.mostReads) {
            try takeNotifications()
        }
        for completion in completions {
            guard let place = orders.firstIndex(where: { $0.id == completion.id }) else { continue }
            let index = orders[place].group
            if completion.isLate {
                orders[place].isLate = true
            } else if let failure = completion.failure {
                orders[place].failed = true
                note(failure, of: completion.change.address, in: index)
            } else {
                switch completion.change {
                case .add(let address, _): groups[index].addresses.note(address)
                case .remove(let address): groups[index].addresses.forget(address)
                }
            }
            orders[place].outstanding -= 1
            if orders[place].outstanding == 0 { conclude(place) }
        }
    }

    /// The kernel knows interfaces by number, and operators by name.
    private func note(_ failure: SystemError, of address: InterfaceAddress, in index: Int) {
        var failure = failure
        if let link = groups[index].link, link.index == address.interface {
            failure.subject = "\(address.address)/\(address.prefixLength) on \(link.name)"
        }
        failures.append(
            Failure(
                group: groups[index].id,
                kind: "\(failure.call) \(failure.errno)",
                text: "\(failure)"
            )
        )
    }

    private func conclude(_ place: Int) {
        let order = orders.remove(at: place)
        let id = groups[order.group].id
        if order.isLate {
            news.append(.addressesLate(id, request: order.request))
        } else if !order.isRemoval {
            news.append(.addressesAdded(id, request: order.request, failed: order.failed))
        } else if order.failed {
            groups[order.group].removal = order.request
        } else {
            tellRemoval(of: order.group, request: order.request)
        }
        groups[order.group].orders -= 1
        if groups[order.group].orders == 0, groups[order.group].isDisturbed {
            groups[order.group].isDisturbed = false
            // What is known here may be older than what disturbed it.
            find(order.group, all: false, some: true)
        }
    }

    /// Whether a removal that the kernel refused has to be tried again.
    var owesRemoval: Bool { groups.contains { $0.removal != nil } }

    func retryRemovals() {
        for group in groups {
            if let request = group.removal { remove(group.id, request: request) }
        }
    }

    func takeNews() -> [Event] {
        defer { news.removeAll() }
        return news
    }

    func takeFailures() -> [Failure] {
        defer { failures.removeAll() }
        return failures
    }

    /// Takes everything off that is there, waiting for the kernel; for when there is no lease to
    /// mind.
    func removeAtOnce() throws(SystemError) -> [String] {
        try begin()
        var removed = forgotten
        for index in groups.indices {
            for address in groups[index].addresses.present {
                try routes.remove(address)
                removed.append("\(address)")
            }
            groups[index].addresses.replaceAll(by: [])
        }
        return removed
    }

    // MARK: - Notifications

    /// Takes what the kernel has to say, and keeps what of it the core has to hear.
    func takeNotifications() throws(SystemError) {
        var touched: Set<Int> = []
        let events = try monitor.events()
        // What is told before the kernel was asked for everything is part of its answer.
        guard hasBegun else { return }
        for event in events {
            switch event {
            case .link(let link):
                for index in groups.indices where groups[index].interface == link.name {
                    let before = groups[index].link
                    groups[index].link = link
                    if let before { announceAgain(index, after: before, link) }
                }
            case .linkGone(let number, let name):
                for index in groups.indices
                where groups[index].link?.index == number || groups[index].interface == name {
                    groups[index].link = nil
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
            case .overrun:
                overruns &+= 1
                try resynchronize()
                for index in groups.indices where groups[index].orders > 0 {
                    groups[index].isDisturbed = true
                }
                touched.formUnion(groups.indices)
            }
        }
        noteInterfaces()
        // The worker's own changes are told here too, one by one: until it is done with them they
        // say nothing.
        for index in touched.sorted() where groups[index].orders == 0 {
            let group = groups[index]
            let (all, some) = (group.isComplete, !group.addresses.areAbsent)
            // What is there as it should be, or not at all, is no news.
            guard group.wanted ? !all : some else { continue }
            find(index, all: all, some: some)
        }
    }

    /// The core hears of it now; or a little later, if it has heard of this group a moment ago.
    private func find(_ index: Int, all: Bool, some: Bool) {
        guard groups[index].look.begin(at: ClockReading.bootNow()) else { return }
        news.append(.addressesFound(groups[index].id, all: all, some: some))
    }

    /// When somebody's further changes to addresses are to be looked at, on CLOCK_BOOTTIME.
    var lookAt: Int64? { groups.lazy.compactMap(\.look.owedAt).min() }

    func lookAgain(at now: Int64) {
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
    func noteInterfaces() {
        for index in groups.indices {
            let up = groups[index].interfaceIsUp
            guard groups[index].reportedUp != up else { continue }
            groups[index].reportedUp = up
            news.append(.interface(groups[index].id, up: up))
        }
    }

    func index(of id: GroupID) -> Int? { places[id] }
}
