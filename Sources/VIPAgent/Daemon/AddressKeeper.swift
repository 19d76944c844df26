import VIPConfiguration
import VIPCore

/// The floating addresses as the kernel has them: puts them on, takes them off, announces them, and
/// knows what is there without being told twice.
final class AddressKeeper {
    /// What one group has to do with the kernel.
    struct GroupPlace {
        let id: GroupID
        let name: String
        let interface: String
        let addresses: [FloatingAddress]
        var link: Link?
        /// The addresses that the kernel has on any interface, and what it knows of them.
        var present: [InterfaceAddress] = []
        /// What the core was last told.
        var reportedUp: Bool?
        /// An answer that is still owed: addresses could not be removed yet.
        var removal: UInt64?
        /// Ours to refresh: since `add`, until `remove`.
        var wanted = false

        var interfaceIsUp: Bool { link?.isUsable ?? false }
    }

    private let routes: RouteSocket
    private let worker: AddressWorker
    let monitor: RouteMonitor
    private let announcer: Announcer
    private(set) var groups: [GroupPlace]
    private(set) var overruns: UInt64 = 0
    private(set) var announcements: UInt64 = 0
    /// Addresses that an earlier process put on this host, for groups or addresses that have left
    /// the configuration since; taken off at the start.
    private(set) var forgotten: [String] = []
    private var orders: [Order] = []
    private var nextOrder: UInt64 = 1
    /// What the core has to hear, in order.
    private var news: [Event] = []
    /// What the kernel refused since it was last asked for, for the log.
    private var failures: [Failure] = []

