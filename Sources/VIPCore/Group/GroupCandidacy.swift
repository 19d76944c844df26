/// How a standby comes to ask for the lease, and what it makes of the answers.
extension Group {
    /// Asks when this host's voter is free, nothing of its own stands in the way, and a majority
    /// that it hears also hears it: a host that can send and not hear must not block the others.
    mutating func considerAsking(in context: StepContext, _ out: inout StepOutput) {
        noteVacancy(in: context)
        guard case .standby(let standby) = role, standby.vacantSince != nil else { return }
        guard let due = nextAttempt(standby, in: context), due.isReached(at: context.now) else {
            return
        }
        guard context.hearsMajority else {
            out.fire(.noMajorityHeard)
            return
        }
        becomeCandidate(after: standby, in: context, &out)
    }

    /// Whether the lease is vacant, as far as this host's voter knows, and since when.
    mutating func noteVacancy(in context: StepContext) {
        guard case .standby(var standby) = role else { return }
        if ballot.liveGrant(at: context.now) != nil || context.isAbstaining {
            standby.vacantSince = nil
        } else {
            standby.vacantSince = standby.vacantSince ?? context.now.boottime
        }
        role = .standby(standby)
    }

    /// When this standby will ask if nothing changes: once both clocks have come to that point. Nil
    /// if it will not.
    func nextAttempt(_ standby: Standby, in context: StepContext) -> Reading? {
        guard context.settings.isNode,
            unreadiness(in: context) == nil || isOnlyAbstaining(in: context)
        else { return nil }
        var due = Reading(boottime: standby.notBefore, raw: .zero)
        if context.isAbstaining { due.raw = context.abstentionEnd }
        if let live = ballot.liveGrant(at: context.now) {
            due.raw = max(due.raw, live.expiry)
        } else if let since = standby.vacantSince {
            due.boottime = max(due.boottime, since + rankDelay(in: context))
        }
        return due
    }

    private func isOnlyAbstaining(in context: StepContext) -> Bool {
        unreadiness(in: context) == .abstaining
    }

    /// Those who come before this host get a head start of two heartbeats each: the preferred node,
    /// then by name. The last holder does not count; it has just lost the lease.
    ///
    /// A voter that has begun anew has voted for nobody yet. While it hears an owner, it leaves
    /// time for the renewal by which it comes to know of that lease: otherwise every boot of a
    /// standby would stand against an owner that is well.
    func rankDelay(in context: StepContext) -> Duration {
        let renewals = ballot.grant == nil && hearsOwner(in: context) ? 3 : 0
        return context.timing.heartbeat * (2 * rank(in: context) + renewals)
    }

    private func hearsOwner(in context: StepContext) -> Bool {
        context.peers.indices.contains { voter in
            voter != context.me && context.isHeard(voter) && heard[voter]?.condition.owns == true
        }
    }

    private func rank(in context: StepContext) -> Int {
        let last = ballot.grant?.holder.host
        var ahead = 0
        for voter in context.peers.indices where voter != context.me && isNode(voter, in: context) {
            let host = context.settings.voters[voter].id
            guard host != last, context.isHeard(voter), precedes(voter, context.me, in: context)
            else {
                continue
            }
            // A node that has not said how it is may be on its way; one that abstains will be soon.
            switch heard[voter]?.condition.unready {
            case nil, .abstaining: ahead += 1
            case .interfaceDown, .unhealthy, .maintenance, .suspended, .stopping, .busy,
                .unknownGroup, .gateMissing, .kernelRefuses, .kernelSilent:
                break
            }
        }
        return ahead
    }

    private func precedes(_ voter: Int, _ other: Int, in context: StepContext) -> Bool {
        let voters = context.settings.voters
        if voters[voter].id == settings.prefer { return true }
        if voters[other].id == settings.prefer { return false }
        return voter < other
    }

    private mutating func becomeCandidate(
        after standby: Standby,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        if rank(in: context) > 0 { out.fire(.yieldToRank) }
        if standby.hasFailed { out.fire(.retryAfterSplit) }
        let reason: Reason =
            ballot.grant.map { grant in
                grant.released || grant.holder == context.holder
                    ? .vacant : .leaseRanOut(of: grant.holder.host)
            } ?? .vacant
        beginCandidacy(because: reason, in: context, &out)
    }

