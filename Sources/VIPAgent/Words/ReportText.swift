import Logging
import VIPCore

/// What the core reports, in words: one line for the log and one entry for the history.
struct ReportText {
    let site: Site

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
        switch report {
        case .transition(let group, let from, let to, let term, let reason, let after):
            return transition(group, from, to, term, reason, after)
        case .ownerChanged(let group, let from, let to, let term):
            return Line(
                level: .notice,
                event: "owner",
                group: site.name(of: group),
                was: from.map(site.name(of:)) ?? "nobody",
                term: term.number,
                owner: to.map(site.name(of:)) ?? "nobody",
                reason: to.map { "\(site.name(of: $0)) owns it" }
                    ?? "nobody is known to own it"
            )
        case .restored(let group, let term, let remaining):
            return Line(
                level: .notice,
                event: "restored",
                group: site.name(of: group),
                state: "owner",
                term: term.number,
                owner: site.host,
                reason: "restarted within its lease, \(text(remaining)) left"
            )
        case .switchoverFailed(let group, let why):
            return Line(
                level: .warning,
                event: "switchover-failed",
                group: site.name(of: group),
                reason: Self.text(why)
            )
        case .termRaised(let group, let from, let to, let voter):
            return Line(
                level: .notice,
                event: "term-raised",
                group: site.name(of: group),
                term: to.number,
                reason: "\(site.name(of: voter)) has granted above term \(from.number)",
                fold: "term-raised"
            )
        case .voterStruck(let group, let voter, let holder):
            return Line(
                level: .warning,
                event: "voter-struck",
                group: site.name(of: group),
                reason:
                    "\(site.name(of: voter)) no longer counts: it has granted to "
                    + site.name(of: holder)
            )
        case .tenureDoubted(let group, let host, let term):
            return Line(
                level: .warning,
                event: "tenure-doubted",
                group: site.name(of: group),
                term: term.number,
                reason: "\(site.name(of: host)) says that it owns it: the gate is closed until a "
                    + "majority has answered",
                fold: "tenure-doubted \(group.bits)"
            )
        case .candidacyFailed(let group, let term, let failure):
            return Line(
                level: .info,
                event: "candidacy-failed",
                group: site.name(of: group),
                term: term.number,
                reason: text(failure),
                fold: "candidacy-failed \(group.bits)"
            )
        case .holdDown(let group, let length, let changes):
            return Line(
                level: .warning,
                event: "hold-down",
                group: site.name(of: group),
                reason: "\(changes) changes of owner within a minute: for \(text(length)) it moves "
                    + "only by order or need"
            )
        case .forceConfirmed(let group, let term):
            return Line(
                level: .notice,
                event: "force-confirmed",
                group: site.name(of: group),
                term: term.number,
                owner: site.host,
                reason: "a majority has granted what was taken by force"
            )
        case .addressesPutBack, .foreignAddressesRemoved, .addressesRefused:
            return addresses(report)
        case .voterHeard, .voterLost, .pathHeard, .pathLost, .duplicateName, .voterSetsDiffer,
            .abstaining, .abstentionEnded, .recordLowered, .suspended:
            return cluster(report)
        }
    }

    private func transition(
        _ group: GroupID,
        _ from: Report.State,
        _ to: Report.State,
        _ term: Term,
        _ reason: Reason,
        _ after: Duration
    ) -> Line {
        let isOwnership = from == .owner || to == .owner
        return Line(
            level: isOwnership ? .notice : .info,
            event: Self.event(from, to),
            group: site.name(of: group),
            state: Self.text(to),
            was: Self.text(from),
            term: term.number,
            owner: to == .owner ? site.host : nil,
            reason: text(reason),
            after: after,
            fold: isOwnership ? nil : "transition \(group.bits) \(to)"
        )
    }

    private static func event(_ from: Report.State, _ to: Report.State) -> String {
        switch (from, to) {
        case (_, .owner): "takeover"
        case (.owner, _): "let-go"
        case (_, .candidate): "candidacy"
        default: "state"
        }
    }

    private func addresses(_ report: Report) -> Line {
        switch report {
        case .addressesPutBack(let group):
            Line(
                level: .warning,
                event: "addresses-put-back",
                group: site.name(of: group),
                reason: "somebody took an address of ours away",
                fold: "addresses-put-back \(group.bits)"
            )
        case .foreignAddressesRemoved(let group):
            Line(
                level: .warning,
                event: "addresses-removed",
                group: site.name(of: group),
                reason: "somebody put an address here that this host does not own",
                fold: "addresses-removed \(group.bits)"
            )
        case .addressesRefused(let group):
            Line(
                level: .error,
                event: "addresses-refused",
                group: site.name(of: group),
                reason: "the kernel did not take the addresses",
                fold: "addresses-refused \(group.bits)"
            )
        default: Line(level: .info, event: "report", reason: "\(report)")
        }
    }

    private func cluster(_ report: Report) -> Line {
        switch report {
        case .voterHeard(let voter):
            return Line(
                level: .notice,
                event: "voter-heard",
                reason: "\(site.name(of: voter)) is heard",
                fold: "voter-heard \(voter.bits)"
            )
        case .voterLost(let voter, let after):
            return Line(
                level: .warning,
                event: "voter-lost",
                reason: "\(site.name(of: voter)) is no longer heard",
                after: after,
                fold: "voter-lost \(voter.bits)"
            )
        case .pathHeard(let voter, let path):
            return Line(
                level: .info,
                event: "path-heard",
                reason: "\(site.name(of: voter)) is heard over path \(path)",
                fold: "path-heard \(voter.bits) \(path)"
            )
        case .pathLost(let voter, let path):
            return Line(
                level: .warning,
                event: "path-lost",
                reason: "\(site.name(of: voter)) is no longer heard over path \(path)",
                fold: "path-lost \(voter.bits) \(path)"
            )
        case .duplicateName(let host):
            return Line(
                level: .error,
                event: "duplicate-name",
                reason: "two live hosts use the name \(site.name(of: host)); give one another name",
                fold: "duplicate-name \(host.bits)"
            )
        case .voterSetsDiffer(let voter):
            return Line(
                level: .error,
                event: "voter-sets-differ",
                reason:
                    "\(site.name(of: voter)) has other voters in its configuration; "
                    + "make the files the same",
                fold: "voter-sets \(voter.bits)"
            )
        case .abstaining(let length):
            return Line(
                level: .notice,
                event: "abstaining",
                reason:
                    "nothing is known of this boot's promises: no vote for \(text(length))"
            )
        case .abstentionEnded:
            return Line(level: .notice, event: "voting", reason: "the abstention is over")
        case .recordLowered(let length):
            return Line(
                level: .notice,
                event: "record-lowered",
                reason:
                    "no grant of the longer lease on record is left: a restart without the page "
                    + "abstains for \(text(length)) from now on"
            )
        case .suspended:
            return Line(
                level: .error,
                event: "suspended",
                reason:
                    "the voters or the groups' addresses have changed: neither voting nor asking "
                    + "until 'vip-agent accept-voters'"
            )
        default:
            return Line(level: .info, event: "report", reason: "\(report)")
        }
    }

    // MARK: - Reasons

    func text(_ reason: Reason) -> String {
        switch reason {
        case .vacant: "nobody held the lease"
        case .leaseRanOut(let host): "lease of \(site.name(of: host)) ran out"
        case .majority: "a majority granted"
        case .handedOver(let host): "handed over by \(site.name(of: host))"
        case .forced: "forced by the operator"
        case .restored: "restarted within its lease"
        case .deadlinePassed: "own lease ran out unrenewed"
        case .majorityLost: "a voter was struck and no majority is left"
        case .switchover(let host): "switchover to \(site.name(of: host))"
        case .interfaceDown: "interface down or missing"
        case .unhealthy: "a check fails"
        case .maintenance: "maintenance"
        case .stopping: "agent stopping"
        case .superseded(let host): "\(site.name(of: host)) owns it"
        case .notConfirmed: "forced, and no majority confirmed it"
        case .addressesRefused: "the kernel did not take the addresses"
        case .candidacyFailed: "no majority"
        case .leftover: "the agent has started"
        case .gateMissing: "the gate is not in place"
        case .kernelSilent: "the kernel did not answer for the addresses"
        }
    }

    private func text(_ failure: CandidacyFailure) -> String {
        switch failure {
        case .refused(let voter, let reason, let holder):
            "\(site.name(of: voter)) refused: \(text(reason, holder))"
        case .noAnswer: "no majority answered"
        case .ownVoteRefused: "this host's own voter refused"
        case .notReady(let unready): Self.text(unready)
        }
    }

    private func text(_ reason: RefusalReason, _ holder: HostID?) -> String {
        guard reason == .held, let holder else { return Self.text(reason) }
        return "\(site.name(of: holder)) has the lease"
    }

    /// Of the voter that refused.
    static func text(_ reason: RefusalReason) -> String {
        switch reason {
        case .held: "another host has the lease"
        case .lowTerm: "the term was too low"
        case .abstaining: "it abstains after a restart"
        case .voterSets: "it has other voters in its configuration"
        case .suspended: "it waits for 'vip-agent accept-voters'"
        case .unknownGroup: "it does not know the group"
        case .recording: "it is putting the longer lease on record"
        case .highTerm: "the term is too far above all that it knows"
        }
    }

    static func text(_ state: Report.State) -> String {
        switch state {
        case .standby: "standby"
        case .candidate: "candidate"
        case .owner: "owner"
        case .lettingGo: "letting-go"
        }
    }

    static func text(_ unready: Unreadiness) -> String {
        switch unready {
        case .interfaceDown: "interface down or missing"
        case .unhealthy: "a check fails"
        case .maintenance: "in maintenance"
        case .abstaining: "abstaining after a restart"
        case .suspended: "waiting for 'vip-agent accept-voters'"
        case .stopping: "stopping"
        case .busy: "busy with the group itself"
        case .unknownGroup: "does not serve the group"
        case .gateMissing: "the gate is not in place"
        case .kernelRefuses: "the kernel would refuse the addresses"
        case .kernelSilent: "the kernel does not answer"
        }
    }

    static func text(_ refusal: SwitchoverRefusal) -> String {
        switch refusal {
        case .notOwner: "this host does not own the group"
        case .noSuccessor: "no other node is ready to take over"
        case .successorUnknown: "there is no node of that name"
        case .successorNotHeard: "that node is not heard"
        case .successorNotReady: "that node is not ready"
        case .successorOwnsIt: "that node owns the group already"
        case .underWay: "a switchover is under way"
        case .noAnswer: "the successor did not answer in time"
        case .unknownGroup: "there is no group of that name"
        case .tooSoon: "another host's order was carried out a moment ago"
        case .heldDown: "the group has changed hands too often within a minute"
        }
    }

    func text(_ span: Duration) -> String {
        let milliseconds = span.nanoseconds / 1_000_000
        return milliseconds < 10_000 ? "\(milliseconds)ms" : "\(milliseconds / 1000)s"
    }
}
