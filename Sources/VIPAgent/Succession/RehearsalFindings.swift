import VIPConfiguration
import VIPPlatform

/// What a rehearsal finds in this host, beside the files and the program.
extension Rehearsal {
    /// An interface that is there is not swapped for one that is not.
    func requireInterfaces(_ clusters: ServedClusters?) throws(Refusal) {
        guard let clusters, running.contains(where: { $0.cluster.role == .node }),
            let socket = try? RouteSocket(), let host = try? HostInterfaces(of: socket)
        else { return }
        let losses = host.losses(
            from: running.map(\.cluster.configuration),
            to: clusters.entries.map(\.cluster.configuration)
        )
        guard !losses.isEmpty else { return }
        throw Refusal(
            .interfaceLost,
            detail: losses.joined(separator: "\n")
                + "\n'ip link' lists the interfaces and their other names; if it is to come "
                + "later, restart the agent instead, which hands over first"
        )
    }

    /// What the next start would find that this one did not: the name that the kernel has for this
    /// host now.
    func nameWarnings(_ source: ConfigurationSource) -> [String] {
        guard let name = kernelName, name != host else { return [] }
        let remedy = "'hostnamectl set-hostname \(host)', or --host \(host) in ExecStart="
        guard let clusters = try? ServedClusters(source, host: name) else {
            return [
                "this host is called '\(name)' now, which no host of the configuration is, so the "
                    + "next start will wait for another name: \(remedy)"
            ]
        }
        let names = clusters.entries.map(\.cluster.host)
        guard names != running.map(\.cluster.host) else { return [] }
        return [
            "this host is called '\(name)' now, so the next start will be one of "
                + "\(names.joined(separator: ", ")): \(remedy)"
        ]
    }
}
