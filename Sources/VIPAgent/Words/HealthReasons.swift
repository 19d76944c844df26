import VIPControl
import VIPCore

/// Why a cluster is not healthy, in words: all that keeps it from standing the failure of any one
/// host now, as far as this host can tell; the worst first.
///
/// What is known to be wrong has its own sentence. Last comes the arithmetic of `Standing`: were
/// there a failure that it calls fatal and no sentence tells why, that failure is named, so that
/// nothing is called healthy by omission.
struct HealthReasons {
    private let cluster: LocalCluster
    private let text: ReportText
    private let status: AgentStatus
    private let groups: [GroupStatus]
    private(set) var all: [String] = []

    /// - Parameters:
    ///   - groups: of `status`, in the same order.
    ///   - others: what else is known to be wrong.
    init(
        _ cluster: LocalCluster,
        _ text: ReportText,
        _ status: AgentStatus,
        _ groups: [GroupStatus],
        _ gate: GateStatus?,
        others: [String] = []
    ) {
        self.cluster = cluster
        self.text = text
        self.status = status
        self.groups = groups
        if let gate, gate.state == .incomplete {
            let cause = gate.reason.map { ": \($0)" } ?? ""
            all.append(HealthSentence.gateMissing.text() + cause)
        }
        if status.suspended { say(.votersChanged) }
        all += others
        for (group, known) in zip(groups, status.groups) { judge(group, known) }
        judgeVotes()
        judgeFiles()
        for (voter, name) in zip(status.voters, cluster.voterNames) where !voter.isSelf {
            judge(voter, name)
        }
        judgeLinks()
        if let left = status.abstainingFor { say(.thisVoterAbstains, text.text(left)) }
        judgeShape()
        if all.isEmpty { judgeStanding() }
    }

    // MARK: - Groups

    private mutating func judge(_ group: GroupStatus, _ known: AgentStatus.GroupStatus) {
        if group.isForced { say(.forced, group.name) }
        if let holder = known.idleHolder {
            say(.idleHolder, name(holder), group.name)
        } else if group.owner == nil {
            say(.unowned, group.name)
        }
        let isImpaired = group.state == .fault || group.state == .maintenance
        if isImpaired { say(.impaired, group.name, group.reason) }
        let hasNoSuccessor =
            group.state == .owner
            ? group.isPeerReady == false : !isImpaired && Self.hasNoSuccessor(known.standing)
        if hasNoSuccessor {
            let cause = known.successorUnready.map { ": \($0.text)" } ?? ""
            all.append(HealthSentence.noSuccessor.text(group.name) + cause)
        }
        for address in group.addresses where address.isWanted != address.isPresent {
            guard group.state != .witness else { continue }
            say(address.isWanted ? .addressMissing : .addressUnwanted, address.address)
        }
    }

    private static func hasNoSuccessor(_ standing: Standing) -> Bool {
        guard let owner = standing.owner else { return false }
        return standing.loss(with: owner) == .noSuccessor
    }

    // MARK: - Votes

    /// A voter that does not vote, and has not said of itself why.
    private mutating func judgeVotes() {
        for (index, voter) in status.voters.enumerated() where isExpectedToVote(voter) {
            var causes: [(text: String, groups: [String])] = []
            for (group, known) in zip(groups, status.groups) {
                guard let cause = missingVote(of: index, group, known) else { continue }
                if let index = causes.firstIndex(where: { $0.text == cause }) {
                    causes[index].groups.append(group.name)
                } else {
                    causes.append((cause, [group.name]))
                }
            }
            for cause in causes {
                say(.noVote, cluster.voterNames[index], Self.list(cause.groups), cause.text)
            }
        }
    }

    private func isExpectedToVote(_ voter: AgentStatus.VoterStatus) -> Bool {
        if voter.isSelf { return !status.suspended && status.abstainingFor == nil }
        return voter.heard && voter.hearsMe != false && !voter.duplicateName
            && !voter.voterSetsDiffer && !voter.suspended && !voter.stopping
            && voter.abstaining != true
    }

    private func missingVote(
        of voter: Int,
        _ group: GroupStatus,
        _ known: AgentStatus.GroupStatus
    ) -> String? {
        let vote = known.votes[voter]
        guard !vote.counts else { return nil }
        let isHolder = known.idleHolder == cluster.settings.me || group.state == .owner
        if isHolder || !known.votes.contains(where: \.counts) {
            if let refusal = vote.refusal { return Self.remedy(refusal, isHolder: isHolder) }
            guard isHolder else { return nil }
            return group.sinceMilliseconds <= leaseMilliseconds
                ? HealthSentence.askedJustNow.text() : HealthSentence.questionsLost.text()
        }
        return HealthSentence.ownerSaysSo.text()
    }

