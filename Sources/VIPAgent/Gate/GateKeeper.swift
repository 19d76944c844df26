import Glibc
import Logging
import VIPConfiguration
import VIPControl
import VIPCore
import VIPHost
import VIPNet
import VIPPlatform

/// Carries out what `HostGate` decides: has the gate's descriptors, the memory that the kernel
/// looks into, and the worker that waits for the kernel. Opening and closing is one store.
package final class GateKeeper {
    /// In the run directory; used if it is a bpffs.
    static let pinDirectory = "bpf"

    private(set) var host: HostGate
    let worker: GateWorker
    private let pins: String
    private let inherited: [String: Int32]
    private let addresses: [IPAddress]
    /// The one at hand: found, made, or kept.
    private(set) var gate: Gate?
    private var news: [Event] = []
    private var notes: [GateNote] = []
    private var unstored: [String: Int32] = [:]

    /// Readable when the worker has something to tell.
    package var fileDescriptor: Int32 { worker.fileDescriptor }

    /// Finds the gate again or has one made, see `begin`, unless something is more urgent.
    ///
    /// - Parameters:
    ///   - page: what this host remembers, if it does.
    ///   - directory: the run directory; a bpffs named `bpf` in it may have the gate's pins.
    ///   - inherited: descriptors by their names, from the program before this one or the service
    ///     manager.
    package init(
        groups: [VIPConfiguration.Group],
        fallback: (VIPConfiguration.Group) -> VIPCore.Enforcement?,
        page: Page?,
        directory: String,
        inherited: [String: Int32] = [:],
        patience: Duration = .seconds(1)
    ) throws(SystemError) {
        let now = ClockReading.now()
        host = HostGate(
            groups: groups.map { group in
                GateGroup(
                    id: GroupID(group.identifier),
                    addresses: group.addresses.map(\.address),
                    fallback: fallback(group)
                )
            },
            records: page?.records ?? [],
            patience: patience,
            at: Reading(
                boottime: Instant(nanoseconds: now.boot),
                raw: Instant(nanoseconds: now.raw)
            )
        )
        addresses = groups.flatMap { $0.addresses.map(\.address) }
        pins = "\(directory)/\(Self.pinDirectory)"
        self.inherited = inherited
        worker = try GateWorker()
        if !host.isUrgent { begin() }
        // What was found before the core begins is no news to it.
        if areGatesFound { news.removeAll { $0 == .gatesClosed } }
    }

    // MARK: - What happens

    /// Where no tenure goes on it returns once the gate sits on every interface, or can't; where
    /// one does that has time, once it is known whether there is a gate; else at once. To be called
    /// before anything is answered; what was opened and closed before holds.
    package func begin() {
        step(.begin)
        waitForKernel()
    }

    /// Lets the group's addresses answer until then. Without a gate, nothing.
    package func open(_ id: GroupID, until: Instant) { step(.open(id, until: until)) }

    /// From now on they do not.
    package func close(_ id: GroupID) { step(.close(id)) }

    /// Takes what the worker has told, and keeps what of it core and log have to hear.
    package func takeReports() { step(.reports(worker.takeReports().map(report))) }

    /// Has the kernel asked, if the last time is a while ago: of what nobody tells, the status
    /// after the next one does then.
    package func refresh() { step(.asked) }

    /// Closes it and takes it away: the last thing that a process does which lets go for good. It
    /// stays while an address is left.
    package func takeAway() -> GateRemoval.Outcome {
        step(.takeAway)
        waitForKernel()
        guard case .gone(let outcome?) = host.posture else {
            return GateRemoval.Outcome(
                failures: ["the kernel was busy; the gate stays closed: run 'vip-agent clean'"]
            )
        }
        return GateRemoval.Outcome(removed: outcome.removed, failures: outcome.failures)
    }

    /// Where there is something to wait for, until it has come or its time is over.
    private func waitForKernel() {
        while let limit = host.deadline {
            let left = limit.nanoseconds - ClockReading.bootNow()
            guard left > 0 else {
                step(.wake)
                continue
            }
            var entry = pollfd(fd: worker.fileDescriptor, events: Int16(POLLIN), revents: 0)
            _ = unsafe poll(&entry, 1, Int32(clamping: left / 1_000_000 + 1))
            takeReports()
        }
    }

    private func step(_ event: GateEvent) {
        step(event, at: Instant(nanoseconds: ClockReading.bootNow()))
    }

    private func step(_ event: GateEvent, at now: Instant) {
        var answers: [GateEvent] = []
        for action in host.step(event, at: now) {
            if let answer = carryOut(action) { answers.append(answer) }
        }
        for answer in answers { step(answer, at: now) }
    }

    // MARK: - What is to be done

    /// - Returns: the answer, if there is one at once.
    private func carryOut(_ action: GateAction) -> GateEvent? {
        switch action {
        case .find(let search): return find(search)
        case .load: worker.ask(.load)
        case .letGo: gate = nil
        case .closeSlots(let open): gate?.closeAll(except: open)
        case .assign(let slot, let group): gate?.assign(slot, to: group.bits)
        case .openSlot(let slot, let until):
            gate?.open(slot, until: UInt64(clamping: until.nanoseconds))
        case .closeSlot(let slot): gate?.close(slot)
        // What is refused the worker will be refused too, and tell.
        case .put(let assignments): try? gate?.put(assignments.map(GateGuard.Assignment.init))
        case .keep(let assignments):
            guard let gate else { break }
            worker.ask(.keep(gate, assignments.map(GateGuard.Assignment.init), pins: pins))
        case .store(let butInherited):
            unstored = descriptors.filter { !butInherited || inherited[$0.key] != $0.value }
        case .removeForeignGate(let silenced):
            let outcome = removal.carryOut(silenced: silenced.flatMap { host.addresses(of: $0) })
            return .foreignGateRemoved(GateRemovalReport(outcome), silenced: silenced)
        case .sweep: worker.ask(.sweep)
        case .takeAway: worker.ask(.takeAway(removal))
        case .tell(let event): news.append(event)
        case .note(let note): notes.append(note)
        }
        return nil
    }

    /// By ways that the kernel's configuration lock is not in, at once; else by the worker.
    private func find(_ search: GateSearch) -> GateEvent? {
        var found: (gate: Gate, way: GateWay)?
        switch search {
        case .descriptors:
            if !inherited.isEmpty, let gate = Gate.adopting(inherited) {
                found = (gate, .descriptors)
            }
        case .pins:
            if Gate.canPin(in: pins), let gate = Gate.pinned(in: pins) { found = (gate, .pins) }
        case .interfaces:
            worker.ask(.find)
            return nil
        }
        guard let found else { return .reports([.notFound(search)]) }
        return .reports([adopt(found.gate, by: found.way)])
    }

    private var removal: GateRemoval { GateRemoval(addresses: addresses, pins: pins) }

    // MARK: - What the worker tells

    private func report(_ told: GateWorker.Report) -> GateReport {
        switch told {
        case .found(let gate, let interface):
            return adopt(gate, by: .program(interface: interface))
        case .loaded(let gate):
            self.gate = gate
            return .loaded
        case .unavailable(let reason): return .unavailable(reason)
        case .attachments(let attachments):
            return .attachments(attachments.map(GateAttachment.init))
        case .repaired(let interface): return .repaired(interface)
        case .failed(let reason): return .failed(reason)
        case .notPinned(let reason): return .notPinned(reason)
        case .takenAway(let outcome): return .takenAway(GateRemovalReport(outcome))
        }
    }

    /// Has it at hand.
    private func adopt(_ gate: Gate, by way: GateWay) -> GateReport {
        self.gate = gate
        return .found(
            way,
            gate.occupants.map { GateOccupant(slot: $0.slot, group: GroupID($0.group)) }
        )
    }

    package func takeNews() -> [Event] {
        defer { news.removeAll() }
        return news
    }

    package func takeNotes() -> [Note] {
        defer { notes.removeAll() }
        return notes.map(Note.init)
    }

    // MARK: - Handing it on

    /// What the next process needs to find it, by name; none while there is no gate.
    package var descriptors: [String: Int32] { gate?.descriptors ?? [:] }

    /// What the service manager has not been given yet, by name.
    package func takeUnstored() -> [String: Int32] {
        defer { unstored = [:] }
        return unstored
    }
}
