/// What an owner does to stay one: it asks, counts, and looks at the clock.
extension Group {
    /// A majority has granted: into the page, then the addresses behind a closed gate. The gate
    /// opens when the kernel says that they are there, and only then are they announced.
    mutating func becomeOwner(
        after candidacy: Candidacy,
        until deadline: Reading,
        forced: Tenure.Forced? = nil,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        let tenure = Tenure(
            term: candidacy.term,
            stage: .confirming(request: nil, until: confirmBy(in: context)),
            firstRequest: nextRequest + 1,
            counted: candidacy.counted,
            deadline: deadline,
            asks: candidacy.asks,
            refreshAt: context.now.boottime,
            forced: forced
        )
        outstanding = nil
        // What is still being repeated was true of an earlier term, but the gate will be open.
        pendingReleases.removeAll()
        become(
            .owner(tenure),
            because: forced == nil ? candidacy.reason : .forced,
            term: candidacy.term,
            in: context,
            &out
        )
        commit(&out)
        out.emit(.closeGate(id))
        askForAddresses(in: context, &out)
    }

    // MARK: - Renewing

    /// Once a heartbeat: every voter is asked, the own one like any other.
    mutating func renew(in context: StepContext, _ out: inout StepOutput) {
        guard !context.suspended, var tenure = takeTenure() else { return }
        for voter in context.peers.indices where voter != context.me {
            noteUnanswered(voter, tenure, in: context, &out)
            tenure.asks[voter].tries = 0
            askOwner(voter, &tenure, in: context, &out)
        }
        tenure.renewedAt = context.now
        role = .owner(tenure)
        renewOwnVote(in: context, &out)
    }

    /// One renewal is sent up to five times: at 20 % loss each way one in 165 is then unanswered,
    /// and the lease outlasts several in a row.
    static let renewalTries = 4
    /// So many unanswered questions in one heartbeat to a voter that is heard: large frames may be
    /// what is lost.
    static let triesBeforeSmallFrames = 3

    /// A voter that is heard and has not answered for two heartbeats may not get large frames. It
    /// has to be found out while the lease lasts.
    private func noteUnanswered(
        _ voter: Int,
        _ tenure: Tenure,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard context.isHeard(voter), let since = tenure.asks[voter].unansweredSince,
            context.now.boottime - since
                >= max(context.timing.heartbeat * 2, context.answerPatience(of: voter))
        else { return }
        out.unanswering.append(voter)
    }

    private func askOwner(
        _ voter: Int,
        _ tenure: inout Tenure,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        if tenure.asks[voter].tries > 0 { out.fire(.resendRenewal) }
        if tenure.asks[voter].tries == Self.triesBeforeSmallFrames, context.isHeard(voter) {
            out.unanswering.append(voter)
        }
        tenure.asks[voter].sent(at: context.now, patience: context.patience(with: voter))
        if !context.isHeard(voter) {
            // One question a heartbeat is enough for a voter that is not there, and its silence
            // says nothing of frames.
            tenure.asks[voter].answered()
        } else if tenure.asks[voter].tries > Self.renewalTries {
            tenure.asks[voter].rest()
        }
        // A large frame that is lost may be all that the voter would have heard of this host.
        out.post(
            .request(request(tenure.term, in: context)),
            to: voter,
            mayBeLarge: context.isHeardBothWays(voter)
        )
    }

    mutating func renewOwnVote(in context: StepContext, _ out: inout StepOutput) {
        guard case .owner(let tenure) = role else { return }
        let own = request(tenure.term, in: context)
        var granted = Granted(answering: own, length: own.length)
        if !mutated(.ownVoteNotAsked) {
            switch ballot.answer(own, voterSetsAgree: true, in: context, &out) {
            case .granted(let length):
                refusals[context.me] = nil
                granted.length = length
            case .refused(let reason, let current, let remaining):
                refusals[context.me] = reason
                let refused = Refused(
                    own,
                    because: reason,
                    current: current,
                    remaining: remaining,
                    highestGranted: ballot.highestGranted
                )
                handleOwner(refused, by: context.me, in: context, &out)
                return
            }
        }
        handleOwner(granted, by: context.me, in: context, &out)
    }

