import VIPCore
import VIPHost
import VIPNet

/// What is checked when an agent has something done.
extension World {
    // MARK: Page

    func checkHeader(_ host: Int, _ header: PageHeader) {
        guard let before = hosts[host].page?.header, before.incarnation == header.incarnation else {
            return
        }
        if header.abstentionEnd < before.abstentionEnd {
            violate(.pageRemembers, "\(hosts[host].name) shortens its abstention")
        }
    }

    func checkRecord(_ host: Int, _ record: GroupRecord) {
        guard let before = hosts[host].page?.records.first(where: { $0.group == record.group })
        else { return }
        let name = hosts[host].name
        if record.highestGranted < before.highestGranted || record.highestUsed < before.highestUsed
        {
            violate(.pageRemembers, "\(name) forgets a term")
        }
        guard let old = before.grant else { return }
        checkGrant(host, record, old)
    }

    private func checkGrant(_ host: Int, _ record: GroupRecord, _ old: Grant) {
        let name = hosts[host].name
        guard let new = record.grant else {
            return violate(.pageRemembers, "\(name) forgets a grant")
        }
        if new.holder == old.holder, new.term == old.term {
            if new.expiry < old.expiry, !new.released {
                violate(.pageRemembers, "\(name) shortens a grant")
            }
            if old.released, !new.released {
                violate(.pageRemembers, "\(name) grants again what was released")
            }
        }
        let raw = hosts[host].process?.reading.raw ?? .zero
        guard !old.released, raw < old.expiry, new.holder != old.holder || new.released else {
            return
        }
        // A live grant has ended before its time: its holder must have said so.
        let own = Holder(host: hosts[host].id, incarnation: hosts[host].page!.header.incarnation)
        if old.holder == own {
            if isOpen(host, index(record.group)) {
                violate(.releaseBehindGate, "\(name) frees its own grant while the gate is open")
            }
            checkDrained(host, index(record.group), "frees its own grant")
        } else if !isReleased(old, of: record.group, by: hosts[host].process!.current),
            !isReleased(new, of: record.group, by: hosts[host].process!.current)
        {
            violate(.pageRemembers, "\(name) ends a live grant that nobody has released")
        }
    }

    private func isReleased(_ grant: Grant, of group: GroupID, by event: Event) -> Bool {
        guard case .received(let frame) = event else { return false }
        return frame.records.contains { record in
            guard case .release(let release) = record else { return false }
            return release.group == group && release.holder == grant.holder
                && release.term == grant.term
        }
    }

    // MARK: Gate

    func checkOpening(_ host: Int, _ group: Int, _ deadline: Int64, _ tenure: TenureRecord?) {
        let name = hosts[host].name
        guard let tenure, let incarnation = hosts[host].page?.header.incarnation else {
            return violate(.gateWithinPage, "\(name) opens a gate without a tenure in the page")
        }
        if deadline > tenure.deadline.boottime.nanoseconds {
            violate(.gateWithinPage, "\(name) opens the gate for longer than the page says")
        }
        let holder = Holder(host: hosts[host].id, incarnation: incarnation)
        if !tenure.forced, deadline > hosts[host].clocks.boottime(at: now),
            isGranted(tenure.term, to: holder, group)
        {
            checkTerm(group, tenure.term, holder)
        }
    }

    /// An owner that raises its term goes on by what it was granted in the one before; the new one
    /// is its own once a majority has granted it.
    private func isGranted(_ term: Term, to holder: Holder, _ group: Int) -> Bool {
        let granting = (0..<scenario.hosts).filter { voter in
            let record = hosts[voter].page?.records.first { $0.group == Self.groupID(group) }
            return record?.grant?.holder == holder && record?.grant?.term == term
        }
        return granting.count > scenario.hosts / 2
    }

