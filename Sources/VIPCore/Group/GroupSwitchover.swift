/// Planned moves: the owner asks a successor, takes its offer, lets go, and hands over its vote.
extension Group {
    // MARK: - The owner's side

    /// Why a switchover to that voter, or to whoever is ready, can't begin; or to whom it would go.
    func successor(
        _ wanted: HostID?,
        in context: StepContext
    ) -> Result<Int, SwitchoverRefused> {
        guard case .owner(let tenure) = role, tenure.isServing else {
            return .failure(SwitchoverRefused(.notOwner))
        }
        guard tenure.handover == nil else { return .failure(SwitchoverRefused(.underWay)) }
        if let wanted {
            guard let voter = context.index(of: wanted), isNode(voter, in: context) else {
                return .failure(SwitchoverRefused(.successorUnknown))
            }
            guard voter != context.me else { return .failure(SwitchoverRefused(.successorOwnsIt)) }
            guard context.isHeardBothWays(voter) else {
                return .failure(SwitchoverRefused(.successorNotHeard))
            }
            guard isReady(voter, in: context) else {
                return .failure(
                    SwitchoverRefused(
                        .successorNotReady,
                        unready: heard[voter]?.condition.unready
                    )
                )
            }
            return .success(voter)
        }
        guard let voter = readySuccessor(in: context) else {
            return .failure(SwitchoverRefused(.noSuccessor))
        }
        return .success(voter)
    }

    struct SwitchoverRefused: Error {
        var refusal: SwitchoverRefusal
        var unready: Unreadiness?

        init(_ refusal: SwitchoverRefusal, unready: Unreadiness? = nil) {
            self.refusal = refusal
            self.unready = unready
        }
    }

    /// The preferred node if it is ready, otherwise the first by name.
    func readySuccessor(in context: StepContext) -> Int? {
        if let prefer = settings.prefer, let voter = context.index(of: prefer),
            isNode(voter, in: context), isReady(voter, in: context)
        {
            return voter
        }
        return context.peers.indices.first { isNode($0, in: context) && isReady($0, in: context) }
    }

    mutating func beginHandover(
        to successor: Int,
        because reason: Reason,
        urgent: Bool,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard case .owner(var tenure) = role else { return }
        let heartbeat = context.timing.heartbeat
        // The question and the offer are one round trip, which may be longer than a heartbeat.
        let wait = max(
            urgent ? max(heartbeat / 2, .milliseconds(20)) : max(heartbeat * 2, .milliseconds(50)),
            context.answerPatience(of: successor) * 2
        )
        tenure.handover = Handover(
            successor: successor,
            number: out.random.nonzero(),
            reason: reason,
            giveUpAt: context.now.boottime + wait,
            urgent: urgent
        )
        role = .owner(tenure)
        inquire(in: context, &out)
    }

    private mutating func inquire(in context: StepContext, _ out: inout StepOutput) {
        guard case .owner(var tenure) = role, var handover = tenure.handover else { return }
        out.fire(.inquire)
        handover.ask.sent(at: context.now, patience: context.patience(with: handover.successor))
        tenure.handover = handover
        role = .owner(tenure)
        let highest = max(highestUsed, ballot.highestGranted)
        out.post(
            .inquiry(Inquiry(group: id, number: handover.number, highestTerm: highest)),
            to: handover.successor
        )
    }

    mutating func advanceHandover(in context: StepContext, _ out: inout StepOutput) {
        guard case .owner(let tenure) = role, let handover = tenure.handover else { return }
        if handover.giveUpAt <= context.now.boottime {
            handoverFailed(.noAnswer, in: context, &out)
        } else if handover.ask.isDue(at: context.now) {
            inquire(in: context, &out)
        }
    }

    /// The successor is willing: let go with its offer in hand.
    mutating func handle(
        _ offer: Offer,
        from voter: Int,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard case .owner(let tenure) = role, let handover = tenure.handover,
            handover.successor == voter, handover.number == offer.number,
            offer.request.holder.host == context.settings.voters[voter].id,
            offer.request.term > tenure.term
        else { return }
        // This host's voter is to grant it, as it would any request.
        guard isWithinReach(offer.request.term, in: context, &out) else {
            return out.dropImplausible()
        }
        becomeLettingGo(
            because: handover.reason,
            vote: offer.request,
            in: context,
            &out
        )
    }

