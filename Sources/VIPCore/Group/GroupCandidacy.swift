/// How a standby comes to ask for the lease, and what it makes of the answers.
extension Group {
    /// Asks when this host's voter is free, nothing of its own stands in the way, and a majority
    /// that it hears also hears it: a host that can send and not hear must not block the others.
    mutating func considerAsking(in scene: Scene, _ out: inout Outbox) {
        noteVacancy(in: scene)
        guard case .standby(let standby) = role, standby.vacantSince != nil else { return }
        guard let due = nextAttempt(standby, in: scene), due.isReached(at: scene.now) else {
            return
        }
        guard scene.hearsMajority else {
            out.fire(.noMajorityHeard)
            return
        }
        becomeCandidate(after: standby, in: scene, &out)
    }

    /// Whether the lease is vacant, as far as this host's voter knows, and since when.
    mutating func noteVacancy(in scene: Scene) {
        guard case .standby(var standby) = role else { return }
        if ballot.liveGrant(at: scene.now) != nil || scene.isAbstaining {
            standby.vacantSince = nil
        } else {
            standby.vacantSince = standby.vacantSince ?? scene.now.boottime
        }
        role = .standby(standby)
    }

    /// When this standby will ask if nothing changes: once both clocks have come to that point. Nil
    /// if it will not.
    func nextAttempt(_ standby: Standby, in scene: Scene) -> Reading? {
        guard scene.settings.isNode, unreadiness(in: scene) == nil || isOnlyAbstaining(in: scene)
        else { return nil }
        var due = Reading(boottime: standby.notBefore, raw: .zero)
        if scene.isAbstaining { due.raw = scene.abstentionEnd }
        if let live = ballot.liveGrant(at: scene.now) {
            due.raw = max(due.raw, live.expiry)
        } else if let since = standby.vacantSince {
            due.boottime = max(due.boottime, since + rankDelay(in: scene))
        }
        return due
    }

    private func isOnlyAbstaining(in scene: Scene) -> Bool {
        unreadiness(in: scene) == .abstaining
    }

    /// Those who come before this host get a head start of two heartbeats each: the preferred node,
    /// then by name. The last holder does not count; it has just lost the lease.
    ///
    /// A voter that has begun anew has voted for nobody yet. While it hears an owner, it leaves
    /// time for the renewal by which it comes to know of that lease: otherwise every boot of a
    /// standby would stand against an owner that is well.
    func rankDelay(in scene: Scene) -> Duration {
        let renewals = ballot.grant == nil && hearsOwner(in: scene) ? 3 : 0
        return scene.timing.heartbeat * (2 * rank(in: scene) + renewals)
    }

    private func hearsOwner(in scene: Scene) -> Bool {
        scene.peers.indices.contains { voter in
            voter != scene.me && scene.isHeard(voter) && heard[voter]?.condition.owns == true
        }
    }

