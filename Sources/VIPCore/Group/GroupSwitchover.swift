/// Planned moves: the owner asks a successor, takes its offer, lets go, and hands over its vote.
extension Group {
    // MARK: - The owner's side

    /// Why a switchover to that voter, or to whoever is ready, can't begin; or to whom it would go.
    func successor(
        _ wanted: HostID?,
        in scene: Scene
    ) -> Result<Int, SwitchoverRefused> {
        guard case .owner(let tenure) = role, tenure.isServing else {
            return .failure(SwitchoverRefused(.notOwner))
        }
        guard tenure.handover == nil else { return .failure(SwitchoverRefused(.underWay)) }
        if let wanted {
            guard let voter = scene.index(of: wanted), isNode(voter, in: scene) else {
                return .failure(SwitchoverRefused(.successorUnknown))
            }
            guard voter != scene.me else { return .failure(SwitchoverRefused(.successorOwnsIt)) }
            guard scene.isHeardBothWays(voter) else {
                return .failure(SwitchoverRefused(.successorNotHeard))
            }
            guard isReady(voter, in: scene) else {
                return .failure(
                    SwitchoverRefused(
                        .successorNotReady,
                        unready: heard[voter]?.condition.unready
                    )
                )
            }
            return .success(voter)
        }
        guard let voter = readySuccessor(in: scene) else {
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
    func readySuccessor(in scene: Scene) -> Int? {
        if let prefer = settings.prefer, let voter = scene.index(of: prefer),
            isNode(voter, in: scene), isReady(voter, in: scene)
        {
            return voter
        }
        return scene.peers.indices.first { isNode($0, in: scene) && isReady($0, in: scene) }
    }

    mutating func beginHandover(
        to successor: Int,
        because reason: Reason,
        urgent: Bool,
        in scene: Scene,
        _ out: inout Outbox
    ) {
        guard case .owner(var tenure) = role else { return }
        let heartbeat = scene.timing.heartbeat
        // The question and the offer are one round trip, which may be longer than a heartbeat.
        let wait = max(
            urgent ? max(heartbeat / 2, .milliseconds(20)) : max(heartbeat * 2, .milliseconds(50)),
            scene.answerPatience(of: successor) * 2
        )
        tenure.handover = Handover(
            successor: successor,
            number: out.random.nonzero(),
            reason: reason,
            giveUpAt: scene.now.boottime + wait,
            urgent: urgent
        )
        role = .owner(tenure)
        inquire(in: scene, &out)
    }

    private mutating func inquire(in scene: Scene, _ out: inout Outbox) {
        guard case .owner(var tenure) = role, var handover = tenure.handover else { return }
        out.fire(.inquire)
        handover.ask.sent(at: scene.now, patience: scene.patience(with: handover.successor))
        tenure.handover = handover
        role = .owner(tenure)
        let highest = max(highestUsed, ballot.highestGranted)
        out.post(
            .inquiry(Inquiry(group: id, number: handover.number, highestTerm: highest)),
            to: handover.successor
        )
    }

    mutating func advanceHandover(in scene: Scene, _ out: inout Outbox) {
        guard case .owner(let tenure) = role, let handover = tenure.handover else { return }
        if handover.giveUpAt <= scene.now.boottime {
            handoverFailed(.noAnswer, in: scene, &out)
        } else if handover.ask.isDue(at: scene.now) {
            inquire(in: scene, &out)
        }
    }

    /// The successor is willing: let go with its offer in hand.
    mutating func take(_ offer: Offer, from voter: Int, in scene: Scene, _ out: inout Outbox) {
        guard case .owner(let tenure) = role, let handover = tenure.handover,
            handover.successor == voter, handover.number == offer.number,
            offer.request.holder.host == scene.settings.voters[voter].id,
            offer.request.term > tenure.term
        else { return }
        // This host's voter is to grant it, as it would any request.
        guard isWithinReach(offer.request.term, in: scene, &out) else {
            return out.dropImplausible()
        }
        becomeLettingGo(
            because: handover.reason,
            vote: offer.request,
            in: scene,
            &out
        )
    }

    mutating func declined(
        _ number: UInt64,
        because unready: Unreadiness,
        from voter: Int,
        in scene: Scene,
        _ out: inout Outbox
    ) {
        guard case .owner(let tenure) = role, let handover = tenure.handover,
            handover.successor == voter, handover.number == number
        else { return }
        heard[voter]?.condition.unready = unready
        handoverFailed(.successorNotReady, in: scene, &out)
    }

    private mutating func handoverFailed(
        _ why: SwitchoverRefusal,
        in scene: Scene,
        _ out: inout Outbox
    ) {
        guard case .owner(var tenure) = role, let handover = tenure.handover else { return }
        out.report(.switchoverFailed(id, why))
        tenure.handover = nil
        role = .owner(tenure)
        refuseCommands(why, &out)
        changes.pausePlannedMoves(until: scene.now.boottime + scene.timing.lease * 2)
        if handover.urgent { becomeLettingGo(because: handover.reason, in: scene, &out) }
    }

    /// Hands over if somebody is ready, and lets go in any case.
    mutating func letGoPlanned(because reason: Reason, in scene: Scene, _ out: inout Outbox) {
        guard case .owner(var tenure) = role else { return }
        if var handover = tenure.handover {
            handover.urgent = true
            handover.reason = reason
            tenure.handover = handover
            role = .owner(tenure)
        } else if tenure.isServing, let successor = readySuccessor(in: scene) {
            beginHandover(to: successor, because: reason, urgent: true, in: scene, &out)
        } else {
            becomeLettingGo(because: reason, in: scene, &out)
        }
    }

    /// Moves that nobody has to ask for: away from a node that is not well, back to the preferred
    /// one.
    mutating func considerMoving(in scene: Scene, _ out: inout Outbox) {
        guard case .owner(let tenure) = role else { return }
        if let letGoBy = scene.letGoBy, letGoBy <= scene.now.boottime {
            becomeLettingGo(because: .stopping, in: scene, &out)
            return
        }
        guard tenure.isServing, tenure.handover?.urgent != true else { return }
        if scene.stopping {
            letGoPlanned(because: .stopping, in: scene, &out)
            return
        }
        if interfaceUp == false {
            letGoPlanned(because: .interfaceDown, in: scene, &out)
            return
        }
        guard tenure.handover == nil, tenure.forced == nil else { return }
        let planned: (successor: Int, reason: Reason)?
        var isFailback = false
        if scene.maintenance {
            planned = readySuccessor(in: scene).map { ($0, .maintenance) }
        } else if isGateMissed(in: scene) {
            // Alive, this host keeps its deadline itself; without a successor it goes on.
            planned = readySuccessor(in: scene).map { ($0, .gateMissing) }
        } else if !healthy {
            // A check that fails on both moves nothing.
            planned = readySuccessor(in: scene).map { ($0, .unhealthy) }
        } else {
            planned = failbackTarget(in: scene).map { ($0, .switchover(to: scene.peers[$0].id)) }
            isFailback = true
        }
        guard let planned, !changes.arePlannedMovesPaused(at: scene.now) else { return }
        // Nothing may wait for flapping to end while a dead agent would leave two owners.
        if changes.isHeldDown(at: scene.now), planned.reason != .gateMissing {
            out.fire(.delayPlannedMove)
            return
        }
        if planned.reason == .gateMissing { out.fire(.moveFromMissingGate) }
        if isFailback { out.fire(.failBack) }
        beginHandover(
            to: planned.successor,
            because: planned.reason,
            urgent: false,
            in: scene,
            &out
        )
    }

    /// A process that has just gone on with a tenure is given the time to find the gate: it was
    /// there when the process before it died.
    private func isGateMissed(in scene: Scene) -> Bool {
        gateMissedFrom.map { $0 <= scene.now.boottime } ?? false
    }

    /// Nil while it is in its place.
    var gateMissedFrom: Instant? {
        guard !gateInPlace else { return nil }
        return roleReason == .restored ? roleSince + Self.gatePatience : roleSince
    }

    static let gatePatience: Duration = .seconds(1)

    private func failbackTarget(in scene: Scene) -> Int? {
        guard let failback = failback(in: scene), failback.due <= scene.now.boottime else {
            return nil
        }
        return failback.voter
    }

    /// Where the group goes back to by itself, and from when on, if all stays as it is.
    func failback(in scene: Scene) -> (voter: Int, due: Instant)? {
        guard case .automatic(let delay) = settings.failback, let prefer = settings.prefer,
            let voter = scene.index(of: prefer), voter != scene.me, isReady(voter, in: scene),
            let since = heard[voter]?.readySince
        else { return nil }
        // An operator's move away from it is not undone at once, however well it is.
        return (voter, max(since, roleSince) + delay)
    }

    // MARK: - The successor's side

    mutating func take(_ inquiry: Inquiry, from voter: Int, in scene: Scene, _ out: inout Outbox) {
        if let unready = unreadinessToSucceed(in: scene) {
            out.fire(.declineInquiry)
            out.post(.declined(group: id, number: inquiry.number, because: unready), to: voter)
            return
        }
        if let (offer, asker) = outstanding, offer.number == inquiry.number, asker == voter,
            offer.request.stamp.remaining(at: scene.now) + scene.timing.lease / 2 > .zero
        {
            // The question has come again; an offer is not made twice, it would void the first.
            out.post(.offer(offer), to: voter)
            return
        }
        guard follow(inquiry.highestTerm, within: Self.raiseGap, in: scene, &out),
            let fresh = takeFreshTerm()
        else {
            out.fire(.ignoreTerm)
            out.post(.declined(group: id, number: inquiry.number, because: .busy), to: voter)
            return
        }
        out.fire(.makeOffer)
        let term = mutated(.successorTermNotFresh) ? inquiry.highestTerm.next : fresh
        let made = Offer(number: inquiry.number, request: request(term, in: scene))
        outstanding = (made, voter)
        commit(&out)
        out.post(.offer(made), to: voter)
    }

    private func unreadinessToSucceed(in scene: Scene) -> Unreadiness? {
        guard scene.settings.isNode else { return .unknownGroup }
        if let unready = unreadiness(in: scene) { return unready }
        guard case .standby = role else { return .busy }
        return nil
    }

    /// The owner's own vote, carried by its release: for exactly our offer, once.
    mutating func accept(_ vote: Granted, from voter: Int, in scene: Scene, _ out: inout Outbox) {
        guard vote.holder == scene.holder else { return }
        guard case .standby = role, let (offer, asker) = outstanding, asker == voter,
            vote == Granted(answering: offer.request, length: vote.length),
            vote.length <= offer.request.length, unreadiness(in: scene) == nil
        else {
            ignoreVote(vote, from: voter, in: scene, &out)
            return
        }
        out.fire(.acceptOffer)
        if !mutated(.offerAcceptedTwice) { outstanding = nil }

        let owner = scene.settings.voters[voter].id
        var candidacy = newCandidacy(vote.term, because: .handedOver(by: owner), in: scene)
        candidacy.counted[voter] = Contribution(
            voter: owner,
            stamp: vote.stamp,
            length: vote.length
        )
        let ownVote = voteForOneself(&candidacy, in: scene, &out)
        become(
            .candidate(candidacy),
            because: .handedOver(by: owner),
            term: vote.term,
            in: scene,
            &out
        )
        guard ownVote else {
            giveUpCandidacy(in: scene, &out)
            return
        }
        for other in scene.peers.indices where other != scene.me {
            askCandidate(other, in: scene, &out, &candidacy)
        }
        role = .candidate(candidacy)
        concludeCandidacy(in: scene, &out)
    }

    /// A vote that came too late or twice. If it is for the term that we are in, it is a repeat;
    /// otherwise the voter is given its vote back.
    private mutating func ignoreVote(
        _ vote: Granted,
        from voter: Int,
        in scene: Scene,
        _ out: inout Outbox
    ) {
        out.fire(.ignoreVote)
        if case .candidate(let candidacy) = role, candidacy.term == vote.term { return }
        strayGrant(vote, from: voter, in: scene, &out)
    }
}