    mutating func declined(
        _ number: UInt64,
        because unready: Unreadiness,
        from voter: Int,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard case .owner(let tenure) = role, let handover = tenure.handover,
            handover.successor == voter, handover.number == number
        else { return }
        heard[voter]?.condition.unready = unready
        handoverFailed(.successorNotReady, in: context, &out)
    }

    private mutating func handoverFailed(
        _ why: SwitchoverRefusal,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard case .owner(var tenure) = role, let handover = tenure.handover else { return }
        out.report(.switchoverFailed(id, why))
        tenure.handover = nil
        role = .owner(tenure)
        refuseCommands(why, &out)
        changes.pausePlannedMoves(until: context.now.boottime + context.timing.lease * 2)
        if handover.urgent { becomeLettingGo(because: handover.reason, in: context, &out) }
    }

    /// Hands over if somebody is ready, and lets go in any case.
    mutating func letGoPlanned(
        because reason: Reason,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard case .owner(var tenure) = role else { return }
        if var handover = tenure.handover {
            handover.urgent = true
            handover.reason = reason
            tenure.handover = handover
            role = .owner(tenure)
        } else if tenure.isServing, let successor = readySuccessor(in: context) {
            beginHandover(to: successor, because: reason, urgent: true, in: context, &out)
        } else {
            becomeLettingGo(because: reason, in: context, &out)
        }
    }

    /// Moves that nobody has to ask for: away from a node that is not well, back to the preferred
    /// one.
    mutating func considerMoving(in context: StepContext, _ out: inout StepOutput) {
        guard case .owner(let tenure) = role else { return }
        if let letGoBy = context.letGoBy, letGoBy <= context.now.boottime {
            becomeLettingGo(because: .stopping, in: context, &out)
            return
        }
        guard tenure.isServing, tenure.handover?.urgent != true else { return }
        if context.stopping {
            letGoPlanned(because: .stopping, in: context, &out)
            return
        }
        if interfaceUp == false {
            letGoPlanned(because: .interfaceDown, in: context, &out)
            return
        }
        guard tenure.handover == nil, tenure.forced == nil else { return }
        let planned: (successor: Int, reason: Reason)?
        var isFailback = false
        if context.maintenance {
            planned = readySuccessor(in: context).map { ($0, .maintenance) }
        } else if isGateMissed(in: context) {
            // Alive, this host keeps its deadline itself; without a successor it goes on.
            planned = readySuccessor(in: context).map { ($0, .gateMissing) }
        } else if !healthy {
            // A check that fails on both moves nothing.
            planned = readySuccessor(in: context).map { ($0, .unhealthy) }
        } else {
            planned = failbackTarget(in: context).map {
                ($0, .switchover(to: context.peers[$0].id))
            }
            isFailback = true
        }
        guard let planned, !changes.arePlannedMovesPaused(at: context.now) else { return }
        // Nothing may wait for flapping to end while a dead agent would leave two owners.
        if changes.isHeldDown(at: context.now), planned.reason != .gateMissing {
            out.fire(.delayPlannedMove)
            return
        }
        if planned.reason == .gateMissing { out.fire(.moveFromMissingGate) }
        if isFailback { out.fire(.failBack) }
        beginHandover(
            to: planned.successor,
            because: planned.reason,
            urgent: false,
            in: context,
            &out
        )
    }

    /// A process that has just gone on with a tenure is given the time to find the gate: it was
    /// there when the process before it died.
    private func isGateMissed(in context: StepContext) -> Bool {
        gateMissedFrom.map { $0 <= context.now.boottime } ?? false
    }

    /// Nil while it is in its place.
    var gateMissedFrom: Instant? {
        guard !gateInPlace else { return nil }
        return roleReason == .restored ? roleSince + Self.gatePatience : roleSince
    }

    static let gatePatience: Duration = .seconds(1)

