/// What an owner does to stay one: it asks, counts, and looks at the clock.
extension Group {
    /// A majority has granted: into the page, then the addresses behind a closed gate. The gate
    /// opens when the kernel says that they are there, and only then are they announced.
    mutating func becomeOwner(
        after candidacy: Candidacy,
        until deadline: Reading,
        forced: Tenure.Forced? = nil,
        in scene: Scene,
        _ out: inout Outbox
    ) {
        let tenure = Tenure(
            term: candidacy.term,
            stage: .confirming(request: nil, until: confirmBy(in: scene)),
            firstRequest: nextRequest + 1,
            counted: candidacy.counted,
            deadline: deadline,
            asks: candidacy.asks,
            refreshAt: scene.now.boottime,
            forced: forced
        )
        outstanding = nil
        // What is still being repeated was true of an earlier term, but the gate will be open.
        pendingReleases.removeAll()
        become(
            .owner(tenure),
            because: forced == nil ? candidacy.reason : .forced,
            term: candidacy.term,
            in: scene,
            &out
        )
        commit(&out)
        out.emit(.closeGate(id))
        askForAddresses(in: scene, &out)
    }

    /// Opens or extends the gate to what the deadline allows; the page comes first. Of a restored
    /// tenure it is open already, and does not wait for the kernel to be asked about addresses;
    /// unless these may stay for longer than the lease lasts.
    mutating func openGate(in scene: Scene, _ out: inout Outbox) {
        guard case .owner(var tenure) = role, tenure.doubtedSince == nil,
            tenure.isServing || tenure.gateUntil != nil && !tenure.hasOldLifetimes
        else {
            commit(&out)
            return
        }
        let until = tenure.deadline.boottime
        tenure.gateUntil = until
        role = .owner(tenure)
        if mutated(.pageAfterGate) {
            out.emit(.openGate(id, until: until))
            commit(&out)
        } else {
            commit(&out)
            out.emit(.openGate(id, until: until))
        }
    }

    // MARK: - Renewing

    /// Once a heartbeat: every voter is asked, the own one like any other.
    mutating func renew(in scene: Scene, _ out: inout Outbox) {
        guard !scene.suspended, var tenure = takeTenure() else { return }
        for voter in scene.peers.indices where voter != scene.me {
            noteUnanswered(voter, tenure, in: scene, &out)
            tenure.asks[voter].tries = 0
            askOwner(voter, &tenure, in: scene, &out)
        }
        tenure.renewedAt = scene.now
        role = .owner(tenure)
        renewOwnVote(in: scene, &out)
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
        in scene: Scene,
        _ out: inout Outbox
    ) {
        guard scene.isHeard(voter), let since = tenure.asks[voter].unansweredSince,
            scene.now.boottime - since
                >= max(scene.timing.heartbeat * 2, scene.answerPatience(of: voter))
        else { return }
        out.unanswering.append(voter)
    }

    private func askOwner(
        _ voter: Int,
        _ tenure: inout Tenure,
        in scene: Scene,
        _ out: inout Outbox
    ) {
        if tenure.asks[voter].tries > 0 { out.fire(.resendRenewal) }
        if tenure.asks[voter].tries == Self.triesBeforeSmallFrames, scene.isHeard(voter) {
            out.unanswering.append(voter)
        }
        tenure.asks[voter].sent(at: scene.now, patience: scene.patience(with: voter))
        if !scene.isHeard(voter) {
            // One question a heartbeat is enough for a voter that is not there, and its silence
            // says nothing of frames.
            tenure.asks[voter].answered()
        } else if tenure.asks[voter].tries > Self.renewalTries {
            tenure.asks[voter].rest()
        }
        // A large frame that is lost may be all that the voter would have heard of this host.
        out.post(
            .request(request(tenure.term, in: scene)),
            to: voter,
            mayBeLarge: scene.isHeardBothWays(voter)
        )
    }

    mutating func renewOwnVote(in scene: Scene, _ out: inout Outbox) {
        guard case .owner(let tenure) = role else { return }
        let own = request(tenure.term, in: scene)
        var granted = Granted(answering: own, length: own.length)
        if !mutated(.ownVoteNotAsked) {
            switch ballot.answer(own, voterSetsAgree: true, in: scene, &out) {
            case .granted(let length):
                refusals[scene.me] = nil
                granted.length = length
            case .refused(let reason, let current, let remaining):
                refusals[scene.me] = reason
                let refused = Refused(
                    own,
                    because: reason,
                    current: current,
                    remaining: remaining,
                    highestGranted: ballot.highestGranted
                )
                handleOwner(refused, by: scene.me, in: scene, &out)
                return
            }
        }
        handleOwner(granted, by: scene.me, in: scene, &out)
    }

