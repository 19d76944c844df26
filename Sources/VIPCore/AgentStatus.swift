/// What one agent believes at one instant, for people and monitoring.
public struct AgentStatus: Equatable, Sendable {
    public enum GroupState: String, Sendable {
        case owner, standby, fault, maintenance, starting, witness
    }

    /// How a voter votes in a group.
    public struct Vote: Equatable, Sendable {
        /// Its grant to the owner counts at this instant, as far as this host was told.
        public var counts: Bool
        /// How long ago that was asked for; only the owner knows.
        public var age: Duration?
        /// Why it did not grant what this host asked last.
        public var refusal: RefusalReason?
    }

    public struct GroupStatus: Equatable, Sendable {
        public var id: GroupID
        public var state: GroupState
        public var owner: HostID?
        public var forced: Bool
        public var term: Term
        /// Of an owner its own deadline, of others what their voter's grant has left; nil: no
        /// lease.
        public var leaseRemaining: Duration?
        public var since: Instant
        public var reason: Reason
        public var unready: Unreadiness?
        /// Whether another node would take over, and if not, what the first one said.
        public var successorReady: Bool
        public var successorUnready: Unreadiness?
        public var handingOver: Bool
        public var heldDownUntil: Instant?
        /// Who has the lease, by its own word, and does not serve.
        public var idleHolder: HostID?
        /// By voter.
        public var votes: [Vote]
        public var standing: Standing
        /// Nodes that are heard and say nothing of this group, and those whose files say something
        /// else of it.
        public var lacking: [HostID]
        public var differing: [HostID]
    }

    public struct PathStatus: Equatable, Sendable {
        public var heard: Bool
        public var sinceHeard: Duration?
        public var roundTrip: Duration?
        /// What the voter said of the other direction; nil if it has not said.
        public var heardByPeer: Bool?
    }

    public struct VoterStatus: Equatable, Sendable {
        public var id: HostID
        public var role: Settings.Voter.Role
        public var isSelf: Bool
        public var heard: Bool
        public var hearsMe: Bool?
        public var abstaining: Bool?
        public var maintenance: Bool
        public var stopping: Bool
        public var suspended: Bool
        public var duplicateName: Bool
        public var voterSetsDiffer: Bool
        /// Its file has other timing than that of this host, or something else of the groups; nil:
        /// it has not said.
        public var timingDiffers: Bool?
        public var groupsDiffer: Bool?
        public var sinceHeard: Duration?
        public var roundTrip: Duration?
        public var paths: [PathStatus]
        /// Whom this voter says that it hears; empty if it is not heard itself.
        public var hearings: [Presence.Hearing]
    }

    /// One direction between two voters that are both heard here: the first one says that it does
    /// not hear the second over any path.
    public struct Silence: Equatable, Sendable {
        public var listener: HostID
        public var speaker: HostID
    }

    /// Two voters that are too far from each other for a vote to come in time.
    public struct Distance: Equatable, Sendable {
        public var voter: HostID
        public var other: HostID
        /// Within what time an answer comes: the smoothed round trip and four deviations.
        public var response: Duration
    }

    public var groups: [GroupStatus]
    public var voters: [VoterStatus]
    /// Among the other voters; what this host hears is in `voters`.
    public var silences: [Silence]
    public var distances: [Distance]
    public var incarnation: Incarnation
    public var abstainingFor: Duration?
    public var suspended: Bool
    public var stopping: Bool
    public var maintenance: Bool
}

extension Agent {
    public func status(at now: Reading) -> AgentStatus {
        let context = context(now)
        let voters = peers.indices.map { voter($0, in: context) }
        let outlook = Outlook(voters, settings)
        return AgentStatus(
            groups: groups.all.map { $0.status(in: context, outlook) },
            voters: voters,
            silences: outlook.silences,
            distances: outlook.distances,
            incarnation: holder.incarnation,
            abstainingFor: context.isAbstaining ? abstentionEnd - now.raw : nil,
            suspended: suspended,
            stopping: stoppingUntil != nil,
            maintenance: maintenance
        )
    }

    /// How often frames were dropped for this reason since the start.
    public func drops(for reason: DropReason) -> UInt64 { drops[reason.rawValue] }

    /// Whether the group's addresses may answer from this host at this instant.
    public func serves(_ id: GroupID, at now: Reading) -> Bool {
        guard let index = groups.index(of: id),
            case .owner(let tenure) = groups.all[index].role
        else { return false }
        return tenure.isServing && tenure.deadline.isAhead(of: now)
    }