    private func rank(in scene: Scene) -> Int {
        let last = ballot.grant?.holder.host
        var ahead = 0
        for voter in scene.peers.indices where voter != scene.me && isNode(voter, in: scene) {
            let host = scene.settings.voters[voter].id
            guard host != last, scene.isHeard(voter), precedes(voter, scene.me, in: scene) else {
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

    private func precedes(_ voter: Int, _ other: Int, in scene: Scene) -> Bool {
        let voters = scene.settings.voters
        if voters[voter].id == settings.prefer { return true }
        if voters[other].id == settings.prefer { return false }
        return voter < other
    }

    private mutating func becomeCandidate(
        after standby: Standby,
        in scene: Scene,
        _ out: inout Outbox
    ) {
        if rank(in: scene) > 0 { out.fire(.yieldToRank) }
        if standby.hasFailed { out.fire(.retryAfterSplit) }
        let reason: Reason =
            ballot.grant.map { grant in
                grant.released || grant.holder == scene.holder
                    ? .vacant : .leaseRanOut(of: grant.holder.host)
            } ?? .vacant
        beginCandidacy(because: reason, in: scene, &out)
    }

    /// A fresh term, in the page before anybody hears of it; then the others are asked.
    mutating func beginCandidacy(
        because reason: Reason,
        in scene: Scene,
        _ out: inout Outbox
    ) {
        guard let term = takeFreshTerm() else {
            // The end of all terms: nothing but another state directory and page helps.
            role = .standby(Standby(notBefore: scene.now.boottime + scene.timing.lease))
            return
        }
        outstanding = nil
        var candidacy = newCandidacy(term, because: reason, in: scene)
        if scene.peers.count == 1 {
            voteForOneself(&candidacy, in: scene, &out)
        } else {
            out.fire(.askOthersFirst)
        }
        become(.candidate(candidacy), because: reason, term: term, in: scene, &out)
        for voter in scene.peers.indices where voter != scene.me {
            askCandidate(voter, in: scene, &out)
        }
        concludeCandidacy(in: scene, &out)
    }

    func newCandidacy(_ term: Term, because reason: Reason, in scene: Scene) -> Candidacy {
        let voters = scene.peers.count
        return Candidacy(
            term: term,
            reason: reason,
            counted: Array(repeating: nil, count: voters),
            asks: Array(repeating: Ask(), count: voters),
            // Renewals have the whole lease for their round trip; so has the first question.
            giveUpAt: scene.now.boottime
                + max(scene.timing.heartbeat, .milliseconds(5), scene.answerPatience)
        )
    }

    func request(_ term: Term, in scene: Scene) -> Request {
        Request(
            group: id,
            term: term,
            holder: scene.holder,
            length: scene.timing.lease,
            stamp: scene.now
        )
    }

    func askCandidate(
        _ voter: Int,
        in scene: Scene,
        _ out: inout Outbox,
        _ candidacy: inout Candidacy
    ) {
        candidacy.asks[voter].sent(at: scene.now, patience: scene.patience(with: voter))
        out.post(.request(request(candidacy.term, in: scene)), to: voter)
    }

    private mutating func askCandidate(_ voter: Int, in scene: Scene, _ out: inout Outbox) {
        guard case .candidate(var candidacy) = role else { return }
        askCandidate(voter, in: scene, &out, &candidacy)
        role = .candidate(candidacy)
    }

    /// The own vote is an ordinary request to the own voter.
    @discardableResult
    mutating func voteForOneself(
        _ candidacy: inout Candidacy,
        in scene: Scene,
        _ out: inout Outbox
    ) -> Bool {
        let own = request(candidacy.term, in: scene)
        let verdict = ballot.answer(own, voterSetsAgree: true, in: scene, &out)
        guard case .granted(let length) = verdict else {
            candidacy.lastRefusal = .ownVoteRefused
            return false
        }
        out.fire(.voteForOneself)
        candidacy.counted[scene.me] = Contribution(
            voter: scene.holder.host,
            stamp: own.stamp,
            length: length
        )
        return true
    }

    mutating func handleCandidate(
        _ granted: Granted,
        by voter: Int,
        in scene: Scene,
        _ out: inout Outbox
    ) {
        guard case .candidate(var candidacy) = role else { return }
        candidacy.asks[voter].answered()
        guard count(granted, by: voter, into: &candidacy.counted, in: scene, &out) else {
            role = .candidate(candidacy)
            return
        }
        if candidacy.counted[scene.me] == nil, !voteForOneself(&candidacy, in: scene, &out) {
            role = .candidate(candidacy)
            giveUpCandidacy(in: scene, &out)
            return
        }
        role = .candidate(candidacy)
        concludeCandidacy(in: scene, &out)
    }

    mutating func concludeCandidacy(in scene: Scene, _ out: inout Outbox) {
        guard case .candidate(let candidacy) = role,
            let deadline = Tenure.deadline(
                of: candidacy.counted,
                majority: scene.majority,
                timing: scene.timing
            ),
            deadline.isAhead(of: scene.now)
        else { return }
        becomeOwner(after: candidacy, until: deadline, in: scene, &out)
    }

    mutating func handleCandidate(
        _ refused: Refused,
        by voter: Int,
        in scene: Scene,
        _ out: inout Outbox
    ) {
        guard case .candidate(var candidacy) = role else { return }
        candidacy.asks[voter].answered()
        candidacy.lastRefusal = .refused(
            by: scene.settings.voters[voter].id,
            refused.reason,
            holder: refused.current?.host
        )
        switch refused.reason {
        case .lowTerm:
            // Ask again above what it has seen; who has granted the lower term grants this too.
            role = .candidate(candidacy)
            if raiseCandidacy(above: refused.highestGranted, voter, in: scene, &out) { return }
            out.fire(.ignoreTerm)
        case .held, .abstaining, .recording:
            out.fire(.waitForRemaining)
            // What is put on record has no remaining time to tell; a disk takes milliseconds.
            // However long a voter says: it knows what it has granted, and not what comes sooner.
            let pause =
                refused.reason == .recording
                ? scene.timing.heartbeat / 4 : min(refused.remaining, scene.timing.lease)
            let again = scene.now.boottime + max(pause, .microseconds(50))
            candidacy.blockedUntil = min(candidacy.blockedUntil ?? again, again)
            if again < candidacy.giveUpAt { candidacy.asks[voter].resendAt = again }
        case .voterSets, .suspended, .unknownGroup, .highTerm:
            // It takes an operator to change that, who may be at it.
            let again = scene.now.boottime + min(scene.timing.lease, scene.timing.heartbeat * 4)
            candidacy.blockedUntil = min(candidacy.blockedUntil ?? again, again)
        }
        role = .candidate(candidacy)
        if !canStillWin(candidacy, in: scene) { giveUpCandidacy(in: scene, &out) }
    }

    /// Those that have granted, and those that may still answer, make a majority.
    private func canStillWin(_ candidacy: Candidacy, in scene: Scene) -> Bool {
        var possible = 0
        for voter in scene.peers.indices {
            let own = voter == scene.me
            if own || candidacy.counted[voter] != nil || candidacy.asks[voter].resendAt != nil {
                possible += 1
            }
        }
        return possible >= scene.majority
    }

    /// Whether it now asks in a term above that; once a heartbeat at most.
    private mutating func raiseCandidacy(
        above term: Term,
        _ voter: Int,
        in scene: Scene,
        _ out: inout Outbox
    ) -> Bool {
        guard case .candidate(var candidacy) = role, term >= candidacy.term,
            !isTooSoon(candidacy.raisedAt, in: scene),
            follow(term, within: Self.raiseGap, in: scene, &out), let fresh = takeFreshTerm()
        else { return false }
        out.fire(.raiseTerm)
        out.report(
            .termRaised(
                id,
                from: candidacy.term,
                to: fresh,
                voter: scene.settings.voters[voter].id
            )
        )
        candidacy.term = fresh
        candidacy.raisedAt = scene.now.boottime
        out.withdrawRequests(for: id)
        // Late answers in the old term are given back, so none of them may be counted any more.
        let hadOwnVote = candidacy.counted[scene.me] != nil
        for voter in scene.peers.indices {
            candidacy.counted[voter] = nil
            guard voter != scene.me else { continue }
            candidacy.asks[voter].tries = 0
            askCandidate(voter, in: scene, &out, &candidacy)
        }
        if hadOwnVote { voteForOneself(&candidacy, in: scene, &out) }
        role = .candidate(candidacy)
        return true
    }

    mutating func advanceCandidacy(in scene: Scene, _ out: inout Outbox) {
        guard case .candidate(var candidacy) = role else { return }
        if let unready = unreadiness(in: scene) {
            candidacy.lastRefusal = .notReady(unready)
            role = .candidate(candidacy)
            giveUpCandidacy(in: scene, &out)
            return
        }
        if candidacy.giveUpAt <= scene.now.boottime {
            giveUpCandidacy(in: scene, &out)
            return
        }
        for voter in scene.peers.indices where candidacy.asks[voter].isDue(at: scene.now) {
            askCandidate(voter, in: scene, &out, &candidacy)
        }
        role = .candidate(candidacy)
    }

    /// Says so to all who may have granted; the own voter is freed first. The gate is closed.
    mutating func giveUpCandidacy(in scene: Scene, _ out: inout Outbox) {
        guard case .candidate(let candidacy) = role else { return }
        out.fire(.giveUpCandidacy)
        let failure = candidacy.lastRefusal ?? .noAnswer
        out.report(.candidacyFailed(id, term: candidacy.term, failure))
        ballot.freeOwnGrant(of: scene.holder)

        // A little chance, so that a split vote does not repeat.
        let pause = scene.timing.heartbeat / 4 + out.random.fraction(of: scene.timing.heartbeat)
        var notBefore = scene.now.boottime + pause
        if let blocked = candidacy.blockedUntil { notBefore = max(notBefore, blocked) }
        let standby = Standby(notBefore: notBefore, hasFailed: true)
        become(
            .standby(standby),
            because: .candidacyFailed,
            term: candidacy.term,
            in: scene,
            &out
        )
        commit(&out)
        release(candidacy.term, vote: nil, in: scene, &out)
    }
}
