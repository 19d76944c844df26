import Glibc
import Logging
import VIPConfiguration
import VIPCore
import VIPPlatform

/// Finding the gate of an earlier process again, or having one made.
extension GateKeeper {
    /// What a tenure that goes on must have left, in nanoseconds, for its frames to wait.
    static let enoughTime: Int64 = 1_000_000_000

    /// Where no tenure goes on it returns once the gate sits on every interface, or can't; where
    /// one does that has time, once it is known whether there is a gate; else at once. A kernel
    /// that does not answer is not waited for: this host votes meanwhile, and is not ready. To be
    /// called before anything is answered; what was opened and closed before holds.
    package func begin() {
        guard !hasBegun else { return }
        hasBegun = true
        let isKnown = takeKnown()
        if !isKnown { worker.ask(.find) }
        if !isUrgent { waitForKernel() }
        tell()
    }

    /// Where nothing has been promised, or much of a lease is left, there is nothing to be late for
    /// but the votes of others.
    private func waitForKernel() {
        // Where a tenure goes on, half of what it has left at the least.
        let wait = restored.isEmpty ? patience.nanoseconds : patience.nanoseconds / 2
        let limit = ClockReading.bootNow() + wait
        while case .pending = state, failure == nil, gate == nil || restored.isEmpty {
            let left = limit - ClockReading.bootNow()
            guard left > 0 else { return noteSilence() }
            var entry = pollfd(fd: worker.fileDescriptor, events: Int16(POLLIN), revents: 0)
            _ = unsafe poll(&entry, 1, Int32(clamping: left / 1_000_000 + 1))
            hear()
        }
    }

    private func noteSilence() {
        let reason =
            "the kernel has not answered when asked about the gate; a driver or another program "
            + "may hold its lock"
        failure = reason
        note(.warning, "gate silent", "gate-late", reason)
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

    // MARK: - Finding it again

    /// By ways that the kernel's configuration lock is not in.
    private func takeKnown() -> Bool {
        if !inherited.isEmpty, let gate = Gate.adopting(inherited), take(gate, by: .descriptors) {
            return true
        }
        guard Gate.canPin(in: pins), let gate = Gate.pinned(in: pins) else { return false }
        return take(gate, by: .pins)
    }
}
