import VIPConfiguration
import VIPControl
import VIPCore
import VIPPlatform

/// What one cluster's part of the process leaves to the program that the process becomes, and what
/// it makes of what was left to it.
extension Membership {
    /// What the programs counted that this process was before.
    struct Carried {
        var counters = Counters()
        var dropped = DroppedFrames()
    }

    /// Whether this process may become another program now, without anything being lost by it. To
    /// be asked right after a step.
    var isAtRest: Bool {
        pending.isEmpty && waiting.isEmpty && !isFinished && control.isBetweenWords
            && isKernelDone && agent.isAtRest(at: reading())
    }

    /// Whether the kernel has answered all that it was asked about addresses and the gate.
    var isKernelDone: Bool { keeper?.isIdle ?? true }

    /// Whether a pause for the becoming could end something.
    var ownsSomething: Bool {
        agent.status(at: reading()).groups.contains { $0.state == .owner || $0.handingOver }
    }

    var isStopping: Bool { isFinished || agent.status(at: reading()).stopping }

    /// What `Rehearsal` has to know.
    func running(keys: ClusterKeys) -> Rehearsal.Running {
        Rehearsal.Running(
            cluster: cluster,
            keys: keys,
            state: records.recorded,
            history: history.entries
        )
    }

    /// - Parameters:
    ///   - lastEntry: of the history; up to this one it is left in another place.
    ///   - waiting: those whose answer the successor owes.
    ///   - report: of this moment.
    func leave(
        after lastEntry: UInt64,
        waiting: [ControlSocket.ClientID],
        report: StatusReport
    ) -> ProgramHandover.Cluster {
        var cluster = ProgramHandover.Cluster(name: cluster.configuration.cluster.name)
        cluster.state = records.recorded
        // What is true of this configuration is found out again, if it is true of the next.
        cluster.warnings = warnings.current(at: ClockReading.bootNow())
        cluster.silent = control.silentClients
        cluster.waiting = waiting.compactMap { control.descriptor(of: $0) }
        let entries = history.entries.filter { $0.sequence > lastEntry }
        cluster.history = entries.json.serialized()
        cluster.counters = report.counters.json.serialized()
        cluster.dropped = report.dropped.json.serialized()
        return cluster
    }

    /// Goes on with what was left. Who waits for an answer is answered later.
    func takeOver(_ cluster: ProgramHandover.Cluster) -> [ControlSocket.ClientID] {
        warnings.takeOver(cluster.warnings)
        carried.counters = Self.read(cluster.counters) ?? Counters()
        carried.dropped = Self.read(cluster.dropped) ?? DroppedFrames()
        takeovers = 0
        let now = ClockReading.bootNow()
        for number in cluster.silent { _ = control.adopt(number, hasAsked: false, at: now) }
        return cluster.waiting.compactMap { control.adopt($0, hasAsked: true, at: now) }
    }

    static func read<Value: JSONRepresentable>(_ text: String) -> Value? {
        guard let json = try? JSONValue(parsing: Array(text.utf8)) else { return nil }
        return try? Value(json: JSONReader(json))
    }
}

extension DroppedFrames {
    /// Reasons that only the earlier program knew are kept.
    mutating func add(_ earlier: DroppedFrames) {
        for count in earlier.counts {
            if let index = counts.firstIndex(where: { $0.reason == count.reason }) {
                counts[index].count &+= count.count
            } else {
                counts.append(count)
            }
        }
    }
}