    /// Counts one voter's answer, once, from the stamp of its request. Whether it was newer.
    func count(
        _ granted: Granted,
        by voter: Int,
        into counted: inout [Contribution?],
        in context: StepContext,
        _ out: inout StepOutput
    ) -> Bool {
        let contribution = Contribution(
            voter: context.settings.voters[voter].id,
            stamp: mutated(.ownerCountsFromReceipt) ? context.now : granted.stamp,
            length: granted.length
        )
        var slot = voter
        if mutated(.answersCountedByMessage), counted[voter] != nil,
            let free = counted.firstIndex(where: { $0 == nil })
        {
            slot = free
        }
        // An older answer, or one to a restarted owner that asks for less now: the voter keeps what
        // it has granted before, so the owner may count on it for as long as both clocks allow.
        if let before = counted[slot],
            context.timing.end(of: before).remaining(at: context.now)
                >= context.timing.end(of: contribution).remaining(at: context.now)
        {
            out.fire(.ignoreOldAnswer)
            return false
        }
        out.fire(.countAnswer)
        counted[slot] = contribution
        return true
    }

    mutating func handleOwner(
        _ granted: Granted,
        by voter: Int,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard var tenure = takeTenure() else { return }
        tenure.asks[voter].answered()
        let isNewer = count(granted, by: voter, into: &tenure.counted, in: context, &out)
        role = .owner(tenure)
        if isNewer { recount(in: context, &out) }
    }

    /// The deadline follows from what is counted. Later: page, then gate. Earlier: gate, then page.
    /// None: the majority is lost.
    mutating func recount(in context: StepContext, _ out: inout StepOutput) {
        guard case .owner(var tenure) = role else { return }
        let byMajority = Tenure.deadline(
            of: tenure.counted,
            majority: context.majority,
            timing: context.timing
        )
        let deadline: Reading?
        if tenure.forced != nil {
            if let byMajority, byMajority.isAhead(of: context.now),
                !addressesMayOutlast(byMajority, in: tenure)
            {
                out.fire(.confirmForce)
                tenure.forced = nil
                roleReason = .majority
                out.report(.forceConfirmed(id, term: tenure.term))
                deadline = byMajority
            } else {
                // One lease at a time, on the word of the operator and the own voter.
                deadline = Tenure.deadline(
                    of: [tenure.counted[context.me]],
                    majority: 1,
                    timing: context.timing
                )
            }
        } else {
            deadline = byMajority
        }
        guard let deadline else {
            becomeLettingGo(because: .majorityLost, in: context, &out)
            return
        }
        let before = tenure.deadline
        tenure.deadline = deadline
        if deadline.boottime > before.boottime { tenure.extendedAt = context.now.boottime }
        let isDoubtOver = isDoubtAnswered(tenure, in: context)
        if isDoubtOver {
            out.fire(.outlastDoubt)
            tenure.doubtedSince = nil
        }
        role = .owner(tenure)
        if deadline.boottime < before.boottime || deadline.raw < before.raw {
            out.fire(.lowerGate)
            // Unlike a gate, a lifetime can't be lowered: the addresses go now.
            guard deadline.isAhead(of: context.now), !addressesMayOutlast(deadline, in: tenure)
            else {
                becomeLettingGo(because: .majorityLost, in: context, &out)
                return
            }
            // By the gate's own clock it may be later all the same: the leases have another length.
            if deadline.boottime > before.boottime {
                openGate(in: context, &out)
            } else {
                lowerGate(in: context, &out)
            }
        } else if deadline != before || isDoubtOver {
            openGate(in: context, &out)
        }
        // Otherwise a voter outside the majority has answered; the page learns of it at the end.
    }

    private mutating func lowerGate(in context: StepContext, _ out: inout StepOutput) {
        guard case .owner(var tenure) = role else { return }
        // Also while addresses are confirmed again: the gate is open as it was before.
        // What the process before has set is not later than this, or the addresses had to go.
        if tenure.gateUntil != nil, !tenure.hasOldLifetimes {
            let until = tenure.deadline.boottime
            tenure.gateUntil = until
            role = .owner(tenure)
            out.emit(.openGate(id, until: until))
        }
        commit(&out)
    }

