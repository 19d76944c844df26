/// The addresses on the owner's interface: asked for, confirmed, refreshed, put back.
extension Group {
    /// Asks the kernel for the addresses when that is due.
    ///
    /// Where their lifetime is all that silences a dead agent, only while the lease outlasts it; a
    /// renewal brings the next occasion. So whatever becomes of this process, the kernel has taken
    /// the addresses off by the deadline that the lease has now.
    mutating func askForAddresses(in scene: Scene, _ out: inout Outbox) {
        guard case .owner(var tenure) = role, tenure.refreshAt <= scene.now.boottime else { return }
        guard outlastsAddresses(tenure, in: scene) else {
            out.fire(.putOffAddresses)
            return
        }
        let number = takeRequestNumber()
        if tenure.stage == .confirming(request: nil) { tenure.stage = .confirming(request: number) }
        tenure.refreshAt = scene.now.boottime + lifetime.refreshInterval
        tenure.addressesUntil = tenure.deadline
        role = .owner(tenure)
        out.emit(
            .addAddresses(
                id,
                request: number,
                lifetime: lifetime.valid,
                before: needsLifetimes ? latestRequest(tenure) : nil
            )
        )
    }

    /// Whether the kernel may be asked now. With a gate it always may.
    func outlastsAddresses(_ tenure: Tenure, in scene: Scene) -> Bool {
        guard needsLifetimes, !mutated(.refreshPastDeadline) else { return true }
        let need = lifetime.valid + AddressLifetime.kernelLateness + AddressLifetime.requestPatience
        return tenure.deadline.remaining(at: scene.now) >= need
    }

    var needsLifetimes: Bool { settings.enforcement == .lifetimes }

    /// Asked later, the kernel might keep them for longer than the lease lasts.
    private func latestRequest(_ tenure: Tenure) -> Instant {
        tenure.deadline.boottime - lifetime.valid - AddressLifetime.kernelLateness
    }

    /// Whether the kernel may keep the addresses for longer than until `deadline`.
    func addressesMayOutlast(_ deadline: Reading, in tenure: Tenure) -> Bool {
        guard needsLifetimes, let until = tenure.addressesUntil else { return false }
        return deadline.boottime < until.boottime || deadline.raw < until.raw
    }

    mutating func addressesAdded(
        _ number: UInt64,
        failed: Bool,
        in scene: Scene,
        _ out: inout Outbox
    ) {
        guard case .owner(var tenure) = role, number >= tenure.firstRequest else { return }
        guard !failed else {
            out.report(.addressesRefused(id))
            letGoPlanned(because: .addressesRefused, in: scene, &out)
            return
        }
        guard tenure.stage == .confirming(request: number) else { return }
        tenure.stage = .serving
        tenure.announcements.begin(at: scene.now)
        role = .owner(tenure)
        openGate(in: scene, &out)
        // Whoever waits for the move hears of it now and not with the next heartbeat.
        postCondition(in: scene, &out)
    }

    /// The shell came to it too late, and asked the kernel for nothing.
    mutating func addressesLate(_ number: UInt64, in scene: Scene, _ out: inout Outbox) {
        guard case .owner(var tenure) = role, number >= tenure.firstRequest else { return }
        out.fire(.repeatLateRequest)
        if tenure.stage == .confirming(request: number) { tenure.stage = .confirming(request: nil) }
        tenure.refreshAt = scene.now.boottime
        role = .owner(tenure)
    }

    /// The kernel told that an address came or went without our doing.
    mutating func addressesFound(all: Bool, some: Bool, in scene: Scene, _ out: inout Outbox) {
        switch role {
        case .owner(var tenure):
            guard !all else { return }
            out.fire(.putBackAddresses)
            if tenure.isServing { out.report(.addressesPutBack(id)) }
            // They are confirmed and announced anew; the gate stays as it is. An answer that is
            // under way may be older than this, so it does not count.
            tenure.stage = .confirming(request: nil)
            tenure.refreshAt = scene.now.boottime
            role = .owner(tenure)
            askForAddresses(in: scene, &out)
        case .standby, .candidate:
            guard some, scene.settings.isNode else { return }
            out.fire(.removeForeignAddresses)
            out.report(.foreignAddressesRemoved(id))
            out.emit(.removeAddresses(id, request: takeRequestNumber()))
        case .lettingGo:
            break
        }
    }
}