    struct Failure {
        let group: GroupID
        /// Of call and answer, without the address: repeats of it may be folded.
        let kind: String
        let text: String
    }

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
        announcer: Int32? = nil
    ) throws(SystemError) {
        // The monitor first: what changes between the two is then seen by one of them.
        monitor = try RouteMonitor()
        routes = try RouteSocket()
        worker = try AddressWorker()
        if let announcer {
            self.announcer = try Announcer(inheriting: announcer)
        } else {
            self.announcer = try Announcer()
        }
        self.groups = groups.map {
            GroupPlace(
                id: GroupID($0.identifier),
                name: $0.name,
                interface: $0.interface,
                addresses: $0.addresses
            )
        }
    }

    /// Finds out what the kernel has, and takes off what an earlier process put on and no group has
    /// any more: another address, or one in another place. To be called once, before anything is
    /// asked for.
    func begin() throws(SystemError) {
        try resynchronize()
        for address in try routes.addresses() where address.isOurs && !isConfigured(address) {
            try routes.remove(address)
            forgotten.append("\(address)")
            for index in groups.indices {
                groups[index].present.removeAll { $0.isSamePlace(as: address) }
            }
        }
    }

    private func isConfigured(_ address: InterfaceAddress) -> Bool {
        groups.contains { group in
            group.link?.index == address.interface
                && group.addresses.contains {
                    $0.address == address.address && $0.prefixLength == Int(address.prefixLength)
                }
        }
    }

    /// Whether the kernel has done all that it was asked for.
    var isIdle: Bool { orders.isEmpty }

    var announcerDescriptor: Int32 { announcer.fileDescriptor }

    /// Readable when the worker has something to tell.
    var workerDescriptor: Int32 { worker.fileDescriptor }

    /// Asks the kernel for all links and addresses, at the start and after a lost notification.
    func resynchronize() throws(SystemError) {
        let links = try routes.links()
        let addresses = try routes.addresses()
        for index in groups.indices {
            groups[index].link = links.first { $0.name == groups[index].interface }
            groups[index].present = addresses.filter { owns($0, index) }
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
        let addresses = groups[index].addresses.map { floating in
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
        var addresses = groups[index].present
        if let link = groups[index].link {
            for floating in groups[index].addresses
            where !addresses.contains(where: {
                $0.address == floating.address && $0.interface == link.index
            }) {
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
        if order.outstanding == 0 { conclude(orders.count - 1) }
    }

    /// What the worker has done since it was last asked.
    func takeCompletions() {
        for completion in worker.completions() {
            guard let place = orders.firstIndex(where: { $0.id == completion.id }) else { continue }
            let index = orders[place].group
            if completion.isLate {
                orders[place].isLate = true
            } else if let failure = completion.failure {
                orders[place].failed = true
                note(failure, of: completion.change.address, in: index)
            } else {
                switch completion.change {
                case .add(let address, _): note(address, in: index)
                case .remove(let address):
                    groups[index].present.removeAll { $0.isSamePlace(as: address) }
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
            news.append(.addressesRemoved(id, request: order.request))
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

    /// One round of announcements. Nil if all of it left, otherwise what the kernel said.
    func announce(_ id: GroupID) -> String? {
        guard let index = index(of: id), let link = groups[index].link else { return nil }
        var failure: String?
        for floating in groups[index].addresses {
            switch announcer.announce(floating.address, on: link.index) {
            case .sent: announcements &+= 1
            case .failed(let error): failure = "\(error)"
            }
        }
        return failure
    }

    /// Takes everything off that is there, waiting for the kernel; for when there is no lease to
    /// mind.
    func removeAtOnce() throws(SystemError) -> [String] {
        try begin()
        var removed = forgotten
        for index in groups.indices {
            for address in groups[index].present {
                try routes.remove(address)
                removed.append("\(address)")
            }
            groups[index].present = []
        }
        return removed
    }

    // MARK: - Notifications

    /// Takes what the kernel has to say, and keeps what of it the core has to hear.
    func takeNotifications() throws(SystemError) {
        var touched: [Int] = []
        for event in try monitor.events() {
            switch event {
            case .link(let link):
                for index in groups.indices where groups[index].interface == link.name {
                    let before = groups[index].link
                    groups[index].link = link
                    if let before, before.mac != link.mac, groups[index].wanted {
                        // Everybody has the old one in mind. Nobody waits for the answer.
                        news.append(.command(.announce(groups[index].id), id: 0))
                    }
                }
            case .linkGone(let number, let name):
                for index in groups.indices
                where groups[index].link?.index == number || groups[index].interface == name {
                    groups[index].link = nil
                    groups[index].present.removeAll { $0.interface == number }
                    touched.append(index)
                }
            case .address(let address):
                for index in groups.indices where owns(address, index) {
                    note(address, in: index)
                    touched.append(index)
                }
            case .addressGone(let address):
                for index in groups.indices where owns(address, index) {
                    groups[index].present.removeAll { $0.isSamePlace(as: address) }
                    touched.append(index)
                }
            case .overrun:
                overruns &+= 1
                try resynchronize()
                touched.append(contentsOf: groups.indices)
            }
        }
        noteInterfaces()
        for index in groups.indices where touched.contains(index) {
            let group = groups[index]
            let all = group.addresses.allSatisfy { isInPlace($0, group) }
            // What is there as it should be, or not at all, is no news.
            guard all != group.wanted || (!group.wanted && !group.present.isEmpty) else {
                continue
            }
            news.append(
                .addressesFound(group.id, all: all, some: !group.present.isEmpty)
            )
        }
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

    func isInPlace(_ floating: FloatingAddress, _ group: GroupPlace) -> Bool {
        group.present.contains {
            $0.address == floating.address && $0.interface == group.link?.index
        }
    }

    /// On any interface, loopback too: Linux answers ARP for whatever address it has anywhere.
    private func owns(_ address: InterfaceAddress, _ index: Int) -> Bool {
        groups[index].addresses.contains { $0.address == address.address }
    }

    private func note(_ address: InterfaceAddress, in index: Int) {
        groups[index].present.removeAll { $0.isSamePlace(as: address) }
        groups[index].present.append(address)
    }

    private func index(of id: GroupID) -> Int? { groups.firstIndex { $0.id == id } }
}

extension InterfaceAddress {
    /// The kernel tells addresses apart by interface, address and length.
    fileprivate func isSamePlace(as other: InterfaceAddress) -> Bool {
        interface == other.interface && address == other.address
            && prefixLength == other.prefixLength
    }
}
