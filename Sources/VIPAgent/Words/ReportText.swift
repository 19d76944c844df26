import Logging
import VIPCore

/// What the core reports, in words: one line for the log and one entry for the history.
struct ReportText {
    let cluster: LocalCluster

    struct Line: Equatable {
        var level: Logger.Level
        var event: String
        var group: String?
        var state: String?
        var was: String?
        var term: UInt64?
        var owner: String?
        var reason: String
        var after: Duration?
        /// Repeats of this kind may be folded; nil: every one counts.
        var fold: String?
    }

    func line(_ report: Report) -> Line {
        let event = Self.event(report)
        var line = Line(level: event.level, event: event.rawValue, reason: reason(report))
        let subject = fill(&line, from: report)
        if event.isFolded { line.fold = "\(event.rawValue) \(subject)" }
        return line
    }

    static func event(_ report: Report) -> ReportEvent {
        switch report {
        case .transition(_, let from, let to, _, _, _): event(from, to)
        case .ownerChanged: .owner
        case .switchoverFailed: .switchoverFailed
        case .termRaised: .termRaised
        case .voterStruck: .voterStruck
        case .tenureDoubted: .tenureDoubted
        case .candidacyFailed: .candidacyFailed
        case .addressesPutBack: .addressesPutBack
        case .foreignAddressesRemoved: .addressesRemoved
        case .addressesRefused: .addressesRefused
        case .forceConfirmed: .forceConfirmed
        case .voterHeard: .voterHeard
        case .voterLost: .voterLost
        case .pathHeard: .pathHeard
        case .pathLost: .pathLost
        case .duplicateName: .duplicateName
        case .voterSetsDiffer: .voterSetsDiffer
        case .holdDown: .holdDown
        case .abstaining: .abstaining
        case .abstentionEnded: .voting
        case .recordLowered: .recordLowered
        case .restored: .restored
        case .suspended: .suspended
        }
    }

    private static func event(_ from: Report.State, _ to: Report.State) -> ReportEvent {
        if to == .owner { return .takeover }
        if from == .owner { return .letGo }
        return to == .candidate ? .candidacy : .state
    }

    /// The facts besides event and reason. Returned is what the report is about, by which repeats
    /// are told apart.
    private func fill(_ line: inout Line, from report: Report) -> String {
        switch report {
        case .transition(let group, let from, let to, let term, _, let after):
            line.group = cluster.name(of: group)
            line.state = to.text
            line.was = from.text
            line.term = term.number
            line.owner = to == .owner ? cluster.host : nil
            line.after = after
            return "\(group.bits) \(to.text)"
        case .ownerChanged(let group, let from, let to, let term):
            line.group = cluster.name(of: group)
            line.was = from.map(cluster.name(of:)) ?? "nobody"
            line.owner = to.map(cluster.name(of:)) ?? "nobody"
            line.term = term.number
            return "\(group.bits)"
        case .restored(let group, let term, _):
            line.group = cluster.name(of: group)
            line.state = Report.State.owner.text
            line.owner = cluster.host
            line.term = term.number
            return "\(group.bits)"
        case .forceConfirmed(let group, let term):
            line.group = cluster.name(of: group)
            line.owner = cluster.host
            line.term = term.number
            return "\(group.bits)"
        case .termRaised(let group, _, let term, _), .tenureDoubted(let group, _, let term),
            .candidacyFailed(let group, let term, _):
            line.group = cluster.name(of: group)
            line.term = term.number
            return "\(group.bits)"
        case .switchoverFailed(let group, _), .voterStruck(let group, _, _),
            .holdDown(let group, _, _), .addressesPutBack(let group),
            .foreignAddressesRemoved(let group), .addressesRefused(let group):
            line.group = cluster.name(of: group)
            return "\(group.bits)"
        case .voterLost(let voter, let after):
            line.after = after
            return "\(voter.bits)"
        case .voterHeard(let voter), .duplicateName(let voter), .voterSetsDiffer(let voter):
            return "\(voter.bits)"
        case .pathHeard(let voter, let path), .pathLost(let voter, let path):
            return "\(voter.bits) \(path)"
        case .abstaining, .abstentionEnded, .recordLowered, .suspended: return ""
        }
    }

    // MARK: - Reasons

