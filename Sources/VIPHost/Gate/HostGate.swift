import VIPCore

/// What is to be done about the gate of this host: when it is looked for and where, what of it is
/// opened and closed, what the core is told of it. A value with one method; whoever has the gate
/// carries out what that returns, and answers.
///
///     unsought --begin--> pending: seeking ----> placing --attachments--> kept <--off, back--
///                           |        |              ^
///                           |        +--> making ---+       any --takeAway--> leaving --> gone
///                           +--no eBPF, no hooks--> unavailable
///
/// In a gate that was found every group is closed but those whose tenure goes on.
package struct HostGate: Sendable {
    /// What a tenure that goes on must have left for its frames to wait until the gate is found.
    private static let enoughTime = Duration.seconds(1)
    /// How long a stop waits for the kernel.
    private static let removalPatience = Duration.milliseconds(400)
    /// How old what the kernel has told may be before somebody who asks has it look again.
    private static let freshness = Duration.seconds(1)

    package internal(set) var posture: GatePosture
    /// In the order of their groups.
    var entries: [GateEntry]
    /// What the core was last told: it takes a gate to be in place until told otherwise.
    var told = GatePosture.Picture.everywhere
    /// How often somebody took it off an interface, and it was put back.
    package private(set) var repairs: UInt64 = 0
    /// Whether a tenure of the process before went on at the start.
    package let hasTenure: Bool
    /// How long a start with nothing to renew waits for the kernel.
    private let patience: Duration
    private var lookedAt: Instant?
    private var now: Instant

    /// - Parameter records: of the page that this host has, if any. Those of groups that are not
    ///   configured any more may be among them.
    package init(
        groups: [GateGroup],
        records: [GroupRecord],
        patience: Duration,
        at now: Reading
    ) {
        self.patience = patience
        self.now = now.boottime
        let restored = records.filter { record in
            guard let tenure = record.tenure else { return false }
            return !tenure.forced && tenure.deadline.isAhead(of: now)
        }
        entries = groups.sorted { $0.id < $1.id }.map { group in
            GateEntry(group: group, isRestored: false, hold: .closed)
        }
        // Where lifetimes may have to enforce a lease, it is long, and the core has to know.
        var isUrgent = false
        var hasTenure = false
        for record in restored {
            guard let index = entries.index(of: record.group), let tenure = record.tenure else {
                continue
            }
            let deadline = tenure.deadline.boottime
            let group = entries[index].group
            entries[index] = GateEntry(
                group: group,
                isRestored: true,
                hold: .left(until: deadline)
            )
            hasTenure = true
            isUrgent =
                isUrgent || group.fallback != .lifetimes
                || deadline - now.boottime < Self.enoughTime
        }
        self.hasTenure = hasTenure
        posture = .unsought(isUrgent: isUrgent)
    }

    /// - Parameter now: on CLOCK_BOOTTIME.
    package mutating func step(_ event: GateEvent, at now: Instant) -> [GateAction] {
        precondition(now >= self.now, "time runs backwards")
        self.now = now
        var actions: [GateAction] = []
        switch event {
        case .open(let group, let until): open(group, until, &actions)
        case .close(let group): close(group, &actions)
        case .begin: begin(&actions)
        case .reports(let reports):
            for report in reports { handle(report, &actions) }
            tell(&actions)
        case .foreignGateRemoved(let outcome, let silenced):
            handleForeign(outcome, silenced: silenced, &actions)
        case .asked:
            if lookedAt.map({ now - $0 > Self.freshness }) ?? true {
                lookedAt = now
                actions.append(.sweep)
            }
        case .takeAway: leave(&actions)
        case .wake: wake(&actions)
        }
        return actions
    }

    // MARK: - Time

    /// When time changes something, if nothing else does before.
    package var deadline: Instant? {
        switch posture {
        case .pending(_, .awaited(let until)), .leaving(let until): until
        case .unsought, .pending, .kept, .unavailable, .gone: nil
        }
    }

    private mutating func wake(_ actions: inout [GateAction]) {
        guard let deadline, deadline <= now else { return }
        switch posture {
        case .pending(let stage, _):
            posture = .pending(stage, .failing(.silence))
            actions.append(.note(.silent))
            tell(&actions)
        case .leaving: posture = .gone(nil)
        case .unsought, .kept, .unavailable, .gone: break
        }
    }

    // MARK: - The start

    /// Where nothing has been promised, or much of a lease is left, there is nothing to be late for
    /// but the votes of others: then the start waits. A kernel that does not answer is not waited
    /// for: this host votes meanwhile, and is not ready.
    private mutating func begin(_ actions: inout [GateAction]) {
        guard case .unsought(let isUrgent) = posture else { return }
        let wait = hasTenure ? patience / 2 : patience
        seek(.descriptors, isUrgent ? .underWay : .awaited(until: now + wait), &actions)
        tell(&actions)
    }

    private mutating func seek(
        _ search: GateSearch,
        _ progress: GatePosture.Progress,
        _ actions: inout [GateAction]
    ) {
        posture = .pending(.seeking(search), progress)
        actions.append(.find(search))
    }

    mutating func goOn(
        after search: GateSearch,
        _ progress: GatePosture.Progress,
        _ actions: inout [GateAction]
    ) {
        switch search {
        case .descriptors: seek(.pins, progress, &actions)
        case .pins: seek(.interfaces, progress, &actions)
        case .interfaces:
            posture = .pending(.making, progress)
            actions.append(.load)
        }
    }

    // MARK: - Effects

    /// Lets the group's addresses answer until then. Without a gate, nothing.
    private mutating func open(_ id: GroupID, _ until: Instant, _ actions: inout [GateAction]) {
        guard let index = entries.index(of: id) else { return }
        switch entries[index].hold {
        case .slot(let slot): actions.append(.openSlot(slot, until: until))
        case .closed, .left, .open:
            if !mutated(.soughtGateNotOpened) { entries[index].hold = .open(until: until) }
        case .none:
            guard entries[index].group.fallback != nil else { return }
            entries[index].isSilenced = true
            removeForeignUnderAddresses(&actions)
        }
    }

    /// From now on they do not.
    private mutating func close(_ id: GroupID, _ actions: inout [GateAction]) {
        guard let index = entries.index(of: id) else { return }
        switch entries[index].hold {
        case .slot(let slot): actions.append(.closeSlot(slot))
        case .closed, .left, .open:
            if !mutated(.soughtGateNotClosed) { entries[index].hold = .closed }
        case .none: break
        }
    }

    /// Closes it and takes it away. It stays while an address is left.
    private mutating func leave(_ actions: inout [GateAction]) {
        switch posture {
        case .pending(.placing, _), .kept:
            posture = .leaving(until: now + Self.removalPatience)
            actions += [.closeSlots(except: []), .takeAway]
        case .unsought, .pending, .unavailable: posture = .gone(GateRemovalReport())
        case .leaving, .gone: break
        }
    }

    // MARK: - What is told

    private mutating func handle(_ report: GateReport, _ actions: inout [GateAction]) {
        switch report {
        case .found(let way, let occupants):
            guard case .pending(.seeking(way.search), let progress) = posture else { return }
            handle(occupants, by: way, progress, &actions)
        case .notFound(let search):
            guard case .pending(.seeking(search), let progress) = posture else { return }
            goOn(after: search, progress, &actions)
        case .loaded:
            if let progress = posture.progressOfMaking { handleNew(progress, &actions) }
        case .unavailable(let reason):
            if posture.progressOfMaking != nil { become(unavailable: reason, &actions) }
        case .attachments(let attachments): handle(attachments, &actions)
        case .repaired(let interface):
            repairs &+= 1
            actions.append(.note(.putBack(on: interface)))
        case .failed(let reason):
            if case .pending(let stage, _) = posture {
                posture = .pending(stage, .failing(.failure(reason)))
            }
            actions.append(.note(.failed(reason)))
        case .notPinned(let reason): actions.append(.note(.notPinned(reason)))
        case .takenAway(let outcome):
            if case .leaving = posture { posture = .gone(outcome) }
        }
    }
}