    mutating func handleOwner(
        _ refused: Refused,
        by voter: Int,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard var tenure = takeTenure() else { return }
        tenure.asks[voter].answered()
        role = .owner(tenure)
        switch refused.reason {
        case .lowTerm where refused.current == nil || refused.current == context.holder:
            raiseTerm(above: refused.highestGranted, voter, in: context, &out)
        case .held, .lowTerm:
            strike(voter, refused, in: context, &out)
        case .recording:
            // The own voter is asked with the next heartbeat.
            guard voter != context.me else { break }
            tenure.asks[voter].resendAt = context.now.boottime + context.timing.heartbeat / 4
            role = .owner(tenure)
        case .abstaining, .voterSets, .suspended, .unknownGroup, .highTerm:
            break
        }
    }

    /// A voter that forgot nothing but has granted a higher term meanwhile, and is free again: the
    /// owner asks for one above. It keeps gate and deadline, and releases nothing.
    private mutating func raiseTerm(
        above term: Term,
        _ voter: Int,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard case .owner(var tenure) = role, term >= tenure.term else { return }
        let known = highestHeard
        // One that is too far is approached, in terms that the others follow to.
        guard !isTooSoon(tenure.raisedAt, in: context),
            follow(term, within: Self.raiseGap, in: context, &out) || highestHeard > known,
            let fresh = takeFreshTerm()
        else { return out.fire(.ignoreTerm) }
        out.fire(.raiseTerm)
        let old = tenure.term
        tenure.term = fresh
        tenure.raisedAt = context.now.boottime
        out.withdrawRequests(for: id)
        role = .owner(tenure)
        out.report(
            .termRaised(
                id,
                from: old,
                to: tenure.term,
                voter: context.settings.voters[voter].id
            )
        )
        renew(in: context, &out)
    }

    /// One raise a heartbeat is all that honest voters ever ask for; each costs a round of
    /// questions.
    func isTooSoon(_ raisedAt: Instant?, in context: StepContext) -> Bool {
        raisedAt.map { context.now.boottime - $0 < context.timing.heartbeat } ?? false
    }

    /// A voter that is counted names another holder, in answer to a newer question: it no longer
    /// excludes the others. (It was away for longer than its grant, or this host's clock stood
    /// still.)
    private mutating func strike(
        _ voter: Int,
        _ refused: Refused,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard case .owner(var tenure) = role, let current = refused.current,
            current != context.holder, refused.term == tenure.term,
            let counted = tenure.counted[voter], refused.stamp.raw > counted.stamp.raw
        else { return }
        out.fire(.strikeVoter)
        out.report(
            .voterStruck(
                id,
                voter: context.settings.voters[voter].id,
                holder: current.host
            )
        )
        tenure.counted[voter] = nil
        role = .owner(tenure)
        recount(in: context, &out)
    }

    // MARK: - Time

    private func hasQuestionDue(in context: StepContext) -> Bool {
        guard case .owner(let tenure) = role, !context.suspended else { return false }
        return tenure.asks.contains { $0.isDue(at: context.now) }
    }

    private mutating func announce(in context: StepContext, _ out: inout StepOutput) {
        guard case .owner(let open) = role, open.isGateOpen(at: context.now),
            open.announcements.isDue(at: context.now), var tenure = takeTenure()
        else { return }
        tenure.announcements.takeRound(at: context.now)
        role = .owner(tenure)
        // What is announced answers for as long as it may.
        if tenure.hasGateToExtend {
            commit(&out)
            extendGate(&out)
        }
        out.emit(.announce(id))
    }

    mutating func advanceTenure(in context: StepContext, _ out: inout StepOutput) {
        if enforceConfirmation(in: context, &out) { return }
        if hasQuestionDue(in: context), var tenure = takeTenure() {
            for voter in context.peers.indices
            where voter != context.me && tenure.asks[voter].isDue(at: context.now) {
                askOwner(voter, &tenure, in: context, &out)
            }
            role = .owner(tenure)
        }
        announce(in: context, &out)
        askForAddresses(in: context, &out)
        advanceForce(in: context, &out)
        advanceHandover(in: context, &out)
        considerMoving(in: context, &out)
    }
}