    /// A fresh term, in the page before anybody hears of it; then the others are asked.
    mutating func beginCandidacy(
        because reason: Reason,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard let term = takeFreshTerm() else {
            // The end of all terms: nothing but another state directory and page helps.
            role = .standby(Standby(notBefore: context.now.boottime + context.timing.lease))
            return
        }
        outstanding = nil
        var candidacy = newCandidacy(term, because: reason, in: context)
        if context.peers.count == 1 {
            voteForOneself(&candidacy, in: context, &out)
        } else {
            out.fire(.askOthersFirst)
        }
        become(.candidate(candidacy), because: reason, term: term, in: context, &out)
        for voter in context.peers.indices where voter != context.me {
            askCandidate(voter, in: context, &out)
        }
        concludeCandidacy(in: context, &out)
    }

    func newCandidacy(_ term: Term, because reason: Reason, in context: StepContext) -> Candidacy {
        let voters = context.peers.count
        return Candidacy(
            term: term,
            reason: reason,
            counted: Array(repeating: nil, count: voters),
            asks: Array(repeating: Ask(), count: voters),
            // Renewals have the whole lease for their round trip; so has the first question.
            giveUpAt: context.now.boottime
                + max(context.timing.heartbeat, .milliseconds(5), context.answerPatience)
        )
    }

    func request(_ term: Term, in context: StepContext) -> Request {
        Request(
            group: id,
            term: term,
            holder: context.holder,
            length: context.timing.lease,
            stamp: context.now
        )
    }

    func askCandidate(
        _ voter: Int,
        in context: StepContext,
        _ out: inout StepOutput,
        _ candidacy: inout Candidacy
    ) {
        candidacy.asks[voter].sent(at: context.now, patience: context.patience(with: voter))
        out.post(.request(request(candidacy.term, in: context)), to: voter)
    }

    private mutating func askCandidate(
        _ voter: Int,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard case .candidate(var candidacy) = role else { return }
        askCandidate(voter, in: context, &out, &candidacy)
        role = .candidate(candidacy)
    }

    /// The own vote is an ordinary request to the own voter.
    @discardableResult
    mutating func voteForOneself(
        _ candidacy: inout Candidacy,
        in context: StepContext,
        _ out: inout StepOutput
    ) -> Bool {
        let own = request(candidacy.term, in: context)
        let verdict = ballot.answer(own, voterSetsAgree: true, in: context, &out)
        guard case .granted(let length) = verdict else {
            candidacy.lastRefusal = .ownVoteRefused
            return false
        }
        out.fire(.voteForOneself)
        candidacy.counted[context.me] = Contribution(
            voter: context.holder.host,
            stamp: own.stamp,
            length: length
        )
        return true
    }

    mutating func handleCandidate(
        _ granted: Granted,
        by voter: Int,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard case .candidate(var candidacy) = role else { return }
        candidacy.asks[voter].answered()
        guard count(granted, by: voter, into: &candidacy.counted, in: context, &out) else {
            role = .candidate(candidacy)
            return
        }
        if candidacy.counted[context.me] == nil, !voteForOneself(&candidacy, in: context, &out) {
            role = .candidate(candidacy)
            giveUpCandidacy(in: context, &out)
            return
        }
        role = .candidate(candidacy)
        concludeCandidacy(in: context, &out)
    }

    mutating func concludeCandidacy(in context: StepContext, _ out: inout StepOutput) {
        guard case .candidate(let candidacy) = role,
            let deadline = Tenure.deadline(
                of: candidacy.counted,
                majority: context.majority,
                timing: context.timing
            ),
            deadline.isAhead(of: context.now)
        else { return }
        becomeOwner(after: candidacy, until: deadline, in: context, &out)
    }

