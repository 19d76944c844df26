import Glibc
import Logging
import VIPConfiguration
import VIPControl
import VIPCore
import VIPNet
import VIPPlatform

/// The gate as the lease plane has it: opens and closes it for a group by one store into memory,
/// and knows from its `GateWorker` where the kernel has it.
///
///     pending --posts--> kept <--taken off, put back-- …        pending --no eBPF--> unavailable
///
/// At the start the gate of an earlier process is found again, by whatever way there is. In it
/// every group is closed but those whose tenure goes on.
package final class GateKeeper {
    enum State {
        /// Not looked at yet.
        case pending
        case kept([GateGuard.Post])
        case unavailable(String)
    }

    /// Something for the log. Of one kind only the first within some seconds is.
    package struct Note: Equatable {
        package var level: Logger.Level
        package var kind: String
        package var event: String
        package var reason: String
    }

    struct Entry {
        let group: GroupID
        let addresses: [IPAddress]
        /// What is to silence it where there is no gate. Nil: without one it is not to be here.
        let fallback: VIPCore.Enforcement?
        /// What the core was last told; it takes a gate to be in place until told otherwise.
        var reported = true
    }

    /// In the run directory; used if it is a bpffs.
    static let pinDirectory = "bpf"

    let worker: GateWorker
    let pins: String
    var gate: Gate?
    var state = State.pending
    var entries: [Entry]
    /// Those of groups that have left the configuration too.
    var slots: [GroupID: UInt32] = [:]
    /// Whether what an earlier process left open is found, and closed: the core has to know.
    package private(set) var areGatesFound = false
    /// Groups of which a tenure goes on.
    private(set) var restored: Set<GroupID> = []
    /// Their deadlines, and what has become of them, for a gate that is yet to come.
    private var deadlines: [GroupID: UInt64] = [:]
    /// Those of which that has changed since.
    private var renewed: Set<GroupID> = []
    var failure: String?
    /// There may be one of an earlier agent that this one can't open.
    var hasForeignGate = false
    private var news: [Event] = []
    private var notes: [Note] = []
    private var unstored: [String: Int32] = [:]
    private var outcome: GateRemoval.Outcome?
    var lookedAt: Int64 = 0
    /// How often somebody took it off an interface, and it was put back.
    package private(set) var repairs: UInt64 = 0

    /// Readable when the worker has something to tell.
    package var fileDescriptor: Int32 { worker.fileDescriptor }

    let inherited: [String: Int32]
    /// Whether the gate is the one of those descriptors, which the service manager has, too.
    var isInherited = false
    /// There are tenures that go on, and their deadlines are near. Then the frames that renew them
    /// are more urgent than to find the gate, which as it was left holds until then.
    let isUrgent: Bool
    var hasBegun = false
    /// How long a start with nothing to renew waits for the kernel.
    let patience: Duration

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
        self.patience = patience
        entries = groups.map { group in
            Entry(
                group: GroupID(group.identifier),
                addresses: group.addresses.map(\.address),
                fallback: fallback(group)
            )
        }
        pins = "\(directory)/\(Self.pinDirectory)"
        worker = try GateWorker()
        let now = ClockReading.now()
        let reading = Reading(
            boottime: Instant(nanoseconds: now.boot),
            raw: Instant(nanoseconds: now.raw)
        )
        let configured = Set(entries.map(\.group))
        for record in page?.records ?? [] where configured.contains(record.group) {
            guard let tenure = record.tenure, !tenure.forced, tenure.deadline.isAhead(of: reading)
            else { continue }
            deadlines[record.group] = Self.deadline(tenure.deadline.boottime)
        }
        restored = Set(deadlines.keys)
        // Where lifetimes may have to enforce a lease, it is long, and the core has to know.
        var isUrgent = false
        for entry in entries {
            guard let deadline = deadlines[entry.group] else { continue }
            let left = Int64(clamping: deadline) - now.boot
            isUrgent = isUrgent || entry.fallback != .lifetimes || left < Self.enoughTime
        }
        self.isUrgent = isUrgent
        self.inherited = inherited
        if !isUrgent { begin() }
        // What was found before the core begins is no news to it.
        if areGatesFound { news.removeAll { $0 == .gatesClosed } }
    }

    private static func deadline(_ instant: Instant) -> UInt64 {
        UInt64(clamping: instant.nanoseconds)
    }

    // MARK: - Slots

    /// Closes what is not to be open, and gives every group its slot. False if there are too few.
    private func assignSlots(of found: Gate) -> Bool {
        var free: [UInt32] = []
        slots = [:]
        for slot in (1...UInt32(Gate.mostGroups)).reversed() {
            let group = GroupID(found.group(of: slot))
            if deadlines[group] == nil || slots[group] != nil { found.close(slot) }
            if group.bits == 0 {
                free.append(slot)
            } else if slots[group] == nil {
                slots[group] = slot
                // Another was left as it is: its deadline may be later than the page's.
                if renewed.contains(group), let deadline = deadlines[group] {
                    found.open(slot, until: deadline)
                }
            }
        }
        for entry in entries where slots[entry.group] == nil {
            guard let slot = free.popLast() else { return false }
            slots[entry.group] = slot
            found.assign(slot, to: entry.group.bits)
            if let deadline = deadlines[entry.group] { found.open(slot, until: deadline) }
        }
        // Here and not by the worker alone: the gate is to know an address before the kernel does.
        // What is refused the worker will be refused too, and tell.
        for entry in entries {
            guard let slot = slots[entry.group] else { continue }
            for address in entry.addresses { try? found.put(address, in: slot) }
        }
        return true
    }

    /// Uses the gate of an earlier process. False, and it is as it was but for what is closed, if
    /// it has no room.
    func take(_ found: Gate, by way: GateWorker.Way) -> Bool {
        guard assignSlots(of: found) else { return false }
        note(.info, "gate found", "gate-found", "by \(way)")
        isInherited = way == .descriptors
        keep(found)
        noteFound()
        return true
    }

    /// The first event after it that the core hears of the gate.
    private func noteFound() {
        guard !areGatesFound else { return }
        areGatesFound = true
        news.append(.gatesClosed)
    }

    /// Has it sit on every interface from now on.
    private func keep(_ gate: Gate) {
        self.gate = gate
        worker.ask(
            .keep(
                gate,
                entries.map { entry in
                    GateGuard.Assignment(
                        group: entry.group.bits,
                        slot: slots[entry.group] ?? Gate.unreadSlot,
                        addresses: entry.addresses
                    )
                },
                pins: pins
            )
        )
    }

    // MARK: - Effects

    /// Lets the group's addresses answer until then. Without a gate, nothing.
    package func open(_ id: GroupID, until: Instant) {
        guard let gate else {
            deadlines[id] = Self.deadline(until)
            renewed.insert(id)
            if hasForeignGate, fallback(of: id) != nil { removeForeignGate(underAddresses: true) }
            return
        }
        if let slot = slots[id] { gate.open(slot, until: Self.deadline(until)) }
    }

    /// From now on they do not.
    package func close(_ id: GroupID) {
        guard let gate else {
            deadlines[id] = nil
            return
        }
        if let slot = slots[id] { gate.close(slot) }
    }

    // MARK: - What the worker tells

    /// Takes what it has told, and keeps what of it core and log have to hear.
    package func takeReports() {
        hear()
        tell()
    }

    func hear() {
        for report in worker.takeReports() {
            switch report {
            case .found(let gate, let way):
                if !take(gate, by: way) { worker.ask(.load) }
            case .loaded(let gate):
                guard assignSlots(of: gate) else {
                    preconditionFailure("a new gate has room for all groups")
                }
                keep(gate)
                note(.info, "gate loaded", "gate-loaded", "none was found")
            case .unavailable(let reason):
                become(unavailable: reason)
            case .posts(let posts):
                take(posts)
            case .repaired(let interface):
                repairs &+= 1
                note(
                    .warning,
                    "gate \(interface)",
                    "gate-put-back",
                    "somebody took it off \(interface)"
                )
            case .failed(let reason):
                failure = reason
                note(.error, "gate failed", "gate-failed", reason)
            case .notPinned(let reason):
                note(.warning, "gate pins", "gate-not-pinned", reason)
            case .takenAway(let outcome):
                self.outcome = outcome
            }
        }
    }

    func become(unavailable reason: String) {
        state = .unavailable(reason)
        let groups = entries.filter { $0.fallback == nil }.count
        note(
            .warning,
            "gate",
            "gate-unavailable",
            reason
                + (groups == 0
                    ? "; lifetimes or the agent alone enforce"
                    : "; \(groups) group\(groups == 1 ? "" : "s") can't be owned here")
        )
        removeForeignGate(underAddresses: false)
        noteFound()
    }

    func fallback(of id: GroupID) -> VIPCore.Enforcement? {
        entries.first { $0.group == id }?.fallback
    }

    /// Whether there is one, be it in place or not.
    package var isFound: Bool { gate != nil }

    private func take(_ posts: [GateGuard.Post]) {
        var before: [GateGuard.Post] = []
        if case .pending = state, !posts.isEmpty, posts.allSatisfy(\.isUnsupported) {
            gate = nil
            return become(unavailable: posts[0].failure ?? "it can't be attached")
        }
        switch state {
        case .kept(let posts): before = posts
        // By now its programs are loaded, too.
        case .pending:
            unstored = descriptors.filter { !isInherited || inherited[$0.key] != $0.value }
        // What can be attached after all is not relied on before the next start.
        case .unavailable: return
        }
        state = .kept(posts)
        failure = nil
        // A new one has taken the seats of whatever was there.
        noteFound()
        for post in posts {
            let old = before.first { $0.interface == post.interface }
            if let failure = post.failure {
                note(
                    .error,
                    "gate \(post.name) missing",
                    "gate-missing",
                    "\(post.name): \(failure)"
                )
            } else if let old, !old.isWhole {
                note(.notice, "gate \(post.name) back", "gate-in-place", "on \(post.name)")
            }
            for risk in post.risks where old?.risks.contains(risk) != true {
                note(.warning, "gate \(post.name) risk", "gate-risk", "\(post.name): \(risk)")
            }
        }
    }

    /// Tells the core of every group for which it is no longer as it was last told.
    func tell() {
        for index in entries.indices {
            let isInPlace: Bool
            switch state {
            case .pending:
                // The gate of a tenure that goes on is believed to be where it was left.
                isInPlace = failure == nil && restored.contains(entries[index].group)
            case .kept(let posts): isInPlace = posts.allSatisfy(\.isWhole)
            case .unavailable: isInPlace = entries[index].fallback != nil
            }
            guard entries[index].reported != isInPlace else { continue }
            entries[index].reported = isInPlace
            news.append(.gate(entries[index].group, inPlace: isInPlace))
        }
    }

    func note(
        _ level: Logger.Level,
        _ kind: String,
        _ event: String,
        _ reason: String
    ) {
        notes.append(Note(level: level, kind: kind, event: event, reason: reason))
    }

    package func takeNews() -> [Event] {
        defer { news.removeAll() }
        return news
    }

    package func takeNotes() -> [Note] {
        defer { notes.removeAll() }
        return notes
    }

    // MARK: - Handing it on, and the end

    /// What the next process needs to find it, by name; none while there is no gate.
    package var descriptors: [String: Int32] { gate?.descriptors ?? [:] }

    /// What the service manager has not been given yet, by name.
    package func takeUnstored() -> [String: Int32] {
        defer { unstored = [:] }
        return unstored
    }

    /// How long a stop waits for the kernel, in milliseconds.
    private static let removalPatience: Int32 = 400

    /// Closes it and takes it away: the last thing that a process does which lets go for good. It
    /// stays while an address is left.
    package func takeAway() -> GateRemoval.Outcome {
        for slot in slots.values { gate?.close(slot) }
        guard gate != nil else { return GateRemoval.Outcome() }
        worker.ask(.takeAway(removal))
        let limit = ClockReading.bootNow() + Int64(Self.removalPatience) * 1_000_000
        while outcome == nil, ClockReading.bootNow() < limit {
            var entry = pollfd(fd: worker.fileDescriptor, events: Int16(POLLIN), revents: 0)
            _ = unsafe poll(&entry, 1, Self.removalPatience)
            takeReports()
        }
        return outcome
            ?? GateRemoval.Outcome(
                failures: ["the kernel was busy; the gate stays closed: run 'vip-agent clean'"]
            )
    }
}
