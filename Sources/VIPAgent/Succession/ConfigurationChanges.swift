import VIPConfiguration

/// What another configuration changes for this host, in words: a line each, for whoever asked for
/// it.
package struct ConfigurationChanges: Equatable, Sendable {
    /// What takes effect.
    package private(set) var lines: [String] = []
    /// What takes none before an operator says so, and what that means until then.
    package private(set) var waits: [String] = []
    /// What of this host does not go together with it.
    package var warnings: [String] = []

    /// - Parameter states: what the state directory holds, by the old entries.
    package init(
        from old: [(cluster: LocalCluster, keys: ClusterKeys, state: StateStore.Contents)],
        to new: [(cluster: LocalCluster, keys: ClusterKeys)],
        isDirectory: Bool
    ) {
        for entry in new {
            let name = entry.cluster.configuration.cluster.name
            // A host whose configuration is a file has one cluster, whatever it is called.
            let before = isDirectory ? old.first { $0.cluster.clusterName == name } : old.first
            guard let before else {
                lines.append("cluster \(name): added")
                continue
            }
            let prefix = isDirectory ? "cluster \(name): " : ""
            var found = Self.changes(before.cluster.configuration, entry.cluster.configuration)
            if before.keys != entry.keys { found.append("the keys changed") }
            lines += found.map { prefix + $0 }
            waits += forbiddenChanges(from: before.state, to: entry.cluster.configuration).map {
                prefix + $0
            }
        }
        guard isDirectory else { return }
        for before in old
        where !new.contains(where: { $0.cluster.clusterName == before.cluster.clusterName }) {
            lines.append("cluster \(before.cluster.clusterName): not served any more")
        }
    }

    /// For a configuration that only the other version can read.
    init(unread: Void) {
        lines = ["the configuration has changed, in a way that only the other version understands"]
    }

    /// One paragraph, for a reply and for the log.
    package var text: String {
        var text = lines.isEmpty ? "nothing changed" : lines.joined(separator: "; ")
        for warning in warnings { text += "; but \(warning)" }
        guard !waits.isEmpty else { return text }
        text += "; waits to be accepted: " + waits.joined(separator: ", ")
        text += """
             - until you run 'vip-agent accept-voters' on this host, it neither votes nor asks for \
            groups, and lets go of what it owns when the lease runs out
            """
        return text
    }

    // MARK: - One cluster

    private static func changes(_ old: Configuration, _ new: Configuration) -> [String] {
        var lines: [String] = []
        if old.cluster.name != new.cluster.name {
            lines.append(
                "cluster \(old.cluster.name) is named \(new.cluster.name) now: only hosts that use "
                    + "that name hear this one"
            )
        }
        for (what, before, after) in [
            ("heartbeat", old.timing.heartbeat, new.timing.heartbeat),
            ("lease", old.timing.lease, new.timing.lease),
            ("margin", old.timing.margin, new.timing.margin),
        ] where before != after {
            lines.append("\(what) \(after.text) instead of \(before.text)")
        }
        if old.timing.driftPartsPerMillion != new.timing.driftPartsPerMillion {
            lines.append(
                "drift \(new.timing.driftPartsPerMillion) ppm instead of "
                    + "\(old.timing.driftPartsPerMillion) ppm"
            )
        }
        for voter in new.voters {
            guard let before = old.voters.first(where: { $0.name == voter.name }) else {
                lines.append("voter \(voter.name) added")
                continue
            }
            if before.addresses != voter.addresses {
                lines.append("voter \(voter.name) has other addresses")
            }
        }
        for voter in old.voters where !new.voters.contains(where: { $0.name == voter.name }) {
            lines.append("voter \(voter.name) removed")
        }
        lines += groupChanges(old.groups, new.groups)
        if old.checks != new.checks { lines.append("the checks changed") }
        return lines
    }

    private static func groupChanges(
        _ old: [VIPConfiguration.Group],
        _ new: [VIPConfiguration.Group]
    ) -> [String] {
        var lines: [String] = []
        for group in new {
            guard let before = old.first(where: { $0.name == group.name }) else {
                lines.append("group \(group.name) added")
                continue
            }
            var facts: [String] = []
            for address in group.addresses where !before.addresses.contains(address) {
                facts.append("\(address) added")
            }
            for address in before.addresses where !group.addresses.contains(address) {
                facts.append("\(address) removed")
            }
            if before.interface != group.interface {
                facts.append("on \(group.interface) instead of \(before.interface)")
            }
            if facts.isEmpty, before != group { facts.append("other preferences") }
            if !facts.isEmpty {
                lines.append("group \(group.name): \(facts.joined(separator: ", "))")
            }
        }
        for group in old where !new.contains(where: { $0.name == group.name }) {
            lines.append("group \(group.name) removed, and let go of here")
        }
        return lines
    }
}

extension LocalCluster {
    fileprivate var clusterName: String { configuration.cluster.name }
}