    private func checkTerm(_ group: Int, _ term: Term, _ holder: Holder) {
        let known = history[group]
        if holder != known.holder, term <= known.term, !known.amnesia, !exposed {
            violate(
                .terms,
                "\(describe(holder)) serves in t\(term.number) after t\(known.term.number) of "
                    + (known.holder.map { describe($0) } ?? "nobody")
            )
        }
        // A term that somebody owes to a vote for two is above none that come after it.
        guard !exposed else { return }
        history[group].term = known.amnesia ? term : max(known.term, term)
        history[group].holder = holder
    }

    /// At every frame, and at the end of every step: no gate is open for longer than the page says,
    /// once they are found.
    private func checkGates(_ host: Int) {
        guard hosts[host].areGatesFound, !hosts[host].gateIsForeign,
            hosts[host].process?.gate?.unavailability == nil
        else { return }
        let boottime = hosts[host].clocks.boottime(at: now)
        for group in 0..<scenario.groups {
            let gate = hosts[host].gates[group]
            guard gate.isOpen(boottime: boottime) else { continue }
            let record = hosts[host].page?.records.first { $0.group == Self.groupID(group) }
            let deadline = record?.tenure?.deadline.boottime.nanoseconds ?? .min
            guard gate.deadline > deadline else { continue }
            violate(
                .gateWithinPage,
                "\(hosts[host].name) has the gate of g\(group + 1) open until "
                    + "\(gate.deadline), its page says \(deadline)"
            )
        }
    }

    // MARK: Frames

    func checkSend(_ host: Int, _ frame: Frame) {
        checkGates(host)
        for record in frame.records {
            switch record {
            case .granted(let granted): checkGranted(host, granted, as: "a grant")
            case .request(let request): checkRequest(host, request)
            case .offer(let offer): checkRequest(host, offer.request)
            case .release(let release): checkRelease(host, release)
            case .released(let group, let term, let holder):
                checkAcknowledged(host, group, term, holder)
            case .presence(let presence): hosts[host].process!.presence = presence
            case .refused, .inquiry, .declined, .appeal, .appealAnswered, .condition: break
            }
        }
    }

    func record(_ host: Int, _ group: GroupID) -> GroupRecord? {
        hosts[host].page?.records.first { $0.group == group }
    }

    private func checkGranted(_ host: Int, _ granted: Granted, as what: String) {
        let reading = hosts[host].process!.reading
        // What the asker has released in the same frame need not be held for it.
        if let grant = record(host, granted.group)?.grant, grant.holder == granted.holder,
            grant.term == granted.term,
            !grant.released
                || isReleased(grant, of: granted.group, by: hosts[host].process!.current),
            grant.expiry >= reading.raw + granted.length
        {
            if granted.length.nanoseconds > hosts[host].directory.longestLease {
                violate(.leaseRecord, "\(hosts[host].name) grants more than is on record")
            }
            return
        }
        violate(
            .frameAfterPage,
            "\(hosts[host].name) sends \(what) that is not in its page"
        )
    }

    private func checkRequest(_ host: Int, _ request: Request) {
        guard let used = record(host, request.group)?.highestUsed, used >= request.term else {
            return violate(
                .frameAfterPage,
                "\(hosts[host].name) asks for t\(request.term.number), which is not in its page"
            )
        }
    }

    private func checkRelease(_ host: Int, _ release: Release) {
        if isOpen(host, index(release.group)) {
            violate(
                .releaseBehindGate,
                "\(hosts[host].name) releases t\(release.term.number) while its gate is open"
            )
        }
        checkDrained(host, index(release.group), "releases t\(release.term.number)")
        if let vote = release.vote {
            let known = record(host, release.group)
            guard let known, known.highestGranted >= vote.term else {
                return violate(
                    .frameAfterPage,
                    "\(hosts[host].name) sends a vote that is not in its page"
                )
            }
        }
        if calm, !scenario.automaticFailback {
            violate(.liveness, "\(hosts[host].name) releases t\(release.term.number)")
        }
    }

