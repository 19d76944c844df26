import VIPCore
import VIPHost

/// What effects do to a host's kernel and disk.
extension World {
    func carryOut(_ effect: Effect, _ host: Int) {
        note(effect, by: host)
        checkBefore(effect, host)
        stepHost(host, .effect(effect))
        guard hosts[host].process != nil else { return }
        switch effect {
        case .writeHeader(let header): write(header, host)
        case .writeRecord(let record): write(record, host)
        case .openGate(let group, _): check(index(group))
        case .closeGate, .addAddresses, .removeAddresses, .announce: break
        case .send(let frame):
            checkSend(host, frame)
            hosts[host].process!.challenges[index(frame.receiver)] = frame.challenge
            transmit(frame, from: host)
        case .recordLease(let lease):
            hosts[host].directory.waiting.append(
                .lease(lease.nanoseconds, life: hosts[host].process!.life)
            )
            planDirectory(host)
        case .recordTerm(let group, let term):
            hosts[host].directory.waiting.append(.term(group: index(group), term))
            planDirectory(host)
        case .recordVoters:
            checkAcceptance(host)
            hosts[host].directory.voterSet = hosts[host].voterSet
        case .reply(let id, _): checkReply(host, id)
        case .report(let report): checkReport(host, report)
        case .exit:
            // This kernel is never too busy to take the gate away.
            end(host, "exits")
            planRestart(host)
        }
    }

    // MARK: Page

    private func write(_ header: PageHeader, _ host: Int) {
        checkHeader(host, header)
        if hosts[host].page?.header.incarnation == header.incarnation {
            hosts[host].page!.header = header
        } else {
            hosts[host].page = Page(header: header, records: [])
        }
        checkAll()
    }

    private func write(_ record: GroupRecord, _ host: Int) {
        checkRecord(host, record)
        guard hosts[host].page != nil else {
            return violate(.pageRemembers, "\(hosts[host].name) writes a record before a header")
        }
        let position = hosts[host].page!.records.firstIndex { $0.group >= record.group }
        if let position, hosts[host].page!.records[position].group == record.group {
            hosts[host].page!.records[position] = record
        } else {
            let end = hosts[host].page!.records.endIndex
            hosts[host].page!.records.insert(record, at: position ?? end)
        }
        check(index(record.group))
    }

    // MARK: Gate

    /// What is to be known of an effect before the host hears of it.
    private func checkBefore(_ effect: Effect, _ host: Int) {
        switch effect {
        case .openGate(let id, let until): checkOpening(host, id, until)
        // Where there is no gate, what was let through until now is on its way, too.
        case .closeGate(let id):
            if hosts[host].areGatesFound, isOpen(host, index(id)) { noteDrain(host, index(id)) }
        case .addAddresses(let id, _, _, _): noteHolder(host, index(id))
        case .announce(let id): checkAnnouncement(host, index(id))
        case .writeHeader, .writeRecord, .removeAddresses, .send, .recordLease, .recordTerm,
            .recordVoters, .reply, .report, .exit:
            break
        }
    }

    private func checkOpening(_ host: Int, _ id: GroupID, _ until: Instant) {
        let group = index(id)
        let record = hosts[host].page?.records.first { $0.group == id }
        checkOpening(host, group, until.nanoseconds, record?.tenure)
        if calm, !isOpen(host, group), !scenario.automaticFailback {
            violate(.liveness, "\(hosts[host].name) had closed the gate of g\(group + 1)")
        }
        noteHolder(host, group)
    }

    /// On whose behalf, by the page, its addresses answer from now on.
    private func noteHolder(_ host: Int, _ group: Int) {
        let page = hosts[host].page
        let record = page?.records.first { $0.group == Self.groupID(group) }
        hosts[host].gates[group].holder = page.map {
            Holder(host: hosts[host].id, incarnation: $0.header.incarnation)
        }
        hosts[host].gates[group].forced = record?.tenure?.forced ?? false
    }

    // MARK: Disk

    private func planDirectory(_ host: Int) {
        guard hosts[host].directory.waiting.count == 1 else { return }
        let delay = healed ? 0 : timingRandom.within(0...scenario.directoryDelay)
        plan(.writeDirectory(host: host, boot: hosts[host].boot), after: delay)
    }

    func writeDirectory(_ host: Int) {
        let waiting = hosts[host].directory.waiting
        hosts[host].directory.waiting = []
        guard let life = hosts[host].process?.life else { return }
        for write in waiting {
            switch write {
            case .lease(let lease, let asker) where asker == life:
                checkLeaseRecord(host, lease)
                hosts[host].directory.longestLease = lease
                longestLease = max(longestLease, lease)
                tell(host, .leaseRecorded(.nanoseconds(lease)))
            case .lease: break
            case .term(let group, let term):
                let highest = max(hosts[host].directory.highestTerms[group], term)
                hosts[host].directory.highestTerms[group] = highest
            }
        }
    }
}