    /// Nil: a candidate is refused for such reasons again and again, and they tell nothing.
    private static func remedy(_ refusal: RefusalReason, isHolder: Bool) -> String? {
        switch refusal {
        case .held, .lowTerm:
            isHolder ? refusal.text : nil
        case .abstaining, .voterSets, .suspended, .highTerm: refusal.text
        case .unknownGroup: HealthSentence.groupNotInFile.text()
        case .recording: HealthSentence.voterRecords.text()
        }
    }

    // MARK: - Files

    private mutating func judgeFiles() {
        for (voter, name) in zip(status.voters, cluster.voterNames)
        where !voter.isSelf && !voter.voterSetsDiffer {
            if voter.timingDiffers == true { say(.timingDiffers, name) }
            let lacking = names { $0.lacking.contains(voter.id) }
            let differing = names { $0.differing.contains(voter.id) }
            let differs = voter.groupsDiffer == true
            if !lacking.isEmpty {
                say(differs ? .groupLacking : .groupUnsaid, name, Self.list(lacking))
            }
            if !differing.isEmpty { say(.groupDiffers, name, Self.list(differing)) }
            if differs, lacking.isEmpty, differing.isEmpty { say(.groupsDiffer, name) }
        }
    }

    private func names(where isMeant: (AgentStatus.GroupStatus) -> Bool) -> [String] {
        zip(groups, status.groups).filter { isMeant($0.1) }.map(\.0.name)
    }

    // MARK: - Voters and the ways between them

    private mutating func judge(_ voter: AgentStatus.VoterStatus, _ name: String) {
        if voter.duplicateName { return say(.duplicateName, name) }
        if voter.voterSetsDiffer { return say(.voterSetsDiffer, name) }
        guard voter.heard else { return say(.unheard, name) }
        if voter.hearsMe == false { say(.deaf, name) }
        if voter.suspended { say(.voterSuspended, name) }
        if voter.abstaining == true { say(.voterAbstains, name) }
        if voter.stopping { say(.voterStops, name) }
        for (path, status) in voter.paths.enumerated() {
            if !status.heard {
                say(.pathUnheard, name, "\(path)")
            } else if status.heardByPeer == false, voter.hearsMe == true {
                say(.pathDeaf, name, "\(path)")
            }
        }
    }

    private mutating func judgeLinks() {
        for silence in status.silences {
            say(.silence, name(silence.listener), name(silence.speaker))
        }
        let bound = text.text(cluster.settings.timing.votingBound)
        for distance in status.distances {
            let (voter, other) = (name(distance.voter), name(distance.other))
            say(.distance, voter, other, text.text(distance.response), bound)
        }
    }

    // MARK: - Arithmetic

    /// A cluster that has to lose a group with a host even if all is well.
    private mutating func judgeShape() {
        let voters = cluster.settings.voters
        let nodes = voters.filter { $0.role == .node }
        var mask = VoterMask()
        for (index, voter) in voters.enumerated() where voter.role == .node { mask[index] = true }
        guard !Standing.bearsFailure(nodes: mask, voters: voters.count) else { return }
        if nodes.count == 1 { return say(.oneNode) }
        say(.noSpareVoter, "\(voters.count)", "\(cluster.settings.majority)")
    }

    /// What no other sentence has told.
    private mutating func judgeStanding() {
        for (group, known) in zip(groups, status.groups) {
            let standing = known.standing
            for voter in 0..<standing.voters {
                guard let loss = standing.loss(with: voter) else { continue }
                say(.fatal, cluster.voterNames[voter], group.name, words(loss, standing))
            }
        }
    }

    private func words(_ loss: Standing.Loss, _ standing: Standing) -> String {
        switch loss {
        case .unowned: "nobody serves it now"
        case .noSuccessor: "no other node is ready"
        case .noMajority(let successor, let votes):
            "\(cluster.voterNames[successor]) would get \(votes.count) of the "
                + "\(standing.majority) votes that it needs"
        case .ownerLosesMajority(let votes):
            "its owner would be left with \(votes.count) of the \(standing.majority) votes "
                + "that it needs"
        }
    }

    // MARK: - Words

    private mutating func say(_ sentence: HealthSentence, _ parts: String...) {
        all.append(sentence.text(parts))
    }

    private var leaseMilliseconds: Int {
        Int(cluster.settings.timing.lease.nanoseconds / 1_000_000)
    }

    private func name(_ host: HostID) -> String { cluster.name(of: host) }

    /// Groups that one line names.
    private static let mostNamed = 6

    private static func list(_ names: [String]) -> String {
        let others = names.count - mostNamed
        return (names.count == 1 ? "group " : "groups ")
            + names.prefix(mostNamed).joined(separator: ", ")
            + (others > 0 ? " and \(others) more" : "")
    }
}