    /// What passed the gate before it was closed may leave for a margin, and by another way than
    /// the frame that lets the next owner in.
    private func checkDrained(_ host: Int, _ group: Int, _ deed: String) {
        guard now < hosts[host].gates[group].drainsUntil else { return }
        violate(.releaseBehindGate, "\(hosts[host].name) \(deed) before its last frames have left")
    }

    private func checkAcknowledged(
        _ host: Int,
        _ group: GroupID,
        _ term: Term,
        _ holder: Holder
    ) {
        guard let grant = record(host, group)?.grant else { return }
        let raw = hosts[host].process!.reading.raw
        if grant.holder == holder, grant.term == term, !grant.released, raw < grant.expiry {
            violate(.frameAfterPage, "\(hosts[host].name) acknowledges what its page still grants")
        }
    }

    func checkAnnouncement(_ host: Int, _ group: Int) {
        let addresses = hosts[host].process!.addresses
        let position = addresses?.index(of: Self.groupID(group))
        let known = position.flatMap { addresses?.groups[$0] }
        let gate = hosts[host].gates[group]
        let boottime = hosts[host].process!.reading.boottime.nanoseconds
        // What somebody has taken off, and the agent has not heard of yet, it may announce.
        let isNews = hosts[host].process!.pending.contains { event in
            if case .addressesFound(Self.groupID(group), _, _) = event { true } else { false }
        }
        if !isNews, !hosts[host].has(group), known?.isAbsent == true, known?.isBusy == false {
            violate(.announcement, "\(hosts[host].name) announces g\(group + 1) without having it")
        }
        // One that is yet to be found closes by itself before it is opened for longer.
        if hosts[host].areGatesFound, hosts[host].process?.gate?.isPending != true,
            hosts[host].process?.gate?.unavailability == nil, !gate.isOpen(boottime: boottime)
        {
            violate(.announcement, "\(hosts[host].name) announces g\(group + 1) behind its gate")
        }
    }

    // MARK: The step as a whole

    func checkStep(_ host: Int, _ incoming: Process.Incoming, _ effects: [Effect]) {
        guard case .received(let frame)? = incoming.event else { return }
        checkForced(host, frame, effects)
        checkDoubt(host, frame, effects)
    }

    func checkEndOfStep(_ host: Int) {
        checkGates(host)
        checkIdleOwner(host)
    }

    /// What its voter has granted by the old list of voters is outwaited.
    func checkAcceptance(_ host: Int) {
        guard let header = hosts[host].page?.header, let reading = hosts[host].process?.reading
        else { return }
        if header.abstentionEnd - reading.raw < .nanoseconds(hosts[host].directory.longestLease) {
            violate(.pageRemembers, "\(hosts[host].name) votes at once by another list of voters")
        }
    }

    func checkRemoval(_ host: Int, _ addresses: [InterfaceAddress]) {
        guard scenario.aim == .quiet, let first = addresses.first else { return }
        let group = SimulatedKernel.group(of: first.address)
        guard history[group].last == host else { return }
        violate(.calm, "\(hosts[host].name) takes the addresses of g\(group + 1) off")
    }

    /// What was seen before, or was sent before this process began, changes nothing; at most it is
    /// answered with a challenge.
    func checkReplay(
        _ host: Int,
        _ incoming: Process.Incoming,
        _ recording: Network.RecordingID,
        at reading: Reading
    ) {
        guard let process = hosts[host].process, let event = incoming.event else { return }
        let known = network.recordings[recording.slot].sent.recording == recording
        let seen = known && network.recordings[recording.slot].seenBy == process.life
        if known { network.recordings[recording.slot].seenBy = process.life }
        let old = seen || incoming.sentAt < process.since
        guard old, process.started else { return }
        var probe = process.agent
        // What is due may make something else due, which it does whatever comes next.
        for _ in 0..<4 { _ = probe.step(.wake, at: reading) }
        for effect in probe.step(event, at: reading) {
            if case .send(let frame) = effect, frame.records.isEmpty { continue }
            violate(.replay, "\(hosts[host].name) takes a recorded frame: \(describe(effect))")
        }
    }