    private func reason(_ report: Report) -> String {
        switch report {
        case .transition(_, _, _, _, let reason, _): text(reason)
        case .ownerChanged(_, _, let owner, _):
            owner.map { "\(cluster.name(of: $0)) owns it" } ?? "nobody is known to own it"
        case .restored(_, _, let remaining):
            "restarted within its lease, \(text(remaining)) left"
        case .switchoverFailed(_, let refusal): refusal.text
        case .termRaised(_, let from, _, let voter):
            "\(cluster.name(of: voter)) has granted above term \(from.number)"
        case .voterStruck(_, let voter, let holder):
            "the vote of \(cluster.name(of: voter)) no longer counts: it has granted the group to "
                + cluster.name(of: holder)
        case .tenureDoubted(_, let host, _):
            "\(cluster.name(of: host)) says that it owns the group: the gate here is closed until a "
                + "majority has answered"
        case .candidacyFailed(_, _, let failure): text(failure)
        case .holdDown(_, let length, let changes):
            "\(changes) changes of owner within a minute: \(text(length)) long the group moves only "
                + "after a failure, or by a switchover said at its owner"
        case .forceConfirmed: "a majority has granted what was taken by force"
        case .addressesPutBack: "an address of the group, which this host owns, was missing"
        case .foreignAddressesRemoved:
            "somebody added an address of the group, which this host does not own"
        case .addressesRefused: "the kernel did not take the addresses"
        case .voterHeard(let voter): "\(cluster.name(of: voter)) is heard"
        case .voterLost(let voter, _): "\(cluster.name(of: voter)) is no longer heard"
        case .pathHeard(let voter, let path):
            "\(cluster.name(of: voter)) is heard over path \(path)"
        case .pathLost(let voter, let path):
            "\(cluster.name(of: voter)) is no longer heard over path \(path)"
        case .duplicateName(let host):
            "two live hosts use the name \(cluster.name(of: host)); give one another name"
        case .voterSetsDiffer(let voter):
            "\(cluster.name(of: voter)) has other voters in its configuration; make the files the same"
        case .abstaining(let length):
            "no record of promises made since the boot: this host does not vote for \(text(length))"
        case .abstentionEnded: "this host votes now"
        case .recordLowered(let length):
            "no grant of the longer lease is left: after a restart without its page this host now "
                + "abstains for \(text(length)) only"
        case .suspended:
            "the voters or the groups' addresses have changed: this host neither votes nor asks "
                + "for groups until you run 'vip-agent accept-voters'"
        }
    }

    func text(_ reason: Reason) -> String {
        switch reason {
        case .vacant: "nobody held the lease"
        case .leaseRanOut(let host): "lease of \(cluster.name(of: host)) ran out"
        case .majority: "a majority granted"
        case .handedOver(let host): "handed over by \(cluster.name(of: host))"
        case .forced: "forced by the operator"
        case .restored: "restarted within its lease"
        case .deadlinePassed: "own lease ran out unrenewed"
        case .majorityLost: "a vote no longer counts, and no majority is left"
        case .switchover(let host): "switchover to \(cluster.name(of: host))"
        case .interfaceDown: Unreadiness.interfaceDown.text
        case .unhealthy: Unreadiness.unhealthy.text
        case .maintenance: "maintenance"
        case .stopping: "agent stopping"
        case .superseded(let host): "\(cluster.name(of: host)) owns it"
        case .notConfirmed: "forced, and no majority confirmed it"
        case .addressesRefused: "the kernel did not take the addresses"
        case .candidacyFailed: "no majority"
        case .leftover: "the agent has started"
        case .gateMissing: Unreadiness.gateMissing.text
        case .kernelSilent: "the kernel did not answer when asked for the addresses"
        }
    }

    private func text(_ failure: CandidacyFailure) -> String {
        switch failure {
        case .refused(let voter, .held, .some(let holder)):
            "\(cluster.name(of: voter)) refused: \(cluster.name(of: holder)) has the lease"
        case .refused(let voter, let reason, _):
            "\(cluster.name(of: voter)) refused: \(reason.text)"
        case .noAnswer: "no majority answered"
        case .ownVoteRefused: "this host's own voter refused"
        case .notReady(let unready): unready.text
        }
    }

    func text(_ span: Duration) -> String {
        let milliseconds = span.nanoseconds / 1_000_000
        return milliseconds < 10_000 ? "\(milliseconds)ms" : "\(milliseconds / 1000)s"
    }
}
