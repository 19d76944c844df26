/// One group on one host: the voter's ballot, and on a node the part it plays.
///
///     standby --asks--> candidate --majority--> owner --lets go--> lettingGo --drained--> standby
///        ^                  |
///        +---gives up-------+
///
/// The methods live beside this file, by what they are about: `GroupStart`, `GroupTerms`,
/// `GroupCandidacy`, `GroupAnswers`, `GroupOwner`, `GroupGate`, `GroupDoubt`, `GroupAddresses`,
/// `GroupLettingGo`, `GroupSwitchover`, `GroupCommands`, `GroupForce`, `GroupView`,
/// `GroupProspect`.
struct Group: Sendable {
    enum Role: Sendable {
        case standby(Standby)
        case candidate(Candidacy)
        case owner(Tenure)
        case lettingGo(LettingGo)
    }

    /// What another node said of itself about this group, and when.
    struct Heard: Equatable, Sendable {
        var condition: Condition
        var at: Instant
        /// Since when it has been ready without a break.
        var readySince: Instant?
    }

    let settings: Settings.Group
    /// What the kernel is asked to give the addresses.
    let lifetime: AddressLifetime
    var id: GroupID { settings.id }

    var ballot = Ballot()
    /// The highest term that this host ever asked for or offered.
    var highestUsed: Term = .none
    /// The highest term that this host has followed another one to.
    var highestHeard: Term = .none
    /// When it last followed one to a term far above.
    var leaptAt: Instant?
    var role: Role
    var roleSince: Instant
    var roleReason: Reason = .leftover

    /// Nil until the shell has told.
    var interfaceUp: Bool?
    var healthy = true
    /// The kernel would silence the addresses if this process could not.
    var gateInPlace = true
    /// The kernel would take the addresses.
    var isAddressable = true
    /// It answers at all.
    var kernelAnswers = true
    /// By voter.
    var heard: [Heard?]
    /// By voter: why it did not grant what this host asked last; nil: it has, or has not answered.
    var refusals: [RefusalReason?]
    /// Our own outstanding offer to succeed an owner, and to whom.
    var outstanding: (offer: Offer, voter: Int)?
    var pendingReleases: [PendingRelease] = []
    var pendingCommands: [PendingCommand] = []
    var nextRequest: UInt64 = 0
    /// The last appeal that was taken from another host.
    var lastAppeal: (number: UInt64, at: Instant)?
    var changes = OwnerChanges()
    /// Whom a voter's refusal named as holder, and for how long that is good.
    var named: (owner: Owner, until: Instant)?

    /// The record as the page has it; what differs is written before anything that rests on it.
    var written: GroupRecord

    init(settings: Settings.Group, in cluster: Settings, at now: Reading) {
        self.settings = settings
        lifetime =
            switch settings.enforcement {
            case .gate, .agent: .usual
            case .lifetimes: cluster.timing.enforceableLifetime ?? .usual
            }
        role = .standby(Standby(notBefore: now.boottime))
        roleSince = now.boottime
        heard = Array(repeating: nil, count: cluster.voters.count)
        refusals = Array(repeating: nil, count: cluster.voters.count)
        written = GroupRecord(group: settings.id)
    }

    // MARK: - The page

    var record: GroupRecord {
        var tenure: TenureRecord?
        if case .owner(let owner) = role { tenure = owner.record }
        return GroupRecord(
            group: id,
            grant: ballot.grant,
            highestGranted: ballot.highestGranted,
            highestUsed: highestUsed,
            tenure: tenure
        )
    }

    /// Brings the page up to date, if it is not.
    mutating func commit(_ out: inout StepOutput) {
        let current = record
        guard current != written else { return }
        if current.highestGranted > written.highestGranted {
            out.emit(.recordTerm(id, current.highestGranted))
        }
        written = current
        out.emit(.writeRecord(current))
    }

    /// The same at the end of a step, if anything can rest on what the page lacks.
    mutating func commit(for holder: Holder, _ out: inout StepOutput) {
        if !hasAllThatCounts(for: holder) { commit(&out) }
    }

