/// When this process may pause for some milliseconds, as for its re-execution.
extension Agent {
    /// Whether a pause costs least now: nothing is on its way that another process would not go on
    /// with, and every lease that is held or granted here has just been renewed. To be asked after
    /// a step, at the reading of that step.
    ///
    /// It comes true once a heartbeat on an owner, with the answer to the renewal, if round trips
    /// are shorter than heartbeats. What a new process goes on with is in the page: grants, terms,
    /// tenures, abstention, maintenance. What it does not know: operators' commands that wait for
    /// their reply, a handover, an offer, releases that were not acknowledged (hence false while
    /// there are any), the hold-down, and who was heard.
    public func isAtRest(at now: Reading) -> Bool {
        guard stoppingUntil == nil else { return false }
        let context = context(now)
        var owns = false
        for group in groups.all {
            guard group.isAtRest(in: context) else { return false }
            owns = owns || group.isOwner
        }
        // Two owners need not be in step; where this host is one itself, its own lease counts.
        return owns || groups.all.allSatisfy { $0.hasJustVoted(in: context) }
    }

    /// Whether a group is owned on an operator's word. That ends with the process, so a forced
    /// owner is not re-executed.
    public var isForced: Bool {
        groups.all.contains { group in
            if case .owner(let tenure) = group.role { return tenure.forced != nil }
            return false
        }
    }
}

extension Group {
    fileprivate func isAtRest(in context: StepContext) -> Bool {
        guard pendingCommands.isEmpty, pendingReleases.isEmpty else { return false }
        switch role {
        case .candidate, .lettingGo: return false
        case .standby:
            // An owner may be about to let go for it.
            guard let made = outstanding?.offer.request.stamp else { return true }
            return context.now.boottime - made.boottime > context.timing.lease
        case .owner(let tenure):
            return tenure.isServing && tenure.handover == nil && tenure.forced == nil
                && tenure.hasJustBeenRenewed(in: context)
        }
    }

    /// Nobody relies on this host's voter, or it has just granted.
    fileprivate func hasJustVoted(in context: StepContext) -> Bool {
        guard let live = ballot.liveGrant(at: context.now), live.holder != context.holder else {
            return true
        }
        guard let grantedAt = ballot.grantedAt else { return false }
        return context.now.raw - grantedAt <= context.timing.heartbeat / 4
    }
}

extension Tenure {
    /// A majority has answered the newest renewal, or one as new as round trips that are longer
    /// than a heartbeat let it be, and a moment ago.
    fileprivate func hasJustBeenRenewed(in context: StepContext) -> Bool {
        guard let renewedAt, let extendedAt,
            context.now.boottime - extendedAt <= context.timing.heartbeat / 4
        else { return false }
        let oldest = renewedAt.boottime - context.answerPatience
        let answers = counted.count { contribution in
            contribution.map { $0.stamp.boottime >= oldest } ?? false
        }
        return answers >= context.majority
    }
}
