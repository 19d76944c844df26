import Glibc
import VIPConfiguration
import VIPHost
import VIPNet
import VIPPlatform

/// The interfaces and addresses of this host as they are now, and what they have against a
/// configuration. An agent waits for all that it lacks, so nothing of this is an error; it may
/// also be a mistake in the file, or a pair that would not stand what it was bought for.
package struct HostInterfaces: Sendable {
    private let links: [Link]
    private let addresses: [InterfaceAddress]
    /// Interfaces with `arp_ignore` at 3 or above, "all" among them: there the kernel answers for
    /// no address of the host's own scope, as floating ones are.
    private let mute: Set<String>

    package init(links: [Link], addresses: [InterfaceAddress], mute: Set<String> = []) {
        (self.links, self.addresses, self.mute) = (links, addresses, mute)
    }

    package init(of socket: RouteSocket) throws(SystemError) {
        let links = try socket.links()
        self.init(
            links: links,
            addresses: try socket.addresses(),
            mute: Set((["all"] + links.map(\.name)).filter(Self.isMute))
        )
    }

    private static func isMute(_ interface: String) -> Bool {
        let path = "/proc/sys/net/ipv4/conf/\(interface)/arp_ignore"
        guard let octets = try? WholeFile.read(path, most: 16), let first = octets.first else {
            return false
        }
        return first >= UInt8(ascii: "3")
    }

    private func link(_ name: String) -> Link? { links.first { $0.isCalled(name) } }

    private func name(of interface: Int32) -> String {
        links.first { $0.index == interface }?.name ?? "interface \(interface)"
    }

    /// What `vip-agent check` has to tell, a line each.
    package func notes(on cluster: LocalCluster) -> [String] {
        cluster.groups.flatMap(notes) + absentAddresses(of: cluster) + routingDomains(of: cluster)
            + (cluster.role == .node ? sharedPaths(of: cluster) + sharedSubnets(of: cluster) : [])
    }

    // MARK: - Groups

    private func notes(on group: VIPConfiguration.Group) -> [String] {
        let place = "where group \(group.name) is to be"
        guard let link = link(group.interface) else {
            return ["there is no interface \(group.interface) on this host now, \(place)"]
        }
        if let muted = ["all", link.name].first(where: mute.contains) {
            return [
                "nobody is told on \(link.name) who has an IPv4 address of group \(group.name): "
                    + "net.ipv4.conf.\(muted).arp_ignore is 3 or more; set it to 0, 1 or 2"
            ]
        }
        guard link.asksNobody || link.isPointToPoint else { return [] }
        let kind = link.asksNobody ? "NOARP" : "POINTOPOINT"
        return [
            "nobody asks on \(group.interface) who has an address (\(kind)), \(place): a move is "
                + "not announced there, and only a route leads to the address"
        ]
    }

    /// Has the kernel tried, see `AddressTrial`; nothing where this process may not.
    package func refusals(of cluster: LocalCluster, by socket: RouteSocket) -> [String] {
        guard cluster.role == .node else { return [] }
        return cluster.groups.flatMap { group in
            guard let link = link(group.interface) else { return [] as [String] }
            return GroupOnHost.samples(of: group.addresses).compactMap { floating in
                let address = InterfaceAddress(floating, on: link.index, lifetime: 1)
                do throws(SystemError) {
                    try socket.tryOut(address, mtu: link.mtu)
                    return nil
                } catch {
                    guard error.errno != EPERM else { return nil }
                    let refusal = AddressTrial.advising(error, about: address, on: link)
                    return "this host could not take group \(group.name) over, and no part of it: "
                        + "\(refusal)"
                }
            }
        }
    }

    // MARK: - Paths

    private func ownAddresses(of cluster: LocalCluster) -> [IPAddress] {
        let voter = cluster.configuration.voters.first { $0.name == cluster.host }
        return (voter?.addresses ?? []).map(\.address)
    }

    private func absentAddresses(of cluster: LocalCluster) -> [String] {
        ownAddresses(of: cluster).filter { own in !addresses.contains { $0.address == own } }.map {
            "\($0), the address of \(cluster.host), is on no interface of this host now"
        }
    }

    /// The sockets to the voters are in no VRF. What comes in through an interface that is in one
    /// does not reach them, and what they send is routed by another table.
    private func routingDomains(of cluster: LocalCluster) -> [String] {
        ownAddresses(of: cluster).compactMap { own in
            guard let index = addresses.first(where: { $0.address == own })?.interface,
                let link = links.first(where: { $0.index == index }),
                let domain = link.routingDomain(among: links)
            else { return nil }
            return "\(own), the address of \(cluster.host), is on \(link.name) in the VRF "
                + "\(domain.name), and the agent hears nobody there: give the host an address "
                + "outside of VRFs, or run the agent by 'ip vrf exec \(domain.name)'; floating "
                + "addresses may be in a VRF"
        }
    }

    /// Two paths are to fail one at a time.
    private func sharedPaths(of cluster: LocalCluster) -> [String] {
        let places = ownAddresses(of: cluster).enumerated().compactMap { path, own in
            addresses.first { $0.address == own }.map { (path: path, found: $0) }
        }
        var notes: [String] = []
        for (number, one) in places.enumerated() {
            for other in places.dropFirst(number + 1) {
                let paths = "paths \(one.path) and \(other.path) of \(cluster.host)"
                if one.found.interface == other.found.interface {
                    notes.append(
                        "\(paths) are both on \(name(of: one.found.interface)): what takes one "
                            + "takes the other, so give one of them an interface of its own"
                    )
                } else if let subnet = Subnet(sharedBy: one.found, other.found) {
                    notes.append(
                        "\(paths) are both in \(subnet): the kernel sends both by one interface, "
                            + "so give one of them a subnet of its own"
                    )
                }
            }
        }
        return notes
    }

    /// Linux answers on any interface for an address that it has on another.
    private func sharedSubnets(of cluster: LocalCluster) -> [String] {
        var notes: [String] = []
        for group in cluster.groups {
            guard let link = link(group.interface) else { continue }
            for own in addresses where own.interface == link.index && own.isOrdinary {
                for other in addresses
                where other.interface != link.index && other.isOrdinary
                    && links.contains(where: { $0.index == other.interface && $0.isUp })
                {
                    guard let subnet = Subnet(sharedBy: own, other) else { continue }
                    let note =
                        "\(link.name) and \(name(of: other.interface)) are both in \(subnet): both "
                        + "answer for the addresses of group \(group.name), and neighbours may "
                        + "take the one that is not theirs; leave one of them in it, or set "
                        + "net.ipv4.conf.all.arp_ignore=1 and arp_announce=2"
                    if !notes.contains(note) { notes.append(note) }
                }
            }
        }
        return notes
    }

    // MARK: - Another configuration

    /// Groups that are where an interface is, and would be where none is: a line each. That is a
    /// mistake more often than an interface that comes later, and takes the address off both nodes
    /// once both have read it.
    package func losses(
        from old: [Configuration],
        to new: [Configuration]
    ) -> [String] {
        let before = old.flatMap(\.groups)
        return new.flatMap(\.groups).compactMap { group in
            guard let was = before.first(where: { $0.name == group.name }),
                was.interface != group.interface, link(was.interface) != nil,
                link(group.interface) == nil
            else { return nil }
            return "group \(group.name) would leave \(was.interface), which is there, for "
                + "\(group.interface), which is not"
        }
    }
}