    private func failbackTarget(in context: StepContext) -> Int? {
        guard let failback = failback(in: context), failback.due <= context.now.boottime else {
            return nil
        }
        return failback.voter
    }

    /// Where the group goes back to by itself, and from when on, if all stays as it is.
    func failback(in context: StepContext) -> (voter: Int, due: Instant)? {
        guard case .automatic(let delay) = settings.failback, let prefer = settings.prefer,
            let voter = context.index(of: prefer), voter != context.me, isReady(voter, in: context),
            let since = heard[voter]?.readySince
        else { return nil }
        // An operator's move away from it is not undone at once, however well it is.
        return (voter, max(since, roleSince) + delay)
    }

    // MARK: - The successor's side

    mutating func handle(
        _ inquiry: Inquiry,
        from voter: Int,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        if let unready = unreadinessToSucceed(in: context) {
            out.fire(.declineInquiry)
            out.post(.declined(group: id, number: inquiry.number, because: unready), to: voter)
            return
        }
        if let (offer, asker) = outstanding, offer.number == inquiry.number, asker == voter,
            offer.request.stamp.remaining(at: context.now) + context.timing.lease / 2 > .zero
        {
            // The question has come again; an offer is not made twice, it would void the first.
            out.post(.offer(offer), to: voter)
            return
        }
        guard follow(inquiry.highestTerm, within: Self.raiseGap, in: context, &out),
            let fresh = takeFreshTerm()
        else {
            out.fire(.ignoreTerm)
            out.post(.declined(group: id, number: inquiry.number, because: .busy), to: voter)
            return
        }
        out.fire(.makeOffer)
        let term = mutated(.successorTermNotFresh) ? inquiry.highestTerm.next : fresh
        let made = Offer(number: inquiry.number, request: request(term, in: context))
        outstanding = (made, voter)
        commit(&out)
        out.post(.offer(made), to: voter)
    }

    private func unreadinessToSucceed(in context: StepContext) -> Unreadiness? {
        guard context.settings.isNode else { return .unknownGroup }
        if let unready = unreadiness(in: context) { return unready }
        guard case .standby = role else { return .busy }
        return nil
    }

    /// The owner's own vote, carried by its release: for exactly our offer, once.
    mutating func accept(
        _ vote: Granted,
        from voter: Int,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard vote.holder == context.holder else { return }
        guard case .standby = role, let (offer, asker) = outstanding, asker == voter,
            vote == Granted(answering: offer.request, length: vote.length),
            vote.length <= offer.request.length, unreadiness(in: context) == nil
        else {
            // The vote is given back, and the voter may give it to somebody else: when the release
            // comes once more, it must not be taken after all.
            if let (offer, asker) = outstanding, asker == voter, offer.request.term == vote.term {
                outstanding = nil
            }
            ignoreVote(vote, from: voter, in: context, &out)
            return
        }
        out.fire(.acceptOffer)
        if !mutated(.offerAcceptedTwice) { outstanding = nil }

        let owner = context.settings.voters[voter].id
        var candidacy = newCandidacy(vote.term, because: .handedOver(by: owner), in: context)
        candidacy.counted[voter] = Contribution(
            voter: owner,
            stamp: vote.stamp,
            length: vote.length
        )
        let ownVote = voteForOneself(&candidacy, in: context, &out)
        become(
            .candidate(candidacy),
            because: .handedOver(by: owner),
            term: vote.term,
            in: context,
            &out
        )
        guard ownVote else {
            giveUpCandidacy(in: context, &out)
            return
        }
        for other in context.peers.indices where other != context.me {
            askCandidate(other, in: context, &out, &candidacy)
        }
        role = .candidate(candidacy)
        concludeCandidacy(in: context, &out)
    }

    /// A vote that came too late or twice. If it is for the term that we are in, it is a repeat;
    /// otherwise the voter is given its vote back.
    private mutating func ignoreVote(
        _ vote: Granted,
        from voter: Int,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        out.fire(.ignoreVote)
        if case .candidate(let candidacy) = role, candidacy.term == vote.term { return }
        strayGrant(vote, from: voter, in: context, &out)
    }
}
