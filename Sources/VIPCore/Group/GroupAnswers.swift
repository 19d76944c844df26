/// Voters' answers, sorted by what they are answers to.
extension Group {
    /// A grant counts for the term that this host is asking in; any other was not waited for.
    mutating func take(
        _ granted: Granted,
        from voter: Int,
        in scene: Scene,
        _ out: inout Outbox
    ) {
        // Grants that name others are not our business.
        guard granted.holder == scene.holder else { return }
        switch role {
        case .owner(let tenure) where tenure.term == granted.term:
            refusals[voter] = nil
            owner(tenure, isGranted: granted, by: voter, in: scene, &out)
        case .candidate(let candidacy) where candidacy.term == granted.term:
            refusals[voter] = nil
            candidate(candidacy, isGranted: granted, by: voter, in: scene, &out)
        case .standby, .candidate, .owner, .lettingGo:
            strayGrant(granted, from: voter, in: scene, &out)
        }
    }

    mutating func take(
        _ refused: Refused,
        from voter: Int,
        in scene: Scene,
        _ out: inout Outbox
    ) {
        guard refused.holder == scene.holder else { return }
        hear(refused.highestGranted)
        switch role {
        case .owner(let tenure) where tenure.term == refused.term:
            refusals[voter] = refused.reason
            owner(tenure, isRefused: refused, by: voter, in: scene, &out)
        case .candidate(let candidacy) where candidacy.term == refused.term:
            refusals[voter] = refused.reason
            candidate(candidacy, isRefused: refused, by: voter, in: scene, &out)
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
                named = (owner, scene.now.boottime + refused.remaining + scene.timing.heartbeat)
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
        case .owner(var tenure) where !scene.suspended:
            tenure.asks[voter] = Ask(resendAt: scene.now.boottime)
            role = .owner(tenure)
        case .candidate(var candidacy):
            guard candidacy.counted[voter] == nil else { return }
            candidacy.asks[voter] = Ask(resendAt: scene.now.boottime)
            role = .candidate(candidacy)
        case .standby, .lettingGo, .owner:
            break
        }
        for index in pendingReleases.indices
        where pendingReleases[index].asks[voter].resendAt != nil {
            pendingReleases[index].asks[voter] = Ask(resendAt: scene.now.boottime)
        }
    }
}
