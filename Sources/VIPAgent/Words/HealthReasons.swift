import VIPControl
import VIPCore

/// Why a cluster is not healthy, in words: all that keeps it from standing the failure of any one
/// host now, as far as this host can tell; the worst first.
///
/// What is known to be wrong has its own sentence. Last comes the arithmetic of `Standing`: were
/// there a failure that it calls fatal and no sentence tells why, that failure is named, so that
/// nothing is called healthy by omission.
struct HealthReasons {
    private let site: Site
    private let text: ReportText
    private let status: AgentStatus
    private let groups: [GroupStatus]
    private(set) var all: [String] = []

    /// - Parameters:
    ///   - groups: of `status`, in the same order.
    ///   - others: what else is known to be wrong.
    init(
        _ site: Site,
        _ text: ReportText,
        _ status: AgentStatus,
        _ groups: [GroupStatus],
        _ gate: GateStatus?,
        others: [String] = []
    ) {
        self.site = site
        self.text = text
        self.status = status
        self.groups = groups
        if let gate, gate.state == .incomplete {
            all.append("the gate is not in place" + (gate.reason.map { ": \($0)" } ?? ""))
        }
        if status.suspended {
            all.append(
                "the voters or the groups' addresses have changed: run 'vip-agent accept-voters'"
            )
        }
        all += others
        for (group, known) in zip(groups, status.groups) { judge(group, known) }
        judgeVotes()
        judgeFiles()
        for (voter, name) in zip(status.voters, site.voterNames) where !voter.isSelf {
            all += reasons(voter, name)
        }
        judgeLinks()
        if let left = status.abstainingFor {
            all.append("this host's voter abstains for another \(text.text(left))")
        }
        judgeShape()
        if all.isEmpty { judgeStanding() }
    }

    // MARK: - Groups