/// Addresses that are told apart by their last bits only.
private struct Subnet: CustomStringConvertible {
    let network: IPAddress
    let prefixLength: Int

    /// The wider of the two, if the other is in it.
    init?(sharedBy one: InterfaceAddress, _ other: InterfaceAddress) {
        let length = Int(min(one.prefixLength, other.prefixLength))
        guard let first = Self.network(of: one.address, length),
            first == Self.network(of: other.address, length)
        else { return nil }
        (network, prefixLength) = (first, length)
    }

    /// Nil where there is room for one address only.
    private static func network(of address: IPAddress, _ length: Int) -> IPAddress? {
        switch address {
        case .v4(let bits):
            guard length > 0, length < 32 else { return nil }
            return .v4(bits & ~(UInt32.max >> UInt32(length)))
        case .v6(let high, let low):
            guard length > 0, length < 128 else { return nil }
            return length <= 64
                ? .v6(high: high & ~(length == 64 ? 0 : UInt64.max >> UInt64(length)), low: 0)
                : .v6(high: high, low: low & ~(UInt64.max >> UInt64(length - 64)))
        }
    }

    var description: String { "\(network)/\(prefixLength)" }
}

extension InterfaceAddress {
    /// One that neighbours ask for: not of this host or this link alone.
    fileprivate var isOrdinary: Bool {
        peer == nil && scope == Scope.universe
    }
}