    /// A forced owner that is told, by a process that proves to be alive, of another owner.
    private func checkForced(_ host: Int, _ frame: Frame, _ effects: [Effect]) {
        guard scenario[.force] > 0, let process = hosts[host].process else { return }
        guard frame.proof == process.challenges[index(frame.sender)], frame.proof != 0 else {
            return
        }
        for case .condition(let condition) in frame.records where condition.owns {
            let group = index(condition.group)
            let gate = hosts[host].gates[group]
            let reading = process.reading.boottime.nanoseconds
            guard gate.forced, gate.isOpen(boottime: reading) else { continue }
            guard !effects.contains(.closeGate(condition.group)), isNew(frame, to: host) else {
                continue
            }
            violate(
                .forcedEnds,
                "\(hosts[host].name) hears that \(frame.sender.bits) owns, and goes on"
            )
        }
    }

    /// Whether no frame of this session with as high a number has been read.
    func isNew(_ frame: Frame, to host: Int) -> Bool {
        let known = hosts[host].process!.greatestSequences[index(frame.sender)]
            .first { $0.session == frame.session }
        return known.map { $0.number < frame.sequence } ?? true
    }

    func noteFrame(_ host: Int, _ frame: Frame) {
        guard isNew(frame, to: host) else { return }
        let sender = index(frame.sender)
        hosts[host].process!.greatestSequences[sender].removeAll { $0.session == frame.session }
        hosts[host].process!.greatestSequences[sender].append((frame.session, frame.sequence))
    }

    func checkLeaseRecord(_ host: Int, _ lease: Int64) {
        let raw = hosts[host].clocks.raw(at: now)
        for record in hosts[host].page?.records ?? [] {
            guard let grant = record.grant, !grant.released else { continue }
            if grant.expiry.nanoseconds - raw > lease {
                violate(.leaseRecord, "\(hosts[host].name) records less than it has granted")
            }
        }
    }

    // MARK: Reports

    /// A term that was given up is never used again: every candidacy has a higher one.
    func checkReport(_ host: Int, _ report: Report) {
        guard
            case .transition(let id, from: _, to: .candidate, let term, reason: _, after: _) =
                report
        else { return }
        let group = index(id)
        if !hosts[host].process!.gateInPlace[group] {
            violate(.gateFirst, "\(hosts[host].name) asks for g\(group + 1) without its gate")
        }
        checkPosts(host, id)
        if let last = hosts[host].process!.candidacies[group], last >= term {
            violate(
                .terms,
                "\(hosts[host].name) asks in t\(term.number) for g\(group + 1), after t\(last.number)"
            )
        }
        hosts[host].process!.candidacies[group] = term
    }

    // MARK: Commands and timers

    func checkReply(_ host: Int, _ id: UInt64) {
        // The host asks for announcements by itself, and waits for no answer.
        guard id != 0 else { return }
        guard let position = hosts[host].process?.commands.firstIndex(of: id) else {
            return violate(.replies, "\(hosts[host].name) answers command \(id) unasked")
        }
        hosts[host].process!.commands.remove(at: position)
    }

    /// The same of its host.
    func checkHostTimer(_ host: Int) {
        guard let process = hosts[host].process else { return }
        let now = process.reading.boottime
        guard let due = process.host?.dueAt(now: now), due <= now else { return }
        violate(.liveness, "\(hosts[host].name) does not do what is due")
    }

    /// Having done all that was due, an agent does not ask to be woken for it again and again.
    func checkTimer(_ host: Int, _ due: Instant) {
        guard let process = hosts[host].process else { return }
        guard due <= process.reading.boottime else {
            hosts[host].process!.idleWakes = 0
            return
        }
        hosts[host].process!.idleWakes += 1
        if process.idleWakes > 100 {
            violate(.liveness, "\(hosts[host].name) never sleeps")
        }
    }
}
