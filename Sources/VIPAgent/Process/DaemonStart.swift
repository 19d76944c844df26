import Glibc
import Logging
import VIPConfiguration
import VIPCore
import VIPHost
import VIPPlatform

/// What has to be had before anything is promised: locks, sockets, pages, threads.
extension Daemon {
    static func requireCapabilities(_ clusters: [LocalCluster]) throws(StartupFailure) {
        guard clusters.contains(where: { $0.role == .node }) else { return }
        let has = (try? Capabilities.current()) ?? Capabilities(effective: 0, permitted: 0)
        let missing = [Capabilities.Capability.netAdmin, .netRaw].filter { !has.has($0) }
        guard missing.isEmpty else {
            throw StartupFailure(
                .permission,
                "a node needs \(missing.map(\.description).joined(separator: " and ")) to move "
                    + "addresses: run it as root, or give it the capability"
            )
        }
    }

    /// Deadlines are compared by the gate, and remembered in the page across restarts.
    static func requireClock() throws(StartupFailure) {
        guard ClockReading.bootIsShifted() else { return }
        throw StartupFailure(
            .system,
            "CLOCK_BOOTTIME has an offset in this time namespace (/proc/self/timens_offsets), and the "
                + "gate counts without it: run the agent outside, or in one without an offset"
        )
    }

    static func requireEnforcement(
        _ clusters: ServedClusters,
        _ gate: HostGate?
    ) throws(StartupFailure) {
        // Where a tenure goes on without a gate, it has to be let go of in order: an agent that
        // does not start would leave the addresses.
        guard let gate, !gate.hasTenure, let reason = gate.unavailability else { return }
        do throws(ConfigurationFailure) {
            try clusters.requireEnforcement(withoutGate: reason)
        } catch {
            throw StartupFailure(.configuration, error.description)
        }
    }

    /// A process that has just died may still seem to hold its lock: whatever it was starting has
    /// copies of its descriptors until it has become another program.
    static func takeRunDirectory(
        _ path: String,
        _ inheritance: Inheritance
    ) throws(RunDirectoryError) -> RunDirectory {
        switch inheritance {
        case .whole(_, let locks), .locks(let locks, reason: _):
            return try RunDirectory(path: path, inheriting: locks)
        case .none: break
        }
        for _ in 0..<20 {
            do throws(RunDirectoryError) {
                return try RunDirectory(path: path)
            } catch {
                guard case .alreadyRunning = error else { throw error }
                usleep(5000)
            }
        }
        return try RunDirectory(path: path)
    }

    static func openPage(of cluster: LocalCluster, in directory: String) throws(SystemError)
        -> PageStore
    {
        try PageStore(
            path: "\(directory)/page",
            identity: BootIdentity.current(),
            groups: cluster.groups.count
        )
    }

    static func open(
        _ index: Int,
        of options: Options,
        in directory: String,
        page: PageStore,
        ports: VoterPorts,
        loop: EventLoop,
        group: UInt32?,
        inherited: inout InheritedDescriptors
    ) throws(SystemError) -> Membership.Resources {
        let cluster = options.clusters.entries[index].cluster
        let path = "\(directory)/control.sock"
        let name = controlName(cluster.configuration.cluster.name, options.clusters)
        let listener: Int32
        if let found = inherited.listener(name) {
            listener = found
        } else {
            listener = try ControlListener.listen(path: path, group: group).release()
        }
        let resources = Membership.Resources(
            routes: VoterRoutes(cluster: cluster, keys: options.keys[index], ports: ports),
            control: try ControlSocket(
                path: path,
                group: group,
                in: loop,
                tokens: tokens(of: index) + Membership.Token.control,
                inheriting: listener
            ),
            page: page,
            keeper: cluster.role == .node
                ? try HostKeeper(
                    groups: cluster.configuration.groups,
                    fallback: cluster.fallback,
                    page: page.page,
                    heartbeat: cluster.settings.timing.heartbeat,
                    directory: directory,
                    inherited: inherited.gate(),
                    announcer: inherited.announcer(),
                    silence: max(cluster.configuration.timing.lease, .seconds(1))
                ) : nil
        )
        resources.keeper?.begin()
        return resources
    }

    /// As the gate's descriptors are handed over.
    static let gatePrefix = "gate."

    /// As it is handed over. A host whose configuration is a file has one, whatever its cluster is
    /// called.
    static func controlName(_ cluster: String, _ clusters: ServedClusters) -> String {
        clusters.isDirectory ? "control.\(cluster)" : "control"
    }

    /// What was left to this program and is not needed any more.
    static func close(_ inherited: [String: Int32], of options: Options) {
        for (name, number) in inherited where number > STDERR_FILENO {
            _ = Glibc.close(number)
            guard name.hasPrefix("control.") else { continue }
            let cluster = name.dropFirst("control.".count)
            unsafe unlink("\(options.runDirectory)/\(cluster)/control.sock")
        }
    }

    static func join(
        _ options: Options,
        _ resources: [Membership.Resources],
        loop: EventLoop,
        service: ServiceThread,
        output: LogOutput,
        log: Logger
    ) throws(SystemError) -> [Membership] {
        var memberships: [Membership] = []
        for (index, entry) in options.clusters.entries.enumerated() {
            let name = entry.cluster.configuration.cluster.name
            var log = log
            if options.clusters.isDirectory { log[metadataKey: "cluster"] = "\(name)" }
            let known = options.handover?.cluster(named: name)?.state
            var obstacle: SystemError?
            if known == nil {
                let base = options.stateDirectory
                do throws(SystemError) {
                    _ = try options.clusters.makeDirectory(of: index, in: base)
                } catch {
                    obstacle = Ownership.advising(error, in: base)
                }
            }
            let membership = try Membership(
                entry.cluster,
                resources[index],
                records: StateRecorder(
                    path: options.clusters.path(of: index, in: options.stateDirectory),
                    earlier: options.clusters.earlierPath(of: index, in: options.stateDirectory),
                    configuration: entry.cluster.configuration,
                    thread: service,
                    known: known,
                    obstacle: obstacle
                ),
                loop: loop,
                tokens: tokens(of: index),
                output: output,
                log: log
            )
            memberships.append(membership)
        }
        return memberships
    }

    static func tokens(of index: Int) -> UInt64 {
        Token.memberships + UInt64(index) * Membership.Token.count
    }
}
