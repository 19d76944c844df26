import VIPCore
import VIPHost
import VIPNet

/// One takeover, told for people as docs/takeover.md has it: the owner of a pair with a witness
/// loses power 20 ms after it has renewed its lease, at the default timing.
///
/// Each line has the instant, in milliseconds since the power was lost, and one frame or effect. A
/// remark stands below the first line of its kind.
public struct Takeover {
    private let world: World
    private let powerLoss: TrueTime
    private var lines: [String] = []
    /// Remarks that were made already.
    private var remarks: [String] = []
    /// Frames that were left out since the last line, by the host that sent them.
    private var leftOut: [Int]
    /// The last line, if it was a frame: another voter is told the same in that line.
    private var sent: (host: Int, time: TrueTime, matter: String)?

    public static func told() -> [String] {
        var takeover = Takeover()
        for entry in takeover.world.entries { takeover.tell(entry) }
        return takeover.lines
    }

    private static let (n1, n2) = (0, 1)

    private init() {
        world = World.settled()
        leftOut = world.hosts.map { _ in 0 }
        world.run(for: .milliseconds(73))
        world.recording = true
        world.run(for: .milliseconds(24))
        powerLoss = world.now
        world.powerOff(host: Self.n1)
        _ = world.time(until: Self.n2, within: .seconds(1))
        world.run(for: .milliseconds(15))
    }

    // MARK: Lines

    private mutating func tell(_ entry: TranscriptEntry) {
        switch entry.matter {
        case .remark(let line):
            say(
                line,
                at: entry.time,
                remark: entry.time == powerLoss
                    ? "Had only its agent died, its gate would have closed at the instant above."
                    : "Clients were without an answer until now; 507 ms would be the most."
            )
        case .detail: break
        case .event(let host, let event): tell(event, host, at: entry.time)
        case .addresses(let host, .told(let notices)):
            let told = notices.compactMap { notice -> String? in
                guard case .address(let address) = notice else { return nil }
                return address.text
            }
            guard !told.isEmpty else { return }
            say(
                "\(name(host)) is told by its kernel: \(told.joined(separator: ", ")) are there",
                at: entry.time,
                remark: "Anybody could have put them there: that is no answer yet."
            )
        case .addresses: return
        case .effect(let host, let effect): tell(effect, host, at: entry.time)
        }
    }

    private mutating func say(_ line: String, at time: TrueTime, remark: String? = nil) {
        let senders = leftOut.indices.filter { leftOut[$0] > 0 }
        if !senders.isEmpty {
            let counts = senders.map { "\(leftOut[$0]) of \(name($0))" }.joined(separator: ", ")
            lines.append("              (\(counts): only heartbeats)")
            leftOut = leftOut.map { _ in 0 }
        }
        sent = nil
        let instant = text(time - powerLoss).dropLast(2)
        let padding = String(repeating: " ", count: max(0, 9 - instant.count))
        lines.append("\(padding)\(instant)   \(line)")
        guard let remark, !remarks.contains(remark) else { return }
        remarks.append(remark)
        lines.append("                | \(remark)")
    }

    private func name(_ host: Int) -> String { world.hosts[host].name }

    /// An instant of a host's clock, in milliseconds since the power was lost.
    private func instant(raw instant: Instant, of host: Int) -> String {
        since(world.hosts[host].clocks.time(raw: instant.nanoseconds))
    }

    private func since(_ time: TrueTime) -> String { String(text(time - powerLoss).dropLast(4)) }

    // MARK: Events

    private mutating func tell(_ event: Event, _ host: Int, at time: TrueTime) {
        switch event {
        case .received(let frame):
            guard let matter = matter(of: frame) else { return }
            say("\(name(host)) hears \(world.name(frame.sender)): \(matter)", at: time)
        case .addressesAdded:
            say(
                "\(name(host)) hears its kernel: the addresses are there",
                at: time,
                remark: "Only now does the core open the gate and tell the neighbours."
            )
        case .gatesClosed, .wake: return
        case .start, .addressesLate, .addressesRemoved, .addressesFound, .interface, .health,
            .gate, .addressable, .kernelAnswers, .leaseRecorded, .command, .shutdown:
            say("\(name(host)) hears: \(world.describe(event))", at: time)
        }
    }

    /// What a frame says of leases; nil for a heartbeat.
    private func matter(of frame: Frame) -> String? {
        let matters = frame.records.compactMap { record -> String? in
            switch record {
            case .request(let request):
                "asks for g\(request.group.bits) in term \(request.term.number),"
                    + " for \(milliseconds(request.length)) ms"
            case .granted(let granted):
                "grants g\(granted.group.bits) in term \(granted.term.number),"
                    + " for \(milliseconds(granted.length)) ms"
            case .condition(let condition) where condition.owns && condition.term.number > 1:
                "owns g\(condition.group.bits) in term \(condition.term.number)"
            case .condition, .presence: nil
            case .refused, .release, .released, .inquiry, .offer, .declined, .appeal,
                .appealAnswered:
                "\(record)"
            }
        }
        return matters.isEmpty ? nil : matters.joined(separator: "; ")
    }

