/// `takeover --force`: ownership on the word of an operator who vouches that the others are off.
extension Group {
    /// Why it can't be; nil when it has begun.
    mutating func takeByForce(in scene: Scene, _ out: inout Outbox) -> CommandRefusal? {
        if let refusal = refusalOfForce(in: scene) {
            out.fire(.refuseForce)
            return refusal
        }
        guard let term = takeFreshTerm() else { return .termsUsedUp }
        var candidacy = newCandidacy(term, because: .forced, in: scene)
        outstanding = nil
        guard voteForOneself(&candidacy, in: scene, &out),
            let deadline = Tenure.deadline(
                of: candidacy.counted,
                majority: 1,
                timing: scene.timing
            )
        else {
            out.fire(.refuseForce)
            return .abstaining(remaining: scene.abstentionEnd - scene.now.raw)
        }
        out.fire(.force)
        becomeOwner(
            after: candidacy,
            until: deadline,
            forced: Tenure.Forced(),
            in: scene,
            &out
        )
        return nil
    }

    private func refusalOfForce(in scene: Scene) -> CommandRefusal? {
        guard scene.settings.isNode else { return .notANode }
        if scene.suspended { return .suspended }
        if scene.stopping { return .stopping }
        if case .owner = role { return .alreadyOwner }
        // The kernel is still taking the addresses off for the last tenure.
        if case .lettingGo = role { return .lettingGo }
        if let voter = scene.peers.indices.first(where: { scene.isHeard($0) }) {
            return .voterHeard(scene.settings.voters[voter].id)
        }
        if let live = ballot.liveGrant(at: scene.now) {
            return .held(by: live.holder.host, remaining: live.expiry - scene.now.raw)
        }
        if scene.isAbstaining {
            return .abstaining(remaining: scene.abstentionEnd - scene.now.raw)
        }
        if interfaceUp != true { return .interfaceDown }
        return nil
    }

    /// When a voter is heard again: a majority within a lease, or let go.
    mutating func advanceForce(in scene: Scene, _ out: inout Outbox) {
        guard case .owner(let tenure) = role, let forced = tenure.forced else { return }
        guard let since = forced.heardSince else {
            guard scene.hearsAnybody, var tenure = takeTenure() else { return }
            tenure.forced?.heardSince = scene.now.boottime
            role = .owner(tenure)
            return
        }
        guard scene.now.boottime - since >= scene.timing.lease else { return }
        out.fire(.endForce)
        becomeLettingGo(because: .notConfirmed, in: scene, &out)
    }

    /// A frame named another holder, or another owner. A forced tenure ends at once. Any other is
    /// in doubt if a majority made that owner, in a term above its own. A forced owner is for
    /// itself to end.
    mutating func heardOfOther(
        _ host: HostID,
        term: Term,
        owns: Bool,
        in scene: Scene,
        _ out: inout Outbox
    ) {
        guard case .owner(let tenure) = role, host != scene.holder.host else { return }
        guard tenure.forced != nil else {
            if owns, term > tenure.term, !mutated(.wordOfOtherIgnored) {
                doubtTenure(because: host, term: term, in: scene, &out)
            }
            return
        }
        out.fire(.endForce)
        becomeLettingGo(because: .superseded(by: host), in: scene, &out)
    }
}
