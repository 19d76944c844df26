import VIPConfiguration
import VIPCore
import VIPPlatform

/// What lets go of a group although its agent is dead or hangs: the gate, and on a host that has
/// none, the lifetimes of the addresses if the lease is long enough for them. Where neither can,
/// nobody but the agent does, and only if the configuration says so.
extension LocalCluster {
    /// What enforces the group's lease where there is no gate; nil if nothing is good enough.
    package func fallback(of group: VIPConfiguration.Group) -> VIPCore.Enforcement? {
        if settings.timing.enforceableLifetime != nil { return .lifetimes }
        return group.enforcement == .agent ? .agent : nil
    }

    /// What `vip-agent check` has to tell of this host.
    package func enforcement(with gate: GateOutlook) -> HostEnforcement? {
        guard role == .node else { return nil }
        switch gate {
        case .available: return .gate
        case .unseen: return nil
        case .unavailable:
            guard let lifetime = settings.timing.enforceableLifetime else { return .agent }
            return .lifetimes(
                AddressLifetimes(
                    lifetime: lifetime.valid,
                    refreshInterval: lifetime.refreshInterval,
                    lateness: AddressLifetime.kernelLateness
                )
            )
        }
    }
}

/// Whether this host has a gate, as far as this process can see.
package enum GateOutlook: Equatable, Sendable {
    case available
    case unavailable(reason: String)
    /// This process may not look, which says nothing of the agent.
    case unseen(reason: String)

    /// Looks; that takes some milliseconds. A process that could run a node, but may not load a
    /// gate, sees what the agent would see.
    package static func ofThisHost() -> GateOutlook {
        guard let own = try? Capabilities.current(), own.has(.netAdmin) else {
            return .unseen(
                reason: "that takes \(Capabilities.Capability.netAdmin) and"
                    + " \(Capabilities.Capability.bpf)"
            )
        }
        guard own.has(.bpf) || own.has(.sysAdmin) else {
            return .unavailable(reason: "it takes \(Capabilities.Capability.bpf)")
        }
        return GateSupport.probe().map { .unavailable(reason: $0) } ?? .available
    }
}

extension ServedClusters {
    /// A node whose leases nothing would enforce is not to run.
    ///
    /// - Parameter reason: why there is no gate on this host.
    /// - Throws: for each node's file, which groups have nothing, and what would help.
    package func requireEnforcement(withoutGate reason: String) throws(ConfigurationFailure) {
        let faults = entries.filter { $0.cluster.role == .node }.compactMap { entry in
            Self.missingEnforcement(of: entry, reason)
        }
        guard faults.isEmpty else { throw ConfigurationFailure(faults: faults) }
    }

    /// Whether some node of these would not run on a host without a gate.
    package var needsGate: Bool {
        entries.contains { entry in
            entry.cluster.role == .node
                && entry.cluster.groups.contains { entry.cluster.fallback(of: $0) == nil }
        }
    }

    /// Groups that one line names.
    private static let mostNamed = 6

    private static func missingEnforcement(of entry: Entry, _ reason: String) -> String? {
        let cluster = entry.cluster
        let names = cluster.configuration.groups.filter { cluster.fallback(of: $0) == nil }.map(
            \.name
        )
        guard !names.isEmpty else { return nil }
        let more = names.count > mostNamed ? " and \(names.count - mostNamed) more" : ""
        let groups =
            (names.count == 1 ? "group " : "groups ")
            + names.prefix(mostNamed).joined(separator: ", ") + more
        let shortest = cluster.settings.timing.shortestEnforceableLease
        return fault(
            entry.path,
            "nothing on this host would enforce the lease of \(groups): there is no gate"
                + " (\(reason)), and \(cluster.settings.timing.lease.text) is too short for the"
                + " lifetimes of addresses, which the kernel counts in whole seconds",
            help:
                "let the agent have a gate; or write lease = \"\(shortest.text)\" or more, on every"
                + " host; or enforcement = \"agent\" in the group: then, while an agent hangs, two"
                + " hosts may answer"
        )
    }
}
