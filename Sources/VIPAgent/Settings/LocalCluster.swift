import VIPConfiguration
import VIPCore
import VIPNet

/// The configuration as seen from one host: who it is, whom it talks to over which addresses, and
/// the names behind the numbers that the core works with.
package struct LocalCluster: Sendable {
    /// One way to another voter: from an address of ours to one of its own, at the same place in
    /// both lists.
    package struct Route: Equatable, Sendable {
        package var local: Endpoint
        package var remote: Endpoint
    }

    package let configuration: Configuration
    package let host: String
    package let role: HostKind
    /// What the core needs to know. Voters are in the order of their names.
    package private(set) var settings: VIPCore.Settings
    /// By voter, in the order of the settings; none to oneself.
    package let routes: [[Route]]
    /// By voter, in the order of the settings.
    package let voterNames: [String]
    /// By group, in the order of the settings.
    package let groups: [VIPConfiguration.Group]

    package enum HostKind: Sendable { case node, witness }

    /// - Parameter role: what this host is in the configuration.
    package init(_ configuration: Configuration, as role: Role) {
        let voters = configuration.voters.sorted { $0.name < $1.name }
        let me = configuration.voter(in: role)
        self.configuration = configuration
        host = me.name
        switch role {
        case .node: self.role = .node
        case .witness: self.role = .witness
        }
        voterNames = voters.map(\.name)
        groups = configuration.groups.sorted { $0.identifier < $1.identifier }
        routes = voters.map { voter in
            guard voter.name != me.name else { return [] }
            return zip(me.addresses, voter.addresses).map { Route(local: $0, remote: $1) }
        }
        let routes = routes
        settings = VIPCore.Settings(
            cluster: stableIdentifier(configuration.cluster.name),
            me: HostID(me.identifier),
            voters: voters.enumerated().map { index, voter in
                VIPCore.Settings.Voter(
                    id: HostID(voter.identifier),
                    role: Self.isNode(voter, configuration) ? .node : .witness,
                    paths: routes[index].count
                )
            },
            groups: groups.map { group in
                VIPCore.Settings.Group(
                    id: GroupID(group.identifier),
                    prefer: group.prefer.map { HostID(stableIdentifier($0)) },
                    failback: group.failback == .automatic
                        ? .automatic(after: group.failbackDelay) : .manual,
                    digest: group.digest
                )
            },
            timing: VIPCore.Timing(
                heartbeat: configuration.timing.heartbeat,
                lease: configuration.timing.lease,
                driftPartsPerMillion: configuration.timing.driftPartsPerMillion,
                margin: configuration.timing.margin
            ),
            voterSet: stableIdentifier(Self.voterSet(of: configuration).joined(separator: "\n")),
            timingDigest: configuration.timingDigest,
            groupsDigest: configuration.groupsDigest
        )
    }

    /// From now on this host's groups are silenced so, should the agent no longer be able to.
    mutating func enforce(_ enforcement: (GroupID) -> VIPCore.Enforcement) {
        for index in settings.groups.indices {
            settings.groups[index].enforcement = enforcement(settings.groups[index].id)
        }
    }

    package mutating func suspend(addressesMoved: Bool = false) {
        settings.suspended = true
        settings.addressesMoved = addressesMoved
    }

    private static func isNode(_ voter: Voter, _ configuration: Configuration) -> Bool {
        configuration.nodes.contains { $0.name == voter.name }
    }

    /// Who votes, in a form that is compared and kept: a line for each voter.
    package static func voterSet(of configuration: Configuration) -> [String] {
        configuration.voters.map { voter in
            "\(isNode(voter, configuration) ? "node" : "witness") \(voter.name)"
        }.sorted()
    }

    /// Which group each floating address belongs to: a line for each address.
    package static func addressMap(of configuration: Configuration) -> [String] {
        configuration.groups.flatMap { group in
            group.addresses.map { "\($0.address) \(group.name)" }
        }.sorted()
    }

    package func name(of host: HostID) -> String {
        for (index, voter) in settings.voters.enumerated() where voter.id == host {
            return voterNames[index]
        }
        return "host \(String(host.bits, radix: 16))"
    }

    package func name(of group: GroupID) -> String {
        self.group(group)?.name ?? "group \(String(group.bits, radix: 16))"
    }

    /// By binary search: a takeover of many groups asks for each of them, more than once.
    package func group(_ id: GroupID) -> VIPConfiguration.Group? {
        var low = 0
        var high = groups.count
        while low < high {
            let middle = (low + high) / 2
            if settings.groups[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < groups.count && settings.groups[low].id == id ? groups[low] : nil
    }

    /// Whether both names are known; hashes are one way, so requests are looked up by name.
    package func group(named name: String) -> GroupID? {
        groups.contains { $0.name == name } ? GroupID(stableIdentifier(name)) : nil
    }

    package func host(named name: String) -> HostID? {
        voterNames.contains(name) ? HostID(stableIdentifier(name)) : nil
    }
}
