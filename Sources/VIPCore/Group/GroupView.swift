/// Who owns the group as far as this host can tell, and what it tells others.
extension Group {
    struct Owner: Equatable, Sendable {
        var host: HostID
        var term: Term
        var forced: Bool
    }

    /// This host if it serves, else a node that says so and is heard, else whom this host's voter
    /// has a live grant for.
    func owner(in context: StepContext) -> Owner? {
        if case .owner(let tenure) = role, tenure.stage == .serving {
            return Owner(
                host: context.holder.host,
                term: tenure.term,
                forced: tenure.forced != nil
            )
        }
        var best: Owner?
        for voter in context.peers.indices where context.isHeard(voter) {
            guard let heard = heard[voter], heard.condition.owns else { continue }
            let owner = Owner(
                host: context.settings.voters[voter].id,
                term: heard.condition.term,
                forced: heard.condition.forced
            )
            if best.map({ $0.term < owner.term }) ?? true { best = owner }
        }
        if let best { return best }
        if let live = ballot.liveGrant(at: context.now), live.holder != context.holder {
            return Owner(host: live.holder.host, term: live.term, forced: false)
        }
        guard let named, context.now.boottime < named.until else { return nil }
        return named.owner
    }

    mutating func noteOwner(in context: StepContext, _ out: inout StepOutput) {
        let owner = owner(in: context)
        guard
            let noted = changes.note(owner, at: context.now, patience: context.timing.heartbeat)
        else { return }
        out.report(.ownerChanged(id, from: noted.from, to: owner?.host, term: owner?.term ?? .none))
        if let holdDown = noted.holdDown {
            out.report(.holdDown(id, holdDown, changes: changes.recent.count))
        }
    }

    func condition(in context: StepContext) -> Condition {
        var term = ballot.grant?.term ?? .none
        var owns = false
        var forced = false
        var votes = VoterMask()
        if case .owner(let tenure) = role {
            owns = tenure.isServing
            forced = tenure.forced != nil
            term = tenure.term
            votes = tenure.votes(at: context.now)
        }
        return Condition(
            group: id,
            owns: owns,
            forced: forced,
            term: term,
            unready: unreadiness(in: context),
            votes: votes,
            digest: settings.digest
        )
    }

    /// Tells all voters at once how the group stands here, instead of with the next heartbeat.
    func postCondition(in context: StepContext, _ out: inout StepOutput) {
        guard context.settings.isNode else { return }
        for voter in context.peers.indices where voter != context.me {
            out.post(.condition(condition(in: context)), to: voter)
        }
    }

    /// Whether that node says what it has said before, without a break, and nothing follows from
    /// it but that it was heard again; if so, that is noted.
    mutating func hearAgain(
        _ condition: Condition,
        from voter: Int,
        in context: StepContext
    ) -> Bool {
        guard let before = heard[voter], before.condition == condition,
            context.now.boottime - before.at <= context.timing.hearing,
            !condition.owns || !isOwner
        else { return false }
        heard[voter]?.at = context.now.boottime
        return true
    }

    mutating func handle(
        _ condition: Condition,
        from voter: Int,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard isNode(voter, in: context) else { return }
        var readySince: Instant?
        if condition.unready == nil {
            readySince = context.now.boottime
            // Silence breaks good health: nobody knows how it was meanwhile.
            if let before = heard[voter],
                context.now.boottime - before.at <= context.timing.hearing,
                let since = before.readySince
            {
                readySince = since
            }
        }
        heard[voter] = Heard(condition: condition, at: context.now.boottime, readySince: readySince)
        if condition.owns {
            heardOfOther(
                context.settings.voters[voter].id,
                term: condition.term,
                owns: !condition.forced,
                in: context,
                &out
            )
        }
    }
}

/// How often the group has changed hands lately.
struct OwnerChanges: Sendable {
    /// The last host that was seen to own the group, also while nobody does.
    private(set) var last: HostID?
    private var current: HostID?
    private var vacantSince: Instant?
    private(set) var recent: [Instant] = []
    private(set) var heldDownUntil: Instant?
    private var holdDowns = 0
    private(set) var plannedMovesPausedUntil: Instant?

    /// More changes than this within a minute are flapping.
    static let tolerated = 3
    static let window: Duration = .seconds(60)
    /// A node may say that it owns the group, and that it does not, in each frame.
    static let mostRemembered = 64
    static let firstHoldDown: Duration = .seconds(30)
    /// 30 s, 1, 2, 4, 8 minutes, and no longer.
    static let mostDoublings = 4

    /// Nil if the owner is who it was; otherwise who it was, and a hold-down if that begins.
    ///
    /// That nobody owns it counts after `patience` only: every move has such a moment.
    mutating func note(
        _ owner: Group.Owner?,
        at now: Reading,
        patience: Duration
    ) -> (from: HostID?, holdDown: Duration?)? {
        guard owner?.host != current else {
            vacantSince = nil
            return nil
        }
        if owner == nil {
            let since = vacantSince ?? now.boottime
            vacantSince = since
            guard now.boottime - since >= patience else { return nil }
        }
        vacantSince = nil
        let from = current
        current = owner?.host
        guard let host = owner?.host else { return (from, nil) }
        defer { last = host }
        guard let last, last != host else { return (from, nil) }
        recent.removeAll { now.boottime - $0 > Self.window }
        if recent.count == Self.mostRemembered { recent.removeFirst() }
        recent.append(now.boottime)
        guard recent.count > Self.tolerated, !isHeldDown(at: now) else { return (from, nil) }
        if let end = heldDownUntil, now.boottime - end > Self.window * 10 { holdDowns = 0 }
        let length = Self.firstHoldDown * (1 << min(holdDowns, Self.mostDoublings))
        holdDowns += 1
        heldDownUntil = now.boottime + length
        return (from, length)
    }

    /// When it counts that nobody owns the group any more; nil while somebody does.
    func vacancyNoted(after patience: Duration) -> Instant? { vacantSince.map { $0 + patience } }

    func isHeldDown(at now: Reading) -> Bool {
        heldDownUntil.map { now.boottime < $0 } ?? false
    }

    mutating func pausePlannedMoves(until instant: Instant) { plannedMovesPausedUntil = instant }

    func arePlannedMovesPaused(at now: Reading) -> Bool {
        plannedMovesPausedUntil.map { now.boottime < $0 } ?? false
    }
}
