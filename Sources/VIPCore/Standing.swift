/// How a cluster's voters stand with one group at one instant, as far as one host can tell; and
/// what would follow if one of them failed now.
///
/// *Healthy means that any one host may fail now* is this arithmetic: whatever host fails, a
/// majority of *all* voters has to be left that votes and exchanges votes in time with the owner,
/// or with a node that would take over and is one of them.
public struct Standing: Equatable, Sendable {
    public var voters: Int
    public var nodes: VoterMask
    /// Nodes that would take over, as they say themselves.
    public var ready: VoterMask
    /// Voters that vote in this group: their grants to the owner count now, and they say nothing
    /// that would keep them from granting to its successor.
    public var voting: VoterMask
    /// By voter: those that hear it and that it hears, soon enough for a vote. It is one of them.
    public var reach: [VoterMask]
    /// The node that serves the group; nil: nobody is known to.
    public var owner: Int?

    public init(
        voters: Int,
        nodes: VoterMask,
        ready: VoterMask,
        voting: VoterMask,
        reach: [VoterMask],
        owner: Int?
    ) {
        precondition(reach.count == voters, "\(voters) voters, and the reach of \(reach.count)")
        self.voters = voters
        self.nodes = nodes
        self.ready = ready
        self.voting = voting
        self.reach = reach
        self.owner = owner
    }

    /// Why the group would be lost together with a host.
    public enum Loss: Equatable, Sendable {
        /// It is served by nobody as it is.
        case unowned
        /// No node that is left would take it over.
        case noSuccessor
        /// Nodes would, and none would get enough votes; the one that would get the most, and whose
        /// votes those are.
        case noMajority(successor: Int, votes: VoterMask)
        /// Its owner would no longer be granted its renewals by a majority; whose votes are left.
        case ownerLosesMajority(votes: VoterMask)
    }

    public var majority: Int { voters / 2 + 1 }

    /// Nil: the group would go on being served if that host failed now.
    public func loss(with voter: Int) -> Loss? {
        guard let owner else { return .unowned }
        guard voter == owner else {
            let votes = votes(for: owner, without: voter)
            return votes.count >= majority ? nil : .ownerLosesMajority(votes: votes)
        }
        var best: (successor: Int, votes: VoterMask)?
        for node in 0..<voters where node != voter && nodes[node] && ready[node] {
            let votes = votes(for: node, without: voter)
            if votes.count >= majority { return nil }
            if best.map({ $0.votes.count < votes.count }) ?? true { best = (node, votes) }
        }
        guard let best else { return .noSuccessor }
        return .noMajority(successor: best.successor, votes: best.votes)
    }

    /// The hosts of which none may fail now.
    public var indispensable: VoterMask {
        var hosts = VoterMask()
        for voter in 0..<voters where loss(with: voter) != nil { hosts[voter] = true }
        return hosts
    }

    private func votes(for node: Int, without failed: Int) -> VoterMask {
        voting.intersection(reach[node]).without(failed)
    }

    /// Whether a cluster of this shape bears the failure of any one host while all is well with all
    /// of them.
    public static func bearsFailure(nodes: VoterMask, voters: Int) -> Bool {
        let all = VoterMask.all(voters)
        return (0..<voters).filter { nodes[$0] }.allSatisfy { owner in
            Standing(
                voters: voters,
                nodes: nodes,
                ready: nodes,
                voting: all,
                reach: Array(repeating: all, count: voters),
                owner: owner
            ).indispensable.isEmpty
        }
    }
}
