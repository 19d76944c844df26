/// This host's answers to others, and theirs, sorted by what they are answers to.
extension Group {
    /// What this host's voter says to another one's question.
    mutating func answer(
        _ request: Request,
        voterSetsAgree: Bool,
        in context: StepContext,
        _ out: inout StepOutput
    ) -> Record {
        guard isWithinReach(request.term, in: context, &out) else {
            out.implausible += 1
            out.fire(.refuseHighTerm)
            return .refused(
                Refused(request, because: .highTerm, highestGranted: ballot.highestGranted)
            )
        }
        let verdict = ballot.answer(request, voterSetsAgree: voterSetsAgree, in: context, &out)
        heardOfOther(request.holder.host, term: request.term, owns: false, in: context, &out)
        switch verdict {
        case .granted(let length):
            return .granted(Granted(answering: request, length: length))
        case .refused(let reason, let current, let remaining):
            return .refused(
                Refused(
                    request,
                    because: reason,
                    current: current,
                    remaining: remaining,
                    highestGranted: ballot.highestGranted
                )
            )
        }
    }

    /// A grant counts for the term that this host is asking in; any other was not waited for.
    mutating func handle(
        _ granted: Granted,
        from voter: Int,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        // Grants that name others are not our business.
        guard granted.holder == context.holder else { return }
        guard isPlausible(granted, from: voter, in: context) else { return out.dropImplausible() }
        switch role {
        case .owner(let tenure) where tenure.term == granted.term:
            refusals[voter] = nil
            handleOwner(granted, by: voter, in: context, &out)
        case .candidate(let candidacy) where candidacy.term == granted.term:
            refusals[voter] = nil
            handleCandidate(granted, by: voter, in: context, &out)
        case .standby, .candidate, .owner, .lettingGo:
            strayGrant(granted, from: voter, in: context, &out)
        }
    }

    /// Whether it can be the answer to a question that was asked: a voter grants no more than that,
    /// and can't know of a question that is yet to come.
    private func isPlausible(_ granted: Granted, from voter: Int, in context: StepContext) -> Bool {
        if mutated(.grantTakenUnasked) { return true }
        let ask: Ask
        switch role {
        case .owner(let tenure) where tenure.term == granted.term: ask = tenure.asks[voter]
        case .candidate(let candidacy) where candidacy.term == granted.term:
            ask = candidacy.asks[voter]
        case .standby, .candidate, .owner, .lettingGo: return true
        }
        return granted.length <= context.timing.lease && ask.mayBeAnswered(with: granted.stamp)
    }

    mutating func handle(
        _ refused: Refused,
        from voter: Int,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard refused.holder == context.holder else { return }
        switch role {
        case .owner(let tenure) where tenure.term == refused.term:
            refusals[voter] = refused.reason
            handleOwner(refused, by: voter, in: context, &out)
        case .candidate(let candidacy) where candidacy.term == refused.term:
            refusals[voter] = refused.reason
            handleCandidate(refused, by: voter, in: context, &out)
        case .standby, .candidate, .owner, .lettingGo:
            break
        }
        if let current = refused.current {
            if current != context.holder {
                let owner = Owner(
                    host: current.host,
                    term: refused.highestGranted,
                    forced: false
                )
                // However long it says: the next grant is heard of by then.
                let remaining = min(refused.remaining, context.timing.lease)
                named = (owner, context.now.boottime + remaining + context.timing.heartbeat)
            }
            heardOfOther(
                current.host,
                term: refused.highestGranted,
                owns: false,
                in: context,
                &out
            )
        }
    }

    /// The voter can be talked to anew: what was asked meanwhile has not reached it.
    mutating func askAgain(_ voter: Int, in context: StepContext, _ out: inout StepOutput) {
        switch role {
        case .owner where !context.suspended:
            guard var tenure = takeTenure() else { return }
            tenure.asks[voter].repeatNow(at: context.now)
            role = .owner(tenure)
        case .candidate(var candidacy):
            guard candidacy.counted[voter] == nil else { return }
            candidacy.asks[voter].repeatNow(at: context.now)
            role = .candidate(candidacy)
        case .standby, .lettingGo, .owner:
            break
        }
        for index in pendingReleases.indices
        where pendingReleases[index].asks[voter].resendAt != nil {
            pendingReleases[index].asks[voter].repeatNow(at: context.now)
        }
    }
}