    private func milliseconds(_ span: Duration) -> Int64 {
        span.nanoseconds / Scenario.milliseconds
    }

    // MARK: Effects

    private mutating func tell(_ effect: Effect, _ host: Int, at time: TrueTime) {
        switch effect {
        case .send(let frame): tell(frame, host, at: time)
        case .writeRecord(let record):
            say(
                "\(name(host)) writes its page: \(matter(of: record, host))",
                at: time,
                remark: remark(on: record, host)
            )
        case .openGate(let group, let until):
            let end = world.hosts[host].clocks.time(boottime: until.nanoseconds)
            say(
                "\(name(host)) opens the gate of g\(group.bits) until \(since(end))",
                at: time,
                remark: "It closes by itself at that instant:"
                    + " 0.899 of the lease after the question, less the margin."
            )
        case .closeGate(let group):
            say(
                "\(name(host)) closes the gate of g\(group.bits)",
                at: time,
                remark: "The addresses come behind a closed gate."
            )
        case .addAddresses(let group, _, let lifetime, _):
            say(
                "\(name(host)) asks its kernel for the addresses of g\(group.bits),"
                    + " for \(milliseconds(lifetime)) ms",
                at: time
            )
        case .announce(let group):
            say(
                "\(name(host)) announces the addresses of g\(group.bits)",
                at: time,
                remark:
                    "Neighbours learn the new MAC address. The announcements are repeated later."
            )
        case .recordTerm(let group, let term):
            say(
                "\(name(host)) has term \(term.number) of g\(group.bits) put into its state directory",
                at: time,
                remark: "The next boot begins above that term. Nothing waits for the disk."
            )
        case .report(let report): tell(report, host, at: time)
        case .writeHeader, .removeAddresses, .recordLease, .recordVoters, .reply, .exit:
            say("\(name(host)): \(world.describe(effect))", at: time)
        }
    }

    private mutating func tell(_ frame: Frame, _ host: Int, at time: TrueTime) {
        guard let matter = matter(of: frame) else {
            leftOut[host] += 1
            return
        }
        let receiver = world.name(frame.receiver)
        if let sent, sent.host == host, sent.time == time, sent.matter == matter {
            lines[lines.endIndex - 1].replace(": \(matter)", with: ", \(receiver): \(matter)")
        } else {
            say("\(name(host)) tells \(receiver): \(matter)", at: time)
        }
        sent = (host, time, matter)
    }

    private func matter(of record: GroupRecord, _ host: Int) -> String {
        var matters = ["term \(record.highestUsed.number) is used"]
        if let grant = record.grant {
            let holder = world.name(grant.holder.host)
            matters.append("its vote is \(holder)'s until \(instant(raw: grant.expiry, of: host))")
        }
        if let tenure = record.tenure {
            let voters = tenure.counted.map { world.name($0.voter) }.joined(separator: ", ")
            let deadline = instant(raw: tenure.deadline.raw, of: host)
            matters.append("owner until \(deadline), by votes of \(voters)")
        }
        if record.highestUsed == .none { matters.removeFirst() }
        return matters.joined(separator: "; ")
    }

    private func remark(on record: GroupRecord, _ host: Int) -> String? {
        if record.tenure != nil {
            return host == Self.n1
                ? "Once a heartbeat it has asked all voters, itself first; this vote makes a majority."
                : "The page has the tenure before anything is done that rests on it."
        }
        return record.highestUsed == .none
            ? "A voter writes down what it promises before the answer leaves."
            : "n2 has never used that term, and writes it down before anybody hears of it."
    }

    private mutating func tell(_ report: Report, _ host: Int, at time: TrueTime) {
        switch report {
        case .transition(let group, let from, let to, _, _, _):
            say(
                "\(name(host)) becomes \(to) of g\(group.bits), and was \(from)",
                at: time,
                remark: to == .owner
                    ? "Two of three votes are a majority: its own, and that of w1."
                    : "Its own vote for n1 has run out, so nobody can count on that any more."
            )
        case .voterLost(let voter, _):
            say(
                "\(name(host)) notes that it does not hear \(world.name(voter)) any more",
                at: time,
                remark: "That alone changes nothing: what it has granted to n1 still holds."
            )
        case .ownerChanged(let group, _, let owner, _):
            let owner = owner.map { world.name($0) } ?? "nobody"
            say("\(name(host)) takes \(owner) for the owner of g\(group.bits)", at: time)
        case .pathLost: return
        case .switchoverFailed, .termRaised, .voterStruck, .tenureDoubted, .candidacyFailed,
            .addressesPutBack, .foreignAddressesRemoved, .addressesRefused, .forceConfirmed,
            .voterHeard, .pathHeard, .duplicateName, .voterSetsDiffer, .holdDown, .abstaining,
            .abstentionEnded, .recordLowered, .restored, .suspended:
            say("\(name(host)) reports: \(report)", at: time)
        }
    }
}
