/// When a group is to be looked at again if nothing happens to it.
extension Group {
    /// The instants at which something of this group is due, or will be judged another way than it
    /// was in this step. One may lie in the past if it can be done at once. An owner's deadline is
    /// among them, on both clocks.
    func prospect(in scene: Scene) -> Prospect {
        let now = scene.now
        var prospect = Prospect()
        if let live = ballot.liveGrant(at: now) {
            prospect.consider(raw: live.expiry)
            prospect.grantedUntil = live.expiry
        }
        prospect.consider(future: named?.until, at: now)
        prospect.consider(changes.vacancyNoted(after: scene.timing.heartbeat))
        for pending in pendingReleases {
            prospect.consider(pending.giveUpAt)
            for ask in pending.asks { prospect.consider(ask.resendAt) }
        }
        for command in pendingCommands {
            prospect.consider(command.giveUpAt)
            prospect.consider(command.appeal?.ask.resendAt)
        }
        switch role {
        case .standby(let standby):
            foresee(standby, in: scene, &prospect)
        case .candidate(let candidacy):
            prospect.consider(candidacy.giveUpAt)
            for ask in candidacy.asks { prospect.consider(ask.resendAt) }
        case .owner(let tenure):
            foresee(tenure, in: scene, &prospect)
        case .lettingGo(let lettingGo):
            guard lettingGo.addressesAreOff, let closedBy = lettingGo.closedBy else { break }
            prospect.consider(raw: closedBy.raw + lettingGo.drain)
        }
        return prospect
    }

    private func foresee(_ standby: Standby, in scene: Scene, _ prospect: inout Prospect) {
        // Until a majority is heard nothing comes of waiting, and then a frame wakes us.
        if scene.hearsMajority, let attempt = nextAttempt(standby, in: scene) {
            prospect.consider(both: attempt, at: scene.now)
        }
        // Until then it may be that it is not ready for having waited for the kernel in vain.
        prospect.consider(future: standby.notBefore, at: scene.now)
    }

    private func foresee(_ tenure: Tenure, in scene: Scene, _ prospect: inout Prospect) {
        prospect.consider(tenure.deadline.boottime)
        prospect.consider(raw: tenure.deadline.raw)
        if !scene.suspended { for ask in tenure.asks { prospect.consider(ask.resendAt) } }
        if tenure.isGateOpen(at: scene.now) { prospect.consider(tenure.announcements.dueAt) }
        if outlastsAddresses(tenure, in: scene) { prospect.consider(tenure.refreshAt) }
        prospect.consider(tenure.confirmBy)
        prospect.consider(scene.letGoBy)
        prospect.consider(tenure.handover?.ask.resendAt)
        prospect.consider(tenure.handover?.giveUpAt)
        if let since = tenure.forced?.heardSince {
            prospect.consider(since + scene.timing.lease)
        }
        // From these on a planned move may begin that could not before.
        prospect.consider(future: changes.heldDownUntil, at: scene.now)
        prospect.consider(future: changes.plannedMovesPausedUntil, at: scene.now)
        prospect.consider(future: gateMissedFrom, at: scene.now)
        prospect.consider(future: failback(in: scene)?.due, at: scene.now)
        if let length = tenure.lengthByMajority(scene.majority) { prospect.grantedLength = length }
    }

}
