import VIPCore

/// What this host does between the lease and the kernel: its addresses, its gate, and the order of
/// what is asked for both, at the start too. A value with one method; whoever has the descriptors
/// carries out what that returns, in order, and answers.
///
///     preparing --first step--> renewing --renewed--> surveying --known--> done
///                                       \-too long-/            \-too long-/
///
/// The start does what is urgent first: the frames that renew a tenure that goes on, then its gate,
/// and only once the tenure is renewed what the kernel has to be asked about addresses.
package struct Host: Sendable {
    /// How long the rest of the start waits for the first renewals, if a heartbeat is not less: a
    /// heartbeat later the frames are sent again.
    private static let longestRenewal = Duration.milliseconds(20)
    /// How long whoever asks for status waits until it is known what the kernel has.
    private static let longestSurvey = Duration.milliseconds(100)

    private enum Start {
        /// The core has not made its first step: what it is to hear waits. The gate is found
        /// before the core is made, unless frames that renew are more urgent.
        case preparing(news: [Event])
        /// Until then at the latest, frames go before all that the kernel has to be asked.
        case renewing(until: Instant, byTurns: Bool)
        /// The kernel is asked what it has; nobody waits longer than until then.
        case surveying(until: Instant)
        case done
    }

    package private(set) var addresses: HostAddresses
    package private(set) var gate: HostGate
    private var start = Start.preparing(news: [])
    private let patience: Duration
    /// Tenures that go on, with the deadlines that the process before has left, as long as the core
    /// has not renewed them or let them go.
    private var unrenewed: [GateHeritage]
    /// The core's step that is carried out has closed a gate.
    private var hasClosed = false

    package init(addresses: HostAddresses, gate: HostGate, heartbeat: Duration) {
        (self.addresses, self.gate) = (addresses, gate)
        patience = min(heartbeat, Self.longestRenewal)
        unrenewed = gate.heritage
    }

    // MARK: - For others to read

    /// Whether clients may be told what this host has.
    package var hasStarted: Bool {
        if case .done = start { return true }
        return false
    }

    /// When there is something to do at the latest, whatever happens.
    package func dueAt(now: Instant) -> Instant? {
        let due = earliest(gate.deadline, addresses.dueAt(now: now))
        switch start {
        case .renewing(let until, _), .surveying(let until): return earliest(until, due)
        case .preparing, .done: return due
        }
    }

    // MARK: - Steps

    /// - Parameter now: on CLOCK_BOOTTIME.
    package mutating func step(_ event: HostEvent, at now: Instant) -> [HostAction] {
        var actions: [HostAction] = []
        switch event {
        case .begin:
            if !gate.isUrgent { step(.begin, at: now, &actions) }
        case .effect(let effect):
            carryOut(effect, at: now, &actions)
            return actions
        case .stepped: conclude(at: now, &actions)
        case .gate(let event): step(event, at: now, &actions)
        case .addresses(let event): step(event, at: now, &actions)
        case .wake:
            step(GateEvent.wake, at: now, &actions)
            step(AddressEvent.wake, at: now, &actions)
        }
        goOn(at: now, &actions)
        return actions
    }

    // MARK: - The core's effects

    private mutating func carryOut(
        _ effect: Effect,
        at now: Instant,
        _ actions: inout [HostAction]
    ) {
        switch effect {
        case .writeRecord(let record): noteRenewal(record)
        // Announcements leave behind an open gate only.
        case .openGate(let group, let until):
            step(.open(group, until: until), at: now, &actions)
            guard let index = addresses.index(of: group) else { return }
            actions.append(.permit(group: index, until: until))
        case .closeGate(let group):
            if let index = addresses.index(of: group) { actions.append(.forbid(group: index)) }
            step(.close(group), at: now, &actions)
            hasClosed = true
        case .addAddresses(let group, let request, let lifetime, let before):
            let seconds = UInt32(clamping: lifetime.components.seconds)
            let event = AddressEvent.add(group, request: request, lifetime: seconds, before: before)
            step(event, at: now, &actions)
        case .removeAddresses(let group, let request):
            step(.remove(group, request: request), at: now, &actions)
        case .announce(let group): step(.announce(group), at: now, &actions)
        case .exit: step(.takeAway, at: now, &actions)
        case .writeHeader, .send, .recordLease, .recordTerm, .recordVoters, .reply, .report: break
        }
    }

    /// A step that closed a gate is answered before the core hears of anything else. Where gates
    /// are yet to be found, nothing is closed yet: `HostGate` tells when it is.
    private mutating func conclude(at now: Instant, _ actions: inout [HostAction]) {
        if hasClosed, gate.areGatesFound { actions.append(.tellNext(.gatesClosed)) }
        hasClosed = false
        guard case .preparing(let news) = start else { return }
        start = .renewing(until: now + patience, byTurns: gate.isEnforcing)
        actions += news.map(HostAction.tell)
        if gate.isUrgent { step(.begin, at: now, &actions) }
    }

    // MARK: - The start

    private mutating func noteRenewal(_ record: GroupRecord) {
        guard !unrenewed.isEmpty else { return }
        unrenewed.removeAll { left in
            left.group == record.group
                && record.tenure.map { $0.deadline.boottime > left.deadline } ?? true
        }
    }

    private mutating func goOn(at now: Instant, _ actions: inout [HostAction]) {
        if case .renewing(let until, let byTurns) = start, unrenewed.isEmpty || until <= now {
            start = .surveying(until: now + Self.longestSurvey)
            step(.begin(byTurns: byTurns), at: now, &actions)
        }
        guard case .surveying(let until) = start else { return }
        let isKnown = !gate.isPending && addresses.hasBegun
        if isKnown || until <= now { start = .done }
    }

    // MARK: - Both halves

    private mutating func step(
        _ event: AddressEvent,
        at now: Instant,
        _ actions: inout [HostAction]
    ) {
        for action in addresses.step(event, at: now) {
            if case .tell(let event) = action {
                tell(event, &actions)
            } else {
                actions.append(.addresses(action))
            }
        }
    }

    private mutating func step(
        _ event: GateEvent,
        at now: Instant,
        _ actions: inout [HostAction]
    ) {
        for action in gate.step(event, at: now) {
            if case .tell(let event) = action {
                tell(event, &actions)
            } else {
                actions.append(.gate(action))
            }
        }
    }

    private mutating func tell(_ event: Event, _ actions: inout [HostAction]) {
        guard case .preparing(var news) = start else { return actions.append(.tell(event)) }
        // `Memory.areGatesFound` tells the core that is about to be made.
        guard event != .gatesClosed else { return }
        news.append(event)
        start = .preparing(news: news)
    }
}