    mutating func handleCandidate(
        _ refused: Refused,
        by voter: Int,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard case .candidate(var candidacy) = role else { return }
        candidacy.asks[voter].answered()
        candidacy.lastRefusal = .refused(
            by: context.settings.voters[voter].id,
            refused.reason,
            holder: refused.current?.host
        )
        switch refused.reason {
        case .lowTerm:
            // Ask again above what it has seen; who has granted the lower term grants this too.
            role = .candidate(candidacy)
            if raiseCandidacy(above: refused.highestGranted, voter, in: context, &out) { return }
            out.fire(.ignoreTerm)
        case .held, .abstaining, .recording:
            out.fire(.waitForRemaining)
            // What is put on record has no remaining time to tell; a disk takes milliseconds.
            // However long a voter says: it knows what it has granted, and not what comes sooner.
            let pause =
                refused.reason == .recording
                ? context.timing.heartbeat / 4 : min(refused.remaining, context.timing.lease)
            let again = context.now.boottime + max(pause, .microseconds(50))
            candidacy.blockedUntil = min(candidacy.blockedUntil ?? again, again)
            if again < candidacy.giveUpAt { candidacy.asks[voter].resendAt = again }
        case .voterSets, .suspended, .unknownGroup, .highTerm:
            // It takes an operator to change that, who may be at it.
            let again =
                context.now.boottime + min(context.timing.lease, context.timing.heartbeat * 4)
            candidacy.blockedUntil = min(candidacy.blockedUntil ?? again, again)
        }
        role = .candidate(candidacy)
        if !canStillWin(candidacy, in: context) { giveUpCandidacy(in: context, &out) }
    }

    /// Those that have granted, and those that may still answer, make a majority.
    private func canStillWin(_ candidacy: Candidacy, in context: StepContext) -> Bool {
        var possible = 0
        for voter in context.peers.indices {
            let own = voter == context.me
            if own || candidacy.counted[voter] != nil || candidacy.asks[voter].resendAt != nil {
                possible += 1
            }
        }
        return possible >= context.majority
    }

    /// Whether it now asks in a term above that; once a heartbeat at most.
    private mutating func raiseCandidacy(
        above term: Term,
        _ voter: Int,
        in context: StepContext,
        _ out: inout StepOutput
    ) -> Bool {
        guard case .candidate(var candidacy) = role, term >= candidacy.term,
            !isTooSoon(candidacy.raisedAt, in: context),
            follow(term, within: Self.raiseGap, in: context, &out), let fresh = takeFreshTerm()
        else { return false }
        out.fire(.raiseTerm)
        out.report(
            .termRaised(
                id,
                from: candidacy.term,
                to: fresh,
                voter: context.settings.voters[voter].id
            )
        )
        candidacy.term = fresh
        candidacy.raisedAt = context.now.boottime
        out.withdrawRequests(for: id)
        // Late answers in the old term are given back, so none of them may be counted any more.
        let hadOwnVote = candidacy.counted[context.me] != nil
        for voter in context.peers.indices {
            candidacy.counted[voter] = nil
            guard voter != context.me else { continue }
            candidacy.asks[voter].tries = 0
            askCandidate(voter, in: context, &out, &candidacy)
        }
        if hadOwnVote { voteForOneself(&candidacy, in: context, &out) }
        role = .candidate(candidacy)
        return true
    }

    mutating func advanceCandidacy(in context: StepContext, _ out: inout StepOutput) {
        guard case .candidate(var candidacy) = role else { return }
        if let unready = unreadiness(in: context) {
            candidacy.lastRefusal = .notReady(unready)
            role = .candidate(candidacy)
            giveUpCandidacy(in: context, &out)
            return
        }
        if candidacy.giveUpAt <= context.now.boottime {
            giveUpCandidacy(in: context, &out)
            return
        }
        for voter in context.peers.indices where candidacy.asks[voter].isDue(at: context.now) {
            askCandidate(voter, in: context, &out, &candidacy)
        }
        role = .candidate(candidacy)
    }

    /// Says so to all who may have granted; the own voter is freed first. The gate is closed.
    mutating func giveUpCandidacy(in context: StepContext, _ out: inout StepOutput) {
        guard case .candidate(let candidacy) = role else { return }
        out.fire(.giveUpCandidacy)
        let failure = candidacy.lastRefusal ?? .noAnswer
        out.report(.candidacyFailed(id, term: candidacy.term, failure))
        ballot.freeOwnGrant(of: context.holder)

        // A little chance, so that a split vote does not repeat.
        let pause = context.timing.heartbeat / 4 + out.random.fraction(of: context.timing.heartbeat)
        var notBefore = context.now.boottime + pause
        if let blocked = candidacy.blockedUntil { notBefore = max(notBefore, blocked) }
        let standby = Standby(notBefore: notBefore, hasFailed: true)
        become(
            .standby(standby),
            because: .candidacyFailed,
            term: candidacy.term,
            in: context,
            &out
        )
        commit(&out)
        release(candidacy.term, vote: nil, in: context, &out)
    }
}
