import VIPCore
import VIPNet

/// What this host's floating addresses are, and what they should be. Asks the kernel, and tells the
/// core what it has to know.
///
/// Pure like the core: `step` is the only way in, the actions that it returns the only way out. It
/// knows what the kernel has from what the kernel tells, and never asks it for what it knows. All
/// instants are of CLOCK_BOOTTIME.
package struct HostAddresses: Sendable {
    /// How long to wait before a removal that the kernel refused is tried again.
    static let removalPause: Duration = .milliseconds(50)

    enum Phase {
        /// The kernel has not said yet what it has; what the core asks for waits.
        case starting(waiting: [AddressEvent])
        case running
    }

    /// Whose answer is due, in the order of asking.
    enum Subject: Equatable {
        case group(Int)
        case survey
        /// What an earlier process has put on, and no group has any more.
        case leftovers([InterfaceAddress])
        case trial
    }

    package internal(set) var groups: [GroupOnHost]
    package internal(set) var interfaces: [WatchedInterface]
    package internal(set) var table: AddressTable
    /// Sorted by group.
    let sortedIDs: [(id: GroupID, index: Int)]
    private(set) var turns: RefreshTurns
    var phase = Phase.starting(waiting: [])
    var resynchronization = Resynchronization()
    var trials: KernelTrials
    var asked: [(id: UInt64, subject: Subject)] = []
    var nextID: UInt64 = 1
    /// Looks that came too soon, earliest first: each waits equally long.
    var owedLooks: [(at: Instant, group: Int)] = []
    /// Groups whose removal was refused, earliest first.
    var retries: [(at: Instant, group: Int)] = []
    var silencesAwaited = 0
    /// How often the kernel has lost notifications.
    package internal(set) var overruns: UInt64 = 0
    var actions: [AddressAction] = []

    /// - Parameters:
    ///   - silence: after how long without an answer the kernel counts as silent.
    ///   - renewedAtOnce: addresses that are renewed at each of the core's requests, over all
    ///     groups.
    package init(
        _ settings: [HostGroup],
        silence: Duration = .seconds(1),
        renewedAtOnce: Int = RefreshTurns.mostAtOnce
    ) {
        let table = AddressTable(settings.map(\.addresses))
        self.table = table
        var names: [String] = []
        for group in settings where !names.contains(group.interface) {
            names.append(group.interface)
        }
        interfaces = names.map { name in
            WatchedInterface(
                name: name,
                groups: settings.indices.filter { settings[$0].interface == name }
            )
        }
        groups = []
        groups.reserveCapacity(settings.count)
        for (index, group) in settings.enumerated() {
            groups.append(
                GroupOnHost(
                    group,
                    members: group.addresses.compactMap { floating in
                        let found = table.index(of: floating.address)
                        return found.flatMap { table[$0].group == index ? $0 : nil }
                    },
                    interface: names.firstIndex(of: group.interface) ?? 0
                )
            )
        }
        sortedIDs = settings.enumerated().map { ($1.id, $0) }.sorted { $0.0 < $1.0 }
        turns = RefreshTurns(addresses: table.entries.count, atOnce: renewedAtOnce)
        trials = KernelTrials(groups: settings.count, silence: silence)
    }

    // MARK: - For others to read

    package func index(of id: GroupID) -> Int? {
        var (low, high) = (0, sortedIDs.count)
        while low < high {
            let middle = (low + high) / 2
            if sortedIDs[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < sortedIDs.count && sortedIDs[low].id == id ? sortedIDs[low].index : nil
    }

    package func interface(of group: Int) -> WatchedInterface {
        interfaces[groups[group].interface]
    }

    package func link(of group: Int) -> Link? { interfaces[groups[group].interface].link }

    /// As the kernel has it on that interface, as far as it has told.
    package func found(_ floating: FloatingAddress, on interface: Int32) -> InterfaceAddress? {
        table.index(of: floating.address).flatMap { table.found($0, on: interface) }
    }

    /// Whether the kernel has said once what it has.
    package var hasBegun: Bool {
        if case .running = phase { return true }
        return false
    }

    /// Whether the kernel has done all that it was asked for.
    package var isIdle: Bool { asked.isEmpty && silencesAwaited == 0 }

    /// When there is something to do at the latest, whatever happens.
    package func dueAt(now: Instant) -> Instant? {
        guard hasBegun else { return resynchronization.dueAt }
        var due = earliest(resynchronization.dueAt, trials.dueAt(now: now))
        due = earliest(due, owedLooks.first?.at)
        return earliest(due, retries.first?.at)
    }

    /// Why a group could not be served here, as far as this knows better than the core.
    package enum Finding: Equatable, Sendable {
        case notBegun
        case renamed(interface: String, to: String)
        case noInterface(String)
        case interfaceDown(String)
        case kernelSilent(seconds: Int64)
        case refused(Refusal)
    }

    /// By when all that waits for nothing but time is done, and an earlier refusal forgotten; for
    /// simulations.
    package func settledBy(now: Instant) -> Instant {
        // A question that is under way may be refused still.
        let pause = resynchronization.isUnderWay ? Resynchronization.pause : .zero
        let survey = resynchronization.dueAt ?? now + pause
        let isWilling = groups.allSatisfy { $0.told.isAddressable && $0.told.answers }
        guard !isWilling else { return survey }
        return max(survey, trials.latestBelief(at: now) + KernelTrials.longestInterval)
    }

    package func finding(of id: GroupID, at now: Instant) -> Finding? {
        guard let index = index(of: id) else { return nil }
        guard hasBegun else { return .notBegun }
        let interface = interface(of: index)
        if let renamed = interface.renamed {
            return .renamed(interface: interface.name, to: renamed.name)
        }
        if interface.link == nil { return .noInterface(interface.name) }
        if !interface.isUsable { return .interfaceDown(interface.name) }
        if trials.isSilent(at: now) { return .kernelSilent(seconds: trials.silentSeconds(at: now)) }
        return trials.refusal(of: index, at: now).map { .refused($0) }
    }

    // MARK: - Steps

    package mutating func step(_ event: AddressEvent, at now: Instant) -> [AddressAction] {
        handle(event, at: now)
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    private mutating func handle(_ event: AddressEvent, at now: Instant) {
        switch event {
        case .begin(let byTurns):
            if !byTurns { turns = .none }
            resynchronization.want(at: now)
            resynchronize(at: now)
        case .add, .remove, .announce:
            guard case .starting(var waiting) = phase, !mutated(.surveyNotAwaited) else {
                return carryOut(event, at: now)
            }
            waiting.append(event)
            phase = .starting(waiting: waiting)
        case .told(let notices): handle(notices, at: now)
        case .answered(let id, let answer): handle(answer, to: id, at: now)
        case .silent(let group):
            if case .awaitingSilence(let request) = groups[group].removal {
                silencesAwaited -= 1
                groups[group].removal = .settled
                tell(.addressesRemoved(groups[group].settings.id, request: request))
            }
        case .announceAll:
            for group in groups where group.isWanted {
                tell(.command(.announce(group.settings.id), id: 0))
            }
        case .wake: wake(at: now)
        }
    }

    private mutating func wake(at now: Instant) {
        resynchronize(at: now)
        guard hasBegun else { return }
        tryOut(at: now)
        noteTrials(at: now)
        while let owed = owedLooks.first, owed.at <= now {
            owedLooks.removeFirst()
            groups[owed.group].isOwedLook = false
            look(at: owed.group, at: now)
        }
        while let retry = retries.first, retry.at <= now {
            retries.removeFirst()
            guard case .refused(let request, retry.at) = groups[retry.group].removal else {
                continue
            }
            remove(retry.group, request: request, at: now)
        }
    }

    mutating func tell(_ event: Event) { actions.append(.tell(event)) }

    mutating func note(_ note: AddressNote) { actions.append(.note(note)) }

    mutating func ask(_ request: AddressRequest, for subject: Subject) -> UInt64 {
        defer { nextID += 1 }
        asked.append((nextID, subject))
        actions.append(.ask(request, id: nextID))
        return nextID
    }
}
