import Glibc
import Logging
import VIPConfiguration
import VIPCore

/// Finding the gate of an earlier process again, or having one made.
extension GateKeeper {
    /// What a tenure that goes on must have left, in nanoseconds, for its frames to wait.
    static let enoughTime: Int64 = 1_000_000_000

    /// Where no tenure goes on it returns once the gate sits on every interface, or can't; where
    /// one does that has time, once it is known whether there is a gate; else at once. To be called
    /// before anything is answered; what was opened and closed before holds.
    package func begin() throws(SystemError) {
        guard !hasBegun else { return }
        hasBegun = true
        if let (found, way) = try Self.find(inherited, pins: pins), take(found) {
            note(.info, "gate found", "gate-found", "by \(way)")
            isInherited = way == Self.byDescriptors
            keep(found)
        } else if try Self.mayLoad() {
            worker.ask(.load)
        } else {
            become(unavailable: "it takes \(Capabilities.Capability.bpf)")
        }
        if !isUrgent { waitForKernel() }
        tell()
    }

    /// Where nothing has been promised there is nothing to be late for.
    private func waitForKernel() {
        while case .pending = state, failure == nil, gate == nil || restored.isEmpty {
            var entry = pollfd(fd: worker.fileDescriptor, events: Int16(POLLIN), revents: 0)
            _ = unsafe poll(&entry, 1, -1)
            hear()
        }
    }

    /// What an earlier agent left is closed or will be, and this one can't open it. While an
    /// address is there that nothing else silences it stays; once a group is owned here that has
    /// something else, it would make that host deaf and dumb.
    func removeForeignGate(underAddresses: Bool) {
        guard underAddresses || restored.isEmpty else {
            hasForeignGate = true
            return
        }
        let outcome = removal.carryOut(underAddresses: underAddresses)
        hasForeignGate = !outcome.failures.isEmpty && !underAddresses
        for what in outcome.removed {
            note(.notice, "gate left", "gate-removed", "\(what), of an earlier agent")
        }
        for failure in outcome.failures {
            note(.error, "gate left", "gate-left", "\(failure): run 'vip-agent clean'")
        }
    }

    var removal: GateRemoval {
        GateRemoval(addresses: entries.flatMap(\.addresses), pins: pins)
    }

    private static func mayLoad() throws(SystemError) -> Bool {
        let capabilities = try Capabilities.current()
        return capabilities.has(.bpf) || capabilities.has(.sysAdmin)
    }

    // MARK: - Finding it again

    /// Interfaces that are asked whose program they have; the gate is on all of them.
    private static let mostAsked = 64

    private static let byDescriptors = "its descriptors"

    private static func find(
        _ inherited: [String: Int32],
        pins: String
    ) throws(SystemError) -> (gate: Gate, way: String)? {
        if !inherited.isEmpty, let gate = Gate.adopting(inherited) {
            return (gate, byDescriptors)
        }
        if Gate.canPin(in: pins), let gate = Gate.pinned(in: pins) { return (gate, "its pins") }
        guard try Capabilities.current().has(.sysAdmin) else { return nil }
        let links = try RouteSocket().links().filter { !$0.isLoopback }
        for link in links.prefix(mostAsked) {
            if let gate = Gate.found(on: link.index) {
                return (gate, "the program on \(link.name)")
            }
        }
        return nil
    }
}
