/// This host's answers to others, and theirs, sorted by what they are answers to.
extension Group {
    /// What this host's voter says to another one's question.
    mutating func answer(
        _ request: Request,
        voterSetsAgree: Bool,
        in scene: Scene,
        _ out: inout Outbox
    ) -> Record {
        guard isWithinReach(request.term, in: scene, &out) else {
            out.implausible += 1
            out.fire(.refuseHighTerm)
            return .refused(
                Refused(request, because: .highTerm, highestGranted: ballot.highestGranted)
            )
        }
        let verdict = ballot.answer(request, voterSetsAgree: voterSetsAgree, in: scene, &out)
        heardOfOther(request.holder.host, term: request.term, owns: false, in: scene, &out)
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
    mutating func take(
        _ granted: Granted,
        from voter: Int,
        in scene: Scene,
        _ out: inout Outbox
    ) {
        // Grants that name others are not our business.
        guard granted.holder == scene.holder else { return }
        guard isPlausible(granted, from: voter, in: scene) else { return out.dropImplausible() }
        switch role {
        case .owner(let tenure) where tenure.term == granted.term:
            refusals[voter] = nil
            handleOwner(granted, by: voter, in: scene, &out)
        case .candidate(let candidacy) where candidacy.term == granted.term:
            refusals[voter] = nil
            handleCandidate(granted, by: voter, in: scene, &out)
        case .standby, .candidate, .owner, .lettingGo:
            strayGrant(granted, from: voter, in: scene, &out)
        }
    }

    /// Whether it can be the answer to a question that was asked: a voter grants no more than that,
    /// and can't know of a question that is yet to come.
    private func isPlausible(_ granted: Granted, from voter: Int, in scene: Scene) -> Bool {
        if mutated(.grantTakenUnasked) { return true }
        let ask: Ask
        switch role {
        case .owner(let tenure) where tenure.term == granted.term: ask = tenure.asks[voter]
        case .candidate(let candidacy) where candidacy.term == granted.term:
            ask = candidacy.asks[voter]
        case .standby, .candidate, .owner, .lettingGo: return true
        }
        return granted.length <= scene.timing.lease && ask.mayBeAnswered(with: granted.stamp)
    }

    mutating func take(
        _ refused: Refused,
        from voter: Int,
        in scene: Scene,
        _ out: inout Outbox
    ) {
        guard refused.holder == scene.holder else { return }
        switch role {
        case .owner(let tenure) where tenure.term == refused.term:
            refusals[voter] = refused.reason
            handleOwner(refused, by: voter, in: scene, &out)
        case .candidate(let candidacy) where candidacy.term == refused.term:
            refusals[voter] = refused.reason
            handleCandidate(refused, by: voter, in: scene, &out)
        case .standby, .candidate, .owner, .lettingGo:
            break
        }
        if let current = refused.current {
            if current != scene.holder {
                let owner = Owner(
                    host: current.host,
                    term: refused.highestGranted,
                    forced: false
                )
                // However long it says: the next grant is heard of by then.
                let remaining = min(refused.remaining, scene.timing.lease)
                named = (owner, scene.now.boottime + remaining + scene.timing.heartbeat)
            }
            heardOfOther(
                current.host,
                term: refused.highestGranted,
                owns: false,
                in: scene,
                &out
            )
        }
    }

    /// The voter can be talked to anew: what was asked meanwhile has not reached it.
    mutating func askAgain(_ voter: Int, in scene: Scene, _ out: inout Outbox) {
        switch role {
        case .owner where !scene.suspended:
            guard var tenure = takeTenure() else { return }
            tenure.asks[voter].repeatNow(at: scene.now)
            role = .owner(tenure)
        case .candidate(var candidacy):
            guard candidacy.counted[voter] == nil else { return }
            candidacy.asks[voter].repeatNow(at: scene.now)
            role = .candidate(candidacy)
        case .standby, .lettingGo, .owner:
            break
        }
        for index in pendingReleases.indices
        where pendingReleases[index].asks[voter].resendAt != nil {
            pendingReleases[index].asks[voter].repeatNow(at: scene.now)
        }
    }
}
