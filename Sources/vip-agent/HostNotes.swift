import VIPAgent
import VIPConfiguration
import VIPPlatform

/// What this host has against the configuration now. An agent waits for all that is missing, so
/// nothing of this is an error; it may also be a mistake in the file.
func hostNotes(on clusters: ServedClusters) -> [String] {
    guard let socket = try? RouteSocket(), let host = try? HostInterfaces(of: socket) else {
        return []
    }
    return clusters.entries.flatMap { entry in
        host.notes(on: entry.cluster) + host.refusals(of: entry.cluster, by: socket)
    }
}