    /// Counts one voter's answer, once, from the stamp of its request. Whether it was newer.
    func count(
        _ granted: Granted,
        by voter: Int,
        into counted: inout [Contribution?],
        in scene: Scene,
        _ out: inout Outbox
    ) -> Bool {
        let contribution = Contribution(
            voter: scene.settings.voters[voter].id,
            stamp: mutated(.ownerCountsFromReceipt) ? scene.now : granted.stamp,
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
            scene.timing.end(of: before).remaining(at: scene.now)
                >= scene.timing.end(of: contribution).remaining(at: scene.now)
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
        in scene: Scene,
        _ out: inout Outbox
    ) {
        guard var tenure = takeTenure() else { return }
        tenure.asks[voter].answered()
        let isNewer = count(granted, by: voter, into: &tenure.counted, in: scene, &out)
        role = .owner(tenure)
        if isNewer { recount(in: scene, &out) }
    }

    /// The deadline follows from what is counted. Later: page, then gate. Earlier: gate, then page.
    /// None: the majority is lost.
    mutating func recount(in scene: Scene, _ out: inout Outbox) {
        guard case .owner(var tenure) = role else { return }
        let byMajority = Tenure.deadline(
            of: tenure.counted,
            majority: scene.majority,
            timing: scene.timing
        )
        let deadline: Reading?
        if tenure.forced != nil {
            if let byMajority, byMajority.isAhead(of: scene.now),
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
                    of: [tenure.counted[scene.me]],
                    majority: 1,
                    timing: scene.timing
                )
            }
        } else {
            deadline = byMajority
        }
        guard let deadline else {
            becomeLettingGo(because: .majorityLost, in: scene, &out)
            return
        }
        let before = tenure.deadline
        tenure.deadline = deadline
        if deadline.boottime > before.boottime { tenure.extendedAt = scene.now.boottime }
        let isDoubtOver = isDoubtAnswered(tenure, in: scene)
        if isDoubtOver {
            out.fire(.outlastDoubt)
            tenure.doubtedSince = nil
        }
        role = .owner(tenure)
        if deadline.boottime < before.boottime || deadline.raw < before.raw {
            out.fire(.lowerGate)
            // Unlike a gate, a lifetime can't be lowered: the addresses go now.
            guard deadline.isAhead(of: scene.now), !addressesMayOutlast(deadline, in: tenure) else {
                becomeLettingGo(because: .majorityLost, in: scene, &out)
                return
            }
            // By the gate's own clock it may be later all the same: the leases have another length.
            if deadline.boottime > before.boottime {
                openGate(in: scene, &out)
            } else {
                lowerGate(in: scene, &out)
            }
        } else if deadline != before || isDoubtOver {
            openGate(in: scene, &out)
        }
        // Otherwise a voter outside the majority has answered; the page learns of it at the end.
    }

    private mutating func lowerGate(in scene: Scene, _ out: inout Outbox) {
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
        in scene: Scene,
        _ out: inout Outbox
    ) {
        guard var tenure = takeTenure() else { return }
        tenure.asks[voter].answered()
        role = .owner(tenure)
        switch refused.reason {
        case .lowTerm where refused.current == nil || refused.current == scene.holder:
            raiseTerm(above: refused.highestGranted, voter, in: scene, &out)
        case .held, .lowTerm:
            strike(voter, refused, in: scene, &out)
        case .recording:
            // The own voter is asked with the next heartbeat.
            guard voter != scene.me else { break }
            tenure.asks[voter].resendAt = scene.now.boottime + scene.timing.heartbeat / 4
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
        in scene: Scene,
        _ out: inout Outbox
    ) {
        guard case .owner(var tenure) = role, term >= tenure.term else { return }
        let known = highestHeard
        // One that is too far is approached, in terms that the others follow to.
        guard !isTooSoon(tenure.raisedAt, in: scene),
            follow(term, within: Self.raiseGap, in: scene, &out) || highestHeard > known,
            let fresh = takeFreshTerm()
        else { return out.fire(.ignoreTerm) }
        out.fire(.raiseTerm)
        let old = tenure.term
        tenure.term = fresh
        tenure.raisedAt = scene.now.boottime
        out.withdrawRequests(for: id)
        role = .owner(tenure)
        out.report(
            .termRaised(
                id,
                from: old,
                to: tenure.term,
                voter: scene.settings.voters[voter].id
            )
        )
        renew(in: scene, &out)
    }

    /// One raise a heartbeat is all that honest voters ever ask for; each costs a round of
    /// questions.
    func isTooSoon(_ raisedAt: Instant?, in scene: Scene) -> Bool {
        raisedAt.map { scene.now.boottime - $0 < scene.timing.heartbeat } ?? false
    }

    /// A voter that is counted names another holder, in answer to a newer question: it no longer
    /// excludes the others. (It was away for longer than its grant, or this host's clock stood
    /// still.)
    private mutating func strike(
        _ voter: Int,
        _ refused: Refused,
        in scene: Scene,
        _ out: inout Outbox
    ) {
        guard case .owner(var tenure) = role, let current = refused.current,
            current != scene.holder, refused.term == tenure.term,
            let counted = tenure.counted[voter], refused.stamp.raw > counted.stamp.raw
        else { return }
        out.fire(.strikeVoter)
        out.report(
            .voterStruck(
                id,
                voter: scene.settings.voters[voter].id,
                holder: current.host
            )
        )
        tenure.counted[voter] = nil
        role = .owner(tenure)
        recount(in: scene, &out)
    }

    // MARK: - Time

    private func hasQuestionDue(in scene: Scene) -> Bool {
        guard case .owner(let tenure) = role, !scene.suspended else { return false }
        return tenure.asks.contains { $0.isDue(at: scene.now) }
    }

    private mutating func announce(in scene: Scene, _ out: inout Outbox) {
        guard case .owner(let open) = role, open.isGateOpen(at: scene.now),
            open.announcements.isDue(at: scene.now), var tenure = takeTenure()
        else { return }
        tenure.announcements.takeRound(at: scene.now)
        role = .owner(tenure)
        out.emit(.announce(id))
    }

    mutating func advanceTenure(in scene: Scene, _ out: inout Outbox) {
        if enforceConfirmation(in: scene, &out) { return }
        if hasQuestionDue(in: scene), var tenure = takeTenure() {
            for voter in scene.peers.indices
            where voter != scene.me && tenure.asks[voter].isDue(at: scene.now) {
                askOwner(voter, &tenure, in: scene, &out)
            }
            role = .owner(tenure)
        }
        announce(in: scene, &out)
        askForAddresses(in: scene, &out)
        advanceForce(in: scene, &out)
        advanceHandover(in: scene, &out)
        considerMoving(in: scene, &out)
    }
}
