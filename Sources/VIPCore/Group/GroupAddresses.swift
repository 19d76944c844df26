/// The addresses on the owner's interface: asked for, confirmed, refreshed, put back.
extension Group {
    /// Asks the kernel for the addresses when that is due.
    ///
    /// Where their lifetime is all that silences a dead agent, only while the lease outlasts it; a
    /// renewal brings the next occasion. So whatever becomes of this process, the kernel has taken
    /// the addresses off by the deadline that the lease has now.
    mutating func askForAddresses(in context: StepContext, _ out: inout StepOutput) {
        guard case .owner(let due) = role, due.refreshAt <= context.now.boottime else { return }
        guard outlastsAddresses(due, in: context) else {
            out.fire(.putOffAddresses)
            return
        }
        var tenure = due
        let lifetime = lifetime(in: tenure, in: context)
        let number = takeRequestNumber()
        if case .confirming(nil, let until) = tenure.stage {
            tenure.stage = .confirming(request: number, until: until)
        }
        tenure.refreshAt = context.now.boottime + lifetime.refreshInterval
        tenure.addressesUntil = tenure.deadline
        role = .owner(tenure)
        // How long lifetimes may be rests on what the voters have granted, the own one among them.
        if needsLifetimes, !mutated(.lifetimesBeforePage) { commit(&out) }
        out.emit(
            .addAddresses(
                id,
                request: number,
                lifetime: lifetime.valid,
                before: needsLifetimes && !mutated(.refreshPastDeadline)
                    ? latestRequest(tenure, for: lifetime) : nil
            )
        )
    }

    /// Whether the kernel may be asked now. With a gate it always may.
    func outlastsAddresses(_ tenure: Tenure, in context: StepContext) -> Bool {
        guard needsLifetimes, !mutated(.refreshPastDeadline) else { return true }
        let need =
            lifetime(in: tenure, in: context).valid + AddressLifetime.kernelLateness
            + AddressLifetime.requestPatience
        return tenure.deadline.remaining(at: context.now) >= need
    }

    /// Where lifetimes enforce the lease, one that fits what the voters have granted, which may be
    /// less than was asked.
    private func lifetime(in tenure: Tenure, in context: StepContext) -> AddressLifetime {
        guard needsLifetimes, let length = tenure.lengthByMajority(context.majority),
            length < context.timing.lease
        else { return lifetime }
        var granted = context.timing
        granted.lease = length
        return granted.enforceableLifetime ?? lifetime
    }

    var needsLifetimes: Bool { settings.enforcement == .lifetimes }

    /// Asked later, the kernel might keep them for longer than the lease lasts.
    private func latestRequest(_ tenure: Tenure, for lifetime: AddressLifetime) -> Instant {
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
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard case .owner(var tenure) = role, number >= tenure.firstRequest else { return }
        guard !failed else {
            out.report(.addressesRefused(id))
            letGoPlanned(because: .addressesRefused, in: context, &out)
            return
        }
        guard tenure.isConfirming(number) else { return }
        tenure.stage = .serving
        tenure.hasOldLifetimes = false
        tenure.announcements.begin(at: context.now)
        role = .owner(tenure)
        openGate(in: context, &out)
        // Whoever waits for the move hears of it now and not with the next heartbeat.
        postCondition(in: context, &out)
    }

    /// An owner that can't serve keeps everybody else from it.
    func confirmBy(in context: StepContext) -> Instant {
        context.now.boottime + context.timing.confirmationPatience
    }

    /// Whether this owner lets go, because the kernel has not answered in time.
    mutating func enforceConfirmation(in context: StepContext, _ out: inout StepOutput) -> Bool {
        guard case .owner(let tenure) = role, let confirmBy = tenure.confirmBy,
            confirmBy <= context.now.boottime, !mutated(.waitsForKernelForEver)
        else { return false }
        out.fire(.letGoUnconfirmed)
        becomeLettingGo(because: .kernelSilent, in: context, &out)
        return true
    }

    /// The kernel owes an answer for longer than a takeover may take.
    func isKernelSilent(in context: StepContext) -> Bool {
        switch role {
        case .lettingGo(let lettingGo):
            return !lettingGo.addressesAreOff
                && context.now.boottime - lettingGo.began.boottime
                    >= context.timing.confirmationPatience
        case .standby(let standby):
            // It stays away for a while, and is not to be counted on meanwhile.
            return roleReason == .kernelSilent && context.now.boottime < standby.notBefore
        case .candidate, .owner:
            return false
        }
    }

    /// The shell came to it too late, and asked the kernel for nothing.
    mutating func addressesLate(_ number: UInt64, in context: StepContext, _ out: inout StepOutput)
    {
        guard case .owner(var tenure) = role, number >= tenure.firstRequest else { return }
        out.fire(.repeatLateRequest)
        if case .confirming(number, let until) = tenure.stage {
            tenure.stage = .confirming(request: nil, until: until)
        }
        tenure.refreshAt = context.now.boottime
        role = .owner(tenure)
    }

    /// The kernel told that an address came or went without our doing.
    mutating func addressesFound(
        all: Bool,
        some: Bool,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        switch role {
        case .owner(var tenure):
            guard !all else { return }
            out.fire(.putBackAddresses)
            if tenure.isServing { out.report(.addressesPutBack(id)) }
            // They are confirmed and announced anew; the gate stays as it is. An answer that is
            // under way may be older than this, so it does not count.
            tenure.stage = .confirming(
                request: nil,
                until: tenure.confirmBy ?? confirmBy(in: context)
            )
            tenure.refreshAt = context.now.boottime
            role = .owner(tenure)
            askForAddresses(in: context, &out)
        case .standby, .candidate:
            guard some, context.settings.isNode else { return }
            out.fire(.removeForeignAddresses)
            out.report(.foreignAddressesRemoved(id))
            out.emit(.removeAddresses(id, request: takeRequestNumber()))
        case .lettingGo:
            break
        }
    }
}