    private mutating func judge(_ group: GroupStatus, _ known: AgentStatus.GroupStatus) {
        if group.isForced { all.append("group \(group.name) is owned by force") }
        if let holder = known.idleHolder {
            all.append("\(name(holder)) has the lease of group \(group.name) and does not serve it")
        } else if group.owner == nil {
            all.append("nobody is known to own group \(group.name)")
        }
        let isImpaired = group.state == .fault || group.state == .maintenance
        if isImpaired { all.append("group \(group.name) can't run here: \(group.reason)") }
        let hasNoSuccessor =
            group.state == .owner
            ? group.isPeerReady == false : !isImpaired && Self.hasNoSuccessor(known.standing)
        if hasNoSuccessor {
            all.append(
                "no other node is ready for group \(group.name)"
                    + (known.successorUnready.map { ": \(ReportText.text($0))" } ?? "")
            )
        }
        for address in group.addresses where address.isWanted != address.isPresent {
            guard group.state != .witness else { continue }
            all.append(
                address.isWanted
                    ? "\(address.address) is missing here"
                    : "\(address.address) should not be here"
            )
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
                if let place = causes.firstIndex(where: { $0.text == cause }) {
                    causes[place].groups.append(group.name)
                } else {
                    causes.append((cause, [group.name]))
                }
            }
            for cause in causes {
                all.append(
                    "\(site.voterNames[index]) does not vote for \(Self.list(cause.groups)): "
                        + cause.text
                )
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
        let isHolder = known.idleHolder == site.settings.me || group.state == .owner
        if isHolder || !known.votes.contains(where: \.counts) {
            if let refusal = vote.refusal { return Self.remedy(refusal, isHolder: isHolder) }
            guard isHolder else { return nil }
            return group.sinceMilliseconds <= leaseMilliseconds
                ? "it was asked a moment ago, and has not answered yet"
                : "it is heard, but what it is asked is not answered: are larger frames lost on "
                    + "the way (path MTU)?"
        }
        return "so says the owner; 'vipctl status' there tells why"
    }

    /// Nil: a candidate is refused for such reasons again and again, and they tell nothing.
    private static func remedy(_ refusal: RefusalReason, isHolder: Bool) -> String? {
        switch refusal {
        case .held, .lowTerm:
            isHolder ? ReportText.text(refusal) : nil
        case .abstaining, .voterSets, .suspended, .highTerm:
            ReportText.text(refusal)
        case .unknownGroup:
            "its file does not have the group: put it there, and reload its agent"
        case .recording:
            "it has not put the lease on record yet: look at the disk of its state directory"
        }
    }

    // MARK: - Files

    private mutating func judgeFiles() {
        for (voter, name) in zip(status.voters, site.voterNames)
        where !voter.isSelf && !voter.voterSetsDiffer {
            if voter.timingDiffers == true {
                all.append(
                    "the file of \(name) has another heartbeat, lease, drift or margin: make the "
                        + "files the same, and reload"
                )
            }
            let lacking = names { $0.lacking.contains(voter.id) }
            let differing = names { $0.differing.contains(voter.id) }
            let differs = voter.groupsDiffer == true
            if !lacking.isEmpty {
                all.append(
                    differs
                        ? "\(name) does not have \(Self.list(lacking)): make the files the same, "
                            + "and reload"
                        : "\(name) is heard, but says nothing of \(Self.list(lacking)): are "
                            + "larger frames lost on the way (path MTU)?"
                )
            }
            if !differing.isEmpty {
                all.append(
                    "the file of \(name) has other addresses, prefer or failback for "
                        + "\(Self.list(differing)): make the files the same, and reload"
                )
            }
            if differs, lacking.isEmpty, differing.isEmpty {
                all.append(
                    "the file of \(name) has other groups, or other addresses, prefer or failback "
                        + "for them: make the files the same, and reload"
                )
            }
        }
    }

    private func names(where isMeant: (AgentStatus.GroupStatus) -> Bool) -> [String] {
        zip(groups, status.groups).filter { isMeant($0.1) }.map(\.0.name)
    }

    // MARK: - Voters and the ways between them

    private func reasons(_ voter: AgentStatus.VoterStatus, _ name: String) -> [String] {
        if voter.duplicateName { return ["two live hosts use the name \(name)"] }
        if voter.voterSetsDiffer { return ["\(name) has other voters in its configuration"] }
        guard voter.heard else { return ["\(name) is not heard"] }
        var reasons: [String] = []
        if voter.hearsMe == false {
            reasons.append("\(name) is heard, but does not hear this host")
        }
        if voter.suspended {
            reasons.append("\(name) waits for 'vip-agent accept-voters', and does not vote")
        }
        if voter.abstaining == true {
            reasons.append("\(name) abstains after a start, and does not vote yet")
        }
        if voter.stopping { reasons.append("the agent of \(name) is stopping") }
        for (path, status) in voter.paths.enumerated() {
            if !status.heard {
                reasons.append("\(name) is not heard over path \(path)")
            } else if status.heardByPeer == false, voter.hearsMe == true {
                reasons.append("\(name) does not hear this host over path \(path)")
            }
        }
        return reasons
    }

    private mutating func judgeLinks() {
        for silence in status.silences {
            all.append("\(name(silence.listener)) does not hear \(name(silence.speaker))")
        }
        let bound = text.text(site.settings.timing.votingBound)
        for distance in status.distances {
            all.append(
                "an answer between \(name(distance.voter)) and \(name(distance.other)) takes up to "
                    + "\(text.text(distance.response)), which is too late for a vote: it has to "
                    + "come within half the lease, \(bound); shorten the way, or lengthen the lease"
            )
        }
    }

    // MARK: - Arithmetic

    /// A cluster that has to lose a group with a host even if all is well.
    private mutating func judgeShape() {
        let voters = site.settings.voters
        let nodes = voters.filter { $0.role == .node }
        var mask = VoterMask()
        for (index, voter) in voters.enumerated() where voter.role == .node { mask[index] = true }
        guard !Standing.bearsFailure(nodes: mask, voters: voters.count) else { return }
        all.append(
            nodes.count == 1
                ? "there is one node only, and nobody takes over when it fails: add another node"
                : "\(voters.count) voters can't do without one of them, for a majority is "
                    + "\(site.settings.majority): add a witness on a third host"
        )
    }

    /// What no other sentence has told.
    private mutating func judgeStanding() {
        for (group, known) in zip(groups, status.groups) {
            let standing = known.standing
            for voter in 0..<standing.voters {
                guard let loss = standing.loss(with: voter) else { continue }
                all.append(
                    "if \(site.voterNames[voter]) fails now, nobody serves group \(group.name): "
                        + words(loss, standing)
                )
            }
        }
    }

    private func words(_ loss: Standing.Loss, _ standing: Standing) -> String {
        switch loss {
        case .unowned: "nobody does as it is"
        case .noSuccessor: "no other node is ready"
        case .noMajority(let successor, let votes):
            "\(site.voterNames[successor]) would get \(votes.count) of the "
                + "\(standing.majority) votes that it needs"
        case .ownerLosesMajority(let votes):
            "its owner would be left with \(votes.count) of the \(standing.majority) votes "
                + "that it needs"
        }
    }

    // MARK: - Words

    private var leaseMilliseconds: Int {
        Int(site.settings.timing.lease.nanoseconds / 1_000_000)
    }

    private func name(_ host: HostID) -> String { site.name(of: host) }

    /// Groups that one line names.
    private static let mostNamed = 6

    private static func list(_ names: [String]) -> String {
        let others = names.count - mostNamed
        return (names.count == 1 ? "group " : "groups ")
            + names.prefix(mostNamed).joined(separator: ", ")
            + (others > 0 ? " and \(others) more" : "")
    }
}
