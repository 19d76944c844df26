/// When a group is to be looked at again if nothing happens to it.
extension Group {
    /// The instants at which something of this group is due, or will be judged another way than it
    /// was in this step. One may lie in the past if it can be done at once. An owner's deadline is
    /// among them, on both clocks.
    func prospect(in context: StepContext) -> Prospect {
        let now = context.now
        var prospect = Prospect()
        if let live = ballot.liveGrant(at: now) {
            prospect.consider(raw: live.expiry)
            prospect.grantedUntil = live.expiry
        }
        prospect.consider(future: named?.until, at: now)
        prospect.consider(changes.vacancyNoted(after: context.timing.heartbeat))
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
            foresee(standby, in: context, &prospect)
        case .candidate(let candidacy):
            prospect.consider(candidacy.giveUpAt)
            for ask in candidacy.asks { prospect.consider(ask.resendAt) }
        case .owner(let tenure):
            foresee(tenure, in: context, &prospect)
        case .lettingGo(let lettingGo):
            guard lettingGo.addressesAreOff, let closedBy = lettingGo.closedBy else { break }
            prospect.consider(raw: closedBy.raw + lettingGo.drain)
        }
        return prospect
    }

    private func foresee(_ standby: Standby, in context: StepContext, _ prospect: inout Prospect) {
        // Until a majority is heard nothing comes of waiting, and then a frame wakes us.
        if context.hearsMajority, let attempt = nextAttempt(standby, in: context) {
            prospect.consider(both: attempt, at: context.now)
        }
        // Until then it may be that it is not ready for having waited for the kernel in vain.
        prospect.consider(future: standby.notBefore, at: context.now)
    }

    private func foresee(_ tenure: Tenure, in context: StepContext, _ prospect: inout Prospect) {
        prospect.consider(tenure.deadline.boottime)
        prospect.consider(raw: tenure.deadline.raw)
        if !context.suspended { for ask in tenure.asks { prospect.consider(ask.resendAt) } }
        if tenure.isGateOpen(at: context.now) { prospect.consider(tenure.announcements.dueAt) }
        if outlastsAddresses(tenure, in: context) { prospect.consider(tenure.refreshAt) }
        prospect.consider(tenure.confirmBy)
        prospect.consider(context.letGoBy)
        prospect.consider(tenure.handover?.ask.resendAt)
        prospect.consider(tenure.handover?.giveUpAt)
        if let since = tenure.forced?.heardSince {
            prospect.consider(since + context.timing.lease)
        }
        // From these on a planned move may begin that could not before.
        prospect.consider(future: changes.heldDownUntil, at: context.now)
        prospect.consider(future: changes.plannedMovesPausedUntil, at: context.now)
        prospect.consider(future: gateMissedFrom, at: context.now)
        prospect.consider(future: failback(in: context)?.due, at: context.now)
        if let length = tenure.lengthByMajority(context.majority) {
            prospect.grantedLength = length
        }
    }

}
