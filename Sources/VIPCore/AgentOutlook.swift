/// What is the same for all groups in judging whether any one host may fail: who exchanges votes
/// with whom in time, and who votes at all.
struct Outlook: Sendable {
    /// By voter: those that it hears and that hear it, soon enough for a vote; itself among them.
    /// What a voter that is not heard here hears is not known, and counts as nobody.
    private(set) var reach: [VoterMask]
    /// Voters that say nothing that would keep them from granting.
    private(set) var able = VoterMask()
    /// Nodes that would take over, by what they say of themselves as hosts.
    private(set) var nodes = VoterMask()
    /// By voter: it is heard and has said how it is.
    private(set) var told: [Bool]
    private(set) var silences: [AgentStatus.Silence] = []
    private(set) var distances: [AgentStatus.Distance] = []

    init(_ voters: [AgentStatus.VoterStatus], _ settings: Settings) {
        reach = Array(repeating: VoterMask(), count: voters.count)
        told = voters.map { $0.heard && $0.timingDiffers != nil && !$0.duplicateName }
        for (index, voter) in voters.enumerated() {
            reach[index][index] = true
            if voter.role == .node { nodes[index] = true }
            able[index] =
                told[index] && voter.abstaining != true && !voter.suspended && !voter.stopping
                && !voter.voterSetsDiffer
        }
        for index in voters.indices where told[index] {
            for other in index + 1..<voters.count where told[other] {
                meet(index, other, voters, settings.timing.votingBound)
            }
        }
    }

    private mutating func meet(
        _ index: Int,
        _ other: Int,
        _ voters: [AgentStatus.VoterStatus],
        _ bound: Duration
    ) {
        let forth = Self.hearing(of: voters[other].id, by: voters[index])
        let back = Self.hearing(of: voters[index].id, by: voters[other])
        for (hearing, listener, speaker) in [(forth, index, other), (back, other, index)]
        where hearing == nil && !voters[index].isSelf && !voters[other].isSelf {
            silences.append(
                AgentStatus.Silence(listener: voters[listener].id, speaker: voters[speaker].id)
            )
        }
        guard let forth, let back else { return }
        let response = max(forth, back)
        guard response < bound else {
            return distances.append(
                AgentStatus.Distance(
                    voter: voters[index].id,
                    other: voters[other].id,
                    response: response
                )
            )
        }
        reach[index][other] = true
        reach[other][index] = true
    }

    /// Within what time that voter answers, over the best path on which it is heard; zero if that
    /// was not measured yet, and nil if it is not heard.
    private static func hearing(
        of voter: HostID,
        by listener: AgentStatus.VoterStatus
    ) -> Duration? {
        var best: Duration?
        for hearing in listener.hearings where hearing.voter == voter && hearing.heard {
            let response = Duration.microseconds(Int64(hearing.roundTripMicroseconds))
            if best.map({ response < $0 }) ?? true { best = response }
        }
        return best
    }
}

extension Timing {
    /// A voter whose answer takes this long or longer does not vote in time: a candidacy waits for
    /// half a lease at most, as the grants that it has go on to run out.
    public var votingBound: Duration { lease / 2 }
}

extension Group {
    /// What that node has said of the group lately.
    func news(of voter: Int, in context: StepContext) -> Condition? {
        guard context.isHeard(voter), let heard = heard[voter],
            context.now.boottime - heard.at <= context.timing.hearing
        else { return nil }
        return heard.condition
    }

    /// Who has the lease by its own word and does not serve; of several the one with the highest
    /// term.
    func idleHolder(in context: StepContext) -> HostID? {
        if case .owner(let tenure) = role { return tenure.isServing ? nil : context.holder.host }
        guard let leader = leader(in: context), !leader.condition.owns else { return nil }
        return context.settings.voters[leader.voter].id
    }

    /// Of the others, the one that has the lease, by its own word.
    private func leader(in context: StepContext) -> (voter: Int, condition: Condition)? {
        var best: (voter: Int, condition: Condition)?
        for voter in context.peers.indices {
            guard let news = news(of: voter, in: context), news.owns || !news.votes.isEmpty else {
                continue
            }
            if best.map({ $0.condition.term < news.term }) ?? true { best = (voter, news) }
        }
        return best
    }

    func votes(in context: StepContext) -> [AgentStatus.Vote] {
        var ages: [Duration?] = Array(repeating: nil, count: context.peers.count)
        let counted: VoterMask
        if case .owner(let tenure) = role {
            counted = tenure.votes(at: context.now)
            for (voter, contribution) in tenure.counted.enumerated() {
                ages[voter] = contribution.map { context.now.raw - $0.stamp.raw }
            }
        } else {
            counted = leader(in: context)?.condition.votes ?? VoterMask()
        }
        return context.peers.indices.map { voter in
            AgentStatus.Vote(counts: counted[voter], age: ages[voter], refusal: refusals[voter])
        }
    }

    func standing(
        _ votes: [AgentStatus.Vote],
        in context: StepContext,
        _ outlook: Outlook
    ) -> Standing {
        var voting = VoterMask()
        var ready = VoterMask()
        for voter in context.peers.indices {
            voting[voter] = votes[voter].counts && outlook.able[voter]
            ready[voter] = outlook.nodes[voter] && isReadyNow(voter, in: context)
        }
        return Standing(
            voters: context.peers.count,
            nodes: outlook.nodes,
            ready: ready,
            voting: voting,
            reach: outlook.reach,
            owner: server(in: context)
        )
    }

    private func isReadyNow(_ voter: Int, in context: StepContext) -> Bool {
        guard voter != context.me else { return unreadiness(in: context) == nil }
        guard let news = news(of: voter, in: context) else { return false }
        return news.unready == nil
    }

    /// The node that serves the group, by its own word.
    private func server(in context: StepContext) -> Int? {
        if case .owner(let tenure) = role { return tenure.isServing ? context.me : nil }
        guard let leader = leader(in: context), leader.condition.owns else { return nil }
        return leader.voter
    }
}
