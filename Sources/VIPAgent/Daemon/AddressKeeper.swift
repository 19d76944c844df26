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
    let monitor: RouteMonitor
    private let announcer: Announcer
    private(set) var groups: [GroupPlace]
    private(set) var overruns: UInt64 = 0
    private(set) var announcements: UInt64 = 0

    /// The lifetime that every address is given. The core refreshes it every four seconds, so the
    /// kernel removes what an agent left behind 6 to 11.3 s after its death.
    static let lifetime: UInt32 = 10
    /// How long to wait before a removal that the kernel refused is tried again, in nanoseconds.
    static let removalPause: Int64 = 50_000_000

    init(groups: [VIPConfiguration.Group]) throws(SystemError) {
        // The monitor first: what changes between the two is then seen by one of them.
        monitor = try RouteMonitor()
        routes = try RouteSocket()
        announcer = try Announcer()
        self.groups = groups.map {
            GroupPlace(
                id: GroupID($0.identifier), name: $0.name, interface: $0.interface,
                addresses: $0.addresses)
        }
        try resynchronize()
    }

    /// Asks the kernel for all links and addresses, at the start and after a lost notification.
    func resynchronize() throws(SystemError) {
        let links = try routes.links()
        let addresses = try routes.addresses()
        for index in groups.indices {
            groups[index].link = links.first { $0.name == groups[index].interface }
            groups[index].present = addresses.filter { found in
                groups[index].addresses.contains { $0.address == found.address }
            }
        }
    }

    // MARK: - Effects

    /// Puts all addresses of the group on its interface, or refreshes them there. Nil if the kernel
    /// has them all, otherwise what it said.
    func add(_ id: GroupID) -> String? {
        guard let index = index(of: id) else { return "the group is not configured" }
        groups[index].wanted = true
        groups[index].removal = nil
        guard let link = groups[index].link else {
            return "interface \(groups[index].interface) does not exist"
        }
        for floating in groups[index].addresses {
            let address = Self.kernelAddress(floating, on: link.index)
            do {
                try routes.add(address)
                note(address, in: index)
            } catch {
                return "\(error)"
            }
        }
        return nil
    }

    /// Takes the group's addresses off every interface that has one. Whether none is left.
    func remove(_ id: GroupID) -> (done: Bool, failure: String?) {
        guard let index = index(of: id) else { return (true, nil) }
        groups[index].wanted = false
        var failure: String?
        for address in groups[index].present {
            do {
                try routes.remove(address)
                groups[index].present.removeAll { $0.isSamePlace(as: address) }
            } catch {
                failure = "\(error)"
            }
        }
        return (groups[index].present.isEmpty, failure)
    }

    func owe(_ id: GroupID, removal request: UInt64?) {
        guard let index = index(of: id) else { return }
        groups[index].removal = request
    }

    /// One round of announcements. What could not be sent is told.
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

    private static func kernelAddress(
        _ floating: FloatingAddress,
        on interface: Int32
    ) -> InterfaceAddress {
        let isIPv6 = floating.address.isIPv6
        var flags: InterfaceAddress.Flags = []
        if isIPv6 {
            flags.insert(.noDuplicateAddressDetection)
            if floating.prefixLength < 128 { flags.insert(.noPrefixRoute) }
        }
        // IPv6 addresses that are not preferred are not chosen as a source for the host's own traffic.
        return InterfaceAddress(
            address: floating.address, prefixLength: UInt8(floating.prefixLength),
            interface: interface, flags: flags, owner: InterfaceAddress.ownProtocol,
            valid: .seconds(lifetime), preferred: .seconds(isIPv6 ? 0 : lifetime))
    }

    // MARK: - Notifications

    /// Takes what the kernel has to say, and returns what the core has to hear.
    func takeNotifications() throws(SystemError) -> [Event] {
        var touched: [Int] = []
        for event in try monitor.events() {
            switch event {
            case .link(let link):
                for index in groups.indices where groups[index].interface == link.name {
                    groups[index].link = link
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
        var events = interfaceChanges()
        for index in groups.indices where touched.contains(index) {
            let group = groups[index]
            let all = group.addresses.allSatisfy { isInPlace($0, group) }
            // What is there as it should be, or not at all, is no news.
            guard all != group.wanted || (!group.wanted && !group.present.isEmpty) else {
                continue
            }
            events.append(
                .addressesFound(group.id, all: all, some: !group.present.isEmpty))
        }
        return events
    }

    /// For every group whose interface has come or gone since the core was last told.
    func interfaceChanges() -> [Event] {
        var events: [Event] = []
        for index in groups.indices {
            let up = groups[index].interfaceIsUp
            guard groups[index].reportedUp != up else { continue }
            groups[index].reportedUp = up
            events.append(.interface(groups[index].id, up: up))
        }
        return events
    }

    func isInPlace(_ floating: FloatingAddress, _ group: GroupPlace) -> Bool {
        group.present.contains {
            $0.address == floating.address && $0.interface == group.link?.index
        }
    }

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
