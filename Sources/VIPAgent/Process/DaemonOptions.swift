import VIPConfiguration
import VIPPlatform

/// What a daemon is told by its command line, or by the program before it.
extension Daemon {
    package struct Options: Sendable {
        package var clusters: ServedClusters
        /// As many as there are clusters, in their order.
        package var keys: [ClusterKeys]
        /// Where the clusters were read from, as the operator named it.
        package var configuration: String
        package var host: String
        package var runDirectory: String
        package var stateDirectory: String
        /// Where the next version of this program will be, see `ProgramPath`.
        package var program: String
        package var inheritance: Inheritance
        /// Who may use the control socket besides root, if there is such a group.
        package var controlGroup: String
        /// What the service manager has kept of an earlier process, by name.
        package var stored: [String: Int32]

        package init(
            clusters: ServedClusters,
            keys: [ClusterKeys],
            configuration: String,
            host: String,
            runDirectory: String,
            stateDirectory: String,
            program: String,
            inheritance: Inheritance,
            controlGroup: String = "vip-agent",
            stored: [String: Int32] = [:]
        ) {
            precondition(keys.count == clusters.entries.count, "every cluster has its keys")
            self.clusters = clusters
            self.keys = keys
            self.configuration = configuration
            self.host = host
            self.program = program
            self.inheritance = inheritance
            self.runDirectory = runDirectory
            self.stateDirectory = stateDirectory
            self.controlGroup = controlGroup
            self.stored = stored
        }

        var handover: ProgramHandover? {
            if case .whole(let handover, locks: _) = inheritance { handover } else { nil }
        }

        /// What was left to this program, named as a handover names it.
        var left: [String: Int32] {
            if let handover { return handover.descriptors }
            let named = stored.map { name, number in
                (DatagramPort.name(ofStored: name) ?? Daemon.gatePrefix + name, number)
            }
            return Dictionary(named) { $1 }
        }

        /// What of the voters' ports the service manager keeps, by its names.
        var storedPorts: Set<String> {
            let names = handover?.stored ?? Array(stored.keys)
            return Set(names.filter { DatagramPort.name(ofStored: $0) != nil })
        }
    }
}