    /// Whether the page lacks no more than answers that an owner has counted and whose deadline is
    /// as it was, its own voter's among them. Nothing rests on these: a gate is open until the
    /// deadline, and what the own voter grants to this host is asked for by nobody else. Whoever
    /// finds the page finds grants that end earlier than they do. With the deadline they are
    /// written; so a heartbeat costs one write, and not one for each voter.
    private func hasAllThatCounts(for holder: Holder) -> Bool {
        guard case .owner(let tenure) = role, let known = written.tenure, let grant = ballot.grant,
            let granted = written.grant
        else { return false }
        if mutated(.othersGrantPutOff), tenure.recordedDeadline == known.deadline { return true }
        return tenure.term == known.term && tenure.recordedDeadline == known.deadline
            && (tenure.forced != nil) == known.forced && highestUsed == written.highestUsed
            && ballot.highestGranted == written.highestGranted
            && grant.holder == holder && grant.holder == granted.holder
            && grant.term == granted.term && grant.released == granted.released
    }

    mutating func takeRequestNumber() -> UInt64 {
        nextRequest += 1
        return nextRequest
    }

    // MARK: - Readiness

    /// Why this host would not take the group over; nil if it would.
    func unreadiness(in context: StepContext) -> Unreadiness? {
        if context.stopping { return .stopping }
        if context.suspended { return .suspended }
        if context.maintenance { return .maintenance }
        if interfaceUp != true { return .interfaceDown }
        if !gateInPlace, !mutated(.gateMissingIgnored) { return .gateMissing }
        if !kernelAnswers { return .kernelSilent }
        if !isAddressable { return .kernelRefuses }
        if isKernelSilent(in: context) { return .kernelSilent }
        if !healthy { return .unhealthy }
        if context.isAbstaining { return .abstaining }
        return nil
    }

    /// Whether that node says that it would take over, and is heard both ways.
    func isReady(_ voter: Int, in context: StepContext) -> Bool {
        guard context.isHeardBothWays(voter), let heard = heard[voter] else { return false }
        return context.now.boottime - heard.at <= context.timing.hearing
            && heard.condition.unready == nil
    }

    func isNode(_ voter: Int, in context: StepContext) -> Bool {
        context.settings.voters[voter].role == .node
    }

    // MARK: - Transitions

    var isOwner: Bool {
        if case .owner = role { return true }
        return false
    }

    var isLettingGo: Bool {
        if case .lettingGo = role { return true }
        return false
    }

    /// Takes the tenure out of its place, to be changed and put back: what is in two places has its
    /// arrays copied.
    mutating func takeTenure() -> Tenure? {
        guard case .owner(let tenure) = role else { return nil }
        role = .standby(Standby(notBefore: .zero))
        return tenure
    }

    /// No release of any kind leaves in these roles: the gate may be open.
    var mayHaveOpenGate: Bool {
        switch role {
        case .owner, .lettingGo: true
        case .standby, .candidate: false
        }
    }

    /// Nothing of a tenure or a candidacy is left to be done.
    var isIdle: Bool {
        guard case .standby = role else { return false }
        return pendingReleases.isEmpty
    }

    var state: Report.State {
        switch role {
        case .standby: .standby
        case .candidate: .candidate
        case .owner: .owner
        case .lettingGo: .lettingGo
        }
    }

    mutating func become(
        _ next: Role,
        because reason: Reason,
        term: Term,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        let previous = state
        let after = context.now.boottime - roleSince
        role = next
        roleSince = context.now.boottime
        roleReason = reason
        out.report(
            .transition(id, from: previous, to: state, term: term, reason: reason, after: after)
        )
    }

    // MARK: - Time

    /// What is due by now. Deadlines come first: an owner past its own is none, whatever the event.
    mutating func enforceDeadline(in context: StepContext, _ out: inout StepOutput) {
        guard case .owner(let tenure) = role, !tenure.deadline.isAhead(of: context.now) else {
            return
        }
        out.fire(.deadlinePassed)
        becomeLettingGo(because: .deadlinePassed, in: context, &out)
    }

    /// After the event: whatever is due at this instant, in the role that the group has now.
    mutating func advance(in context: StepContext, _ out: inout StepOutput) {
        switch role {
        case .standby: considerAsking(in: context, &out)
        case .candidate: advanceCandidacy(in: context, &out)
        case .owner: advanceTenure(in: context, &out)
        case .lettingGo: concludeLettingGo(in: context, &out)
        }
        resendReleases(in: context, &out)
        settleCommands(in: context, &out)
        noteOwner(in: context, &out)
        // It may have become a standby just now.
        noteVacancy(in: context)
    }
}