    private func voter(_ index: Int, in context: StepContext) -> AgentStatus.VoterStatus {
        let peer = peers[index]
        let isSelf = index == me
        let span = settings.timing.hearing
        let heard = isSelf || context.isHeard(index)
        let fresh = heard && context.now.boottime - peer.presenceAt <= span ? peer.presence : nil
        let own = isSelf ? presence(at: context.now) : fresh
        return AgentStatus.VoterStatus(
            id: peer.id,
            role: peer.role,
            isSelf: isSelf,
            heard: heard,
            hearsMe: isSelf
                ? nil : fresh.map { $0.hearings.contains { $0.voter == settings.me && $0.heard } },
            abstaining: own?.abstaining,
            maintenance: own?.maintenance ?? false,
            stopping: own?.stopping ?? false,
            suspended: own?.suspended ?? false,
            duplicateName: peer.refusedUntil != nil,
            voterSetsDiffer: peer.voterSetsDiffer,
            timingDiffers: own.map { $0.timingDigest != settings.timingDigest },
            groupsDiffer: own.map { $0.groupsDigest != settings.groupsDigest },
            sinceHeard: peer.lastHeard.map { context.now.boottime - $0 },
            roundTrip: peer.paths.compactMap(\.roundTrip).min(),
            paths: peer.paths.indices.map { path($0, of: peer, presence: fresh, in: context) },
            hearings: own?.hearings ?? []
        )
    }

    private func path(
        _ index: Int,
        of peer: Peer,
        presence: Presence?,
        in context: StepContext
    ) -> AgentStatus.PathStatus {
        let path = peer.paths[index]
        let age = path.lastHeard.map { context.now.boottime - $0 }
        return AgentStatus.PathStatus(
            heard: age.map { $0 <= settings.timing.hearing } ?? false,
            sinceHeard: age,
            roundTrip: path.roundTrip,
            heardByPeer: presence?.hearings.first {
                $0.voter == settings.me && Int($0.path) == index
            }?.heard
        )
    }
}

extension Group {
    func status(in context: StepContext, _ outlook: Outlook) -> AgentStatus.GroupStatus {
        let owner = owner(in: context)
        var remaining = ballot.liveGrant(at: context.now).map { $0.expiry - context.now.raw }
        var handingOver = false
        if case .owner(let tenure) = role {
            remaining = tenure.deadline.remaining(at: context.now)
            handingOver = tenure.handover != nil
        }
        let successors = context.peers.indices.filter {
            $0 != context.me && isNode($0, in: context)
        }
        let votes = votes(in: context)
        return AgentStatus.GroupStatus(
            id: id,
            state: statusState(in: context),
            owner: owner?.host,
            forced: owner?.forced ?? false,
            term: owner?.term ?? ballot.highestGranted,
            leaseRemaining: remaining,
            since: roleSince,
            reason: roleReason,
            unready: unreadiness(in: context),
            successorReady: successors.contains { isReady($0, in: context) },
            successorUnready: successors.lazy.compactMap { heard[$0]?.condition.unready }.first,
            handingOver: handingOver,
            heldDownUntil: changes.heldDownUntil,
            idleHolder: idleHolder(in: context),
            votes: votes,
            standing: standing(votes, in: context, outlook),
            lacking: successors.filter { outlook.told[$0] && news(of: $0, in: context) == nil }
                .map { context.settings.voters[$0].id },
            differing: successors.filter { voter in
                news(of: voter, in: context).map { $0.digest != settings.digest } ?? false
            }
            .map { context.settings.voters[$0].id }
        )
    }

    private func statusState(in context: StepContext) -> AgentStatus.GroupState {
        guard context.settings.isNode else { return .witness }
        switch role {
        case .owner(let tenure) where tenure.isServing: return .owner
        case .owner: return .starting
        case .lettingGo(let lettingGo) where lettingGo.reason == .leftover: return .starting
        case .standby, .candidate, .lettingGo: break
        }
        switch unreadiness(in: context) {
        case nil, .stopping, .busy, .unknownGroup: return .standby
        case .maintenance: return .maintenance
        case .abstaining: return .starting
        case .interfaceDown, .unhealthy, .suspended, .gateMissing, .kernelRefuses, .kernelSilent:
            return .fault
        }
    }
}
