/// What a process makes of the page that it finds.
extension Group {
    /// Takes over what the page and the state directory say.
    mutating func remember(_ record: GroupRecord?, highestTerm: Term) {
        if let record, !mutated(.groupRecordsDropped) {
            written = record
            ballot.grant = record.grant
            ballot.highestGranted = record.highestGranted
            highestUsed = record.highestUsed
        }
        ballot.highestGranted = max(ballot.highestGranted, highestTerm)
    }

    /// Before anything is answered: a tenure whose deadline lies ahead goes on, in the same term;
    /// of anything else gate and addresses are cleared away, and what may be left of it is
    /// released.
    mutating func start(
        with tenure: TenureRecord?,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        // An address that was moved may be another owner's where the file is still the old one.
        if let tenure, !tenure.forced, !context.settings.addressesMoved,
            isCredible(tenure, in: context), context.settings.isNode
        {
            restore(tenure, in: context, &out)
            return
        }
        commit(&out)
        guard context.settings.isNode else { return }
        out.fire(.closeLeftoverGate)
        out.emit(.closeGate(id))

        var leftover = Term.none
        if let tenure { leftover = tenure.term }
        if let grant = ballot.liveGrant(at: context.now), grant.holder == context.holder {
            leftover = max(leftover, grant.term)
        }
        let number = takeRequestNumber()
        role = .lettingGo(
            LettingGo(
                term: leftover,
                request: number,
                reason: .leftover,
                vote: nil,
                began: context.now,
                closedBy: context.closing,
                // Its gate may have been open until a moment ago.
                drain: leftover == .none ? .zero : context.timing.drain
            )
        )
        out.emit(.removeAddresses(id, request: number))
    }

    /// Whether the record can be what this host has written: its deadline lies ahead, no later than
    /// a lease from now, and no grant is counted from a question that is yet to be asked.
    private func isCredible(_ record: TenureRecord, in context: StepContext) -> Bool {
        let latest = context.now + Timing.leaseBounds.upperBound
        guard record.deadline.isAhead(of: context.now),
            record.deadline.boottime <= latest.boottime, record.deadline.raw <= latest.raw
        else { return false }
        return record.counted.allSatisfy { contribution in
            contribution.stamp.boottime <= context.now.boottime
                && contribution.stamp.raw <= context.now.raw
                && Timing.leaseBounds.contains(contribution.length)
        }
    }

    /// The death of the process was a pause. The gate is as it was left, and stays so until the
    /// kernel has said that the addresses are there.
    private mutating func restore(
        _ record: TenureRecord,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        out.fire(.restoreTenure)
        var counted: [Contribution?] = Array(repeating: nil, count: context.peers.count)
        for contribution in record.counted {
            if let voter = context.index(of: contribution.voter) { counted[voter] = contribution }
        }
        let tenure = Tenure(
            term: record.term,
            // A kernel that does not say so has held up the process before, too.
            stage: .confirming(request: nil, until: confirmBy(in: context)),
            firstRequest: nextRequest + 1,
            counted: counted,
            deadline: record.deadline,
            asks: Array(repeating: Ask(), count: context.peers.count),
            gateUntil: record.deadline.boottime,
            hasOldLifetimes: needsLifetimes && !mutated(.oldLifetimesTrusted),
            refreshAt: context.now.boottime,
            addressesUntil: record.deadline
        )
        role = .owner(tenure)
        roleReason = .restored
        out.report(
            .restored(
                id,
                term: record.term,
                remaining: record.deadline.remaining(at: context.now)
            )
        )
        askForAddresses(in: context, &out)
    }
}
