/// `takeover --force`: ownership on the word of an operator who vouches that the others are off.
extension Group {
    /// Why it can't be; nil when it has begun.
    mutating func takeByForce(in context: StepContext, _ out: inout StepOutput) -> CommandRefusal? {
        if let refusal = refusalOfForce(in: context) {
            out.fire(.refuseForce)
            return refusal
        }
        guard let term = takeFreshTerm() else { return .termsUsedUp }
        var candidacy = newCandidacy(term, because: .forced, in: context)
        outstanding = nil
        guard voteForOneself(&candidacy, in: context, &out),
            let deadline = Tenure.deadline(
                of: candidacy.counted,
                majority: 1,
                timing: context.timing
            )
        else {
            out.fire(.refuseForce)
            return .abstaining(remaining: context.abstentionEnd - context.now.raw)
        }
        out.fire(.force)
        becomeOwner(
            after: candidacy,
            until: deadline,
            forced: Tenure.Forced(),
            in: context,
            &out
        )
        return nil
    }

    private func refusalOfForce(in context: StepContext) -> CommandRefusal? {
        guard context.settings.isNode else { return .notANode }
        if context.suspended { return .suspended }
        if context.stopping { return .stopping }
        if case .owner = role { return .alreadyOwner }
        // The kernel is still taking the addresses off for the last tenure.
        if case .lettingGo = role { return .lettingGo }
        if let voter = context.peers.indices.first(where: { context.isHeard($0) }) {
            return .voterHeard(context.settings.voters[voter].id)
        }
        if let live = ballot.liveGrant(at: context.now) {
            return .held(by: live.holder.host, remaining: live.expiry - context.now.raw)
        }
        if context.isAbstaining {
            return .abstaining(remaining: context.abstentionEnd - context.now.raw)
        }
        if interfaceUp != true { return .interfaceDown }
        return nil
    }

    /// When a voter is heard again: a majority within a lease, or let go.
    mutating func advanceForce(in context: StepContext, _ out: inout StepOutput) {
        guard case .owner(let tenure) = role, let forced = tenure.forced else { return }
        guard let since = forced.heardSince else {
            guard context.hearsAnybody, var tenure = takeTenure() else { return }
            tenure.forced?.heardSince = context.now.boottime
            role = .owner(tenure)
            return
        }
        guard context.now.boottime - since >= context.timing.lease else { return }
        out.fire(.endForce)
        becomeLettingGo(because: .notConfirmed, in: context, &out)
    }

    /// A frame named another holder, or another owner. A forced tenure ends at once. Any other is
    /// in doubt if a majority made that owner, in a term above its own. A forced owner is for
    /// itself to end.
    mutating func heardOfOther(
        _ host: HostID,
        term: Term,
        owns: Bool,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard case .owner(let tenure) = role, host != context.holder.host else { return }
        guard tenure.forced != nil else {
            if owns, term > tenure.term, !mutated(.wordOfOtherIgnored) {
                doubtTenure(because: host, term: term, in: context, &out)
            }
            return
        }
        out.fire(.endForce)
        becomeLettingGo(because: .superseded(by: host), in: context, &out)
    }
}
