import Glibc
import Logging
import VIPConfiguration
import VIPControl
import VIPCore
import VIPHost
import VIPNet
import VIPPlatform

/// Carries out what `HostGate` decides: has the gate's descriptors, the memory that the kernel
/// looks into, and the worker that waits for the kernel. Opening and closing is one store.
package final class GateKeeper {
    /// In the run directory; used if it is a bpffs.
    static let pinDirectory = "bpf"

    let worker: GateWorker
    private let pins: String
    private let inherited: [String: Int32]
    private let addresses: [GroupID: [IPAddress]]
    /// The one at hand: found, made, or kept.
    private(set) var gate: Gate?
    private var unstored: [String: Int32] = [:]

    /// Readable when the worker has something to tell.
    package var fileDescriptor: Int32 { worker.fileDescriptor }

    /// - Parameters:
    ///   - directory: the run directory; a bpffs named `bpf` in it may have the gate's pins.
    ///   - inherited: descriptors by their names, from the program before this one or the service
    ///     manager.
    init(
        groups: [GateGroup],
        directory: String,
        inherited: [String: Int32]
    ) throws(SystemError) {
        addresses = Dictionary(groups.map { ($0.id, $0.addresses) }) { first, _ in first }
        pins = "\(directory)/\(Self.pinDirectory)"
        self.inherited = inherited
        worker = try GateWorker()
    }

    // MARK: - What is to be done

    /// - Returns: the answer, if there is one at once.
    func carryOut(_ action: GateAction) -> GateEvent? {
        switch action {
        case .find(let search): return find(search)
        case .load: worker.ask(.load)
        case .letGo: gate = nil
        case .closeSlots(let open): gate?.closeAll(except: open)
        case .assign(let slot, let group): gate?.assign(slot, to: group.bits)
        case .openSlot(let slot, let until):
            gate?.open(slot, until: UInt64(clamping: until.nanoseconds))
        case .closeSlot(let slot): gate?.close(slot)
        // What is refused the worker will be refused too, and tell.
        case .put(let assignments): try? gate?.put(assignments.map(GateGuard.Assignment.init))
        case .keep(let assignments):
            guard let gate else { break }
            worker.ask(.keep(gate, assignments.map(GateGuard.Assignment.init), pins: pins))
        case .store(let butInherited):
            unstored = descriptors.filter { !butInherited || inherited[$0.key] != $0.value }
        case .removeForeignGate(let silenced):
            let outcome = removal.carryOut(silenced: silenced.flatMap { addresses[$0] ?? [] })
            return .foreignGateRemoved(GateRemovalReport(outcome), silenced: silenced)
        case .sweep: worker.ask(.sweep)
        case .takeAway: worker.ask(.takeAway(removal))
        case .tell, .note: preconditionFailure("that is for the core, or the log")
        }
        return nil
    }

    /// By ways that the kernel's configuration lock is not in, at once; else by the worker.
    private func find(_ search: GateSearch) -> GateEvent? {
        var found: (gate: Gate, way: GateWay)?
        switch search {
        case .descriptors:
            if !inherited.isEmpty, let gate = Gate.adopting(inherited) {
                found = (gate, .descriptors)
            }
        case .pins:
            if Gate.canPin(in: pins), let gate = Gate.pinned(in: pins) { found = (gate, .pins) }
        case .interfaces:
            worker.ask(.find)
            return nil
        }
        guard let found else { return .reports([.notFound(search)]) }
        return .reports([adopt(found.gate, by: found.way)])
    }

    private var removal: GateRemoval {
        GateRemoval(addresses: addresses.values.flatMap(\.self), pins: pins)
    }

    // MARK: - What the worker tells

    func takeReports() -> [GateReport] { worker.takeReports().map(report) }

    private func report(_ told: GateWorker.Report) -> GateReport {
        switch told {
        case .found(let gate, let interface):
            return adopt(gate, by: .program(interface: interface))
        case .loaded(let gate):
            self.gate = gate
            return .loaded
        case .unavailable(let reason): return .unavailable(reason)
        case .attachments(let attachments):
            return .attachments(attachments.map(GateAttachment.init))
        case .repaired(let interface): return .repaired(interface)
        case .failed(let reason): return .failed(reason)
        case .notPinned(let reason): return .notPinned(reason)
        case .takenAway(let outcome): return .takenAway(GateRemovalReport(outcome))
        }
    }

    /// Has it at hand.
    private func adopt(_ gate: Gate, by way: GateWay) -> GateReport {
        self.gate = gate
        return .found(
            way,
            gate.occupants.map { GateOccupant(slot: $0.slot, group: GroupID($0.group)) }
        )
    }

    // MARK: - Handing it on

    /// What the next process needs to find it, by name; none while there is no gate.
    package var descriptors: [String: Int32] { gate?.descriptors ?? [:] }

    /// What the service manager has not been given yet, by name.
    package func takeUnstored() -> [String: Int32] {
        defer { unstored = [:] }
        return unstored
    }
}
