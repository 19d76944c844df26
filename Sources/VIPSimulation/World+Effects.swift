import VIPCore

/// What effects do to a host's kernel and disk.
extension World {
    func carryOut(_ effect: Effect, _ host: Int) {
        note("\(hosts[host].name) > \(describe(effect))")
        switch effect {
        case .writeHeader(let header): write(header, host)
        case .writeRecord(let record): write(record, host)
        case .openGate(let group, let until): openGate(host, index(group), until.nanoseconds)
        case .closeGate(let group): closeGate(host, index(group))
        case .addAddresses(let group, let request, let lifetime, let before):
            askAdd(host, index(group), request, lifetime.nanoseconds, before?.nanoseconds)
        case .removeAddresses(let group, let request): askRemove(host, index(group), request)
        case .announce(let group): checkAnnouncement(host, index(group))
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
            end(host, "exits")
            planRestart(host)
        }
    }

    // MARK: Page

    private func write(_ header: PageHeader, _ host: Int) {
        checkHeader(host, header)
        if hosts[host].page?.header.place == header.place {
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

    private func openGate(_ host: Int, _ group: Int, _ deadline: Int64) {
        let record = hosts[host].page?.records.first { $0.group == Self.groupID(group) }
        checkOpening(host, group, deadline, record?.tenure)
        let wasOpen = hosts[host].gates[group].isOpen(
            boottime: hosts[host].clocks.boottime(at: now)
        )
        hosts[host].gates[group].deadline = deadline
        hosts[host].process?.unclosed?.removeAll { $0 == group }
        noteHolder(host, group)
        if calm, !wasOpen, !scenario.automaticFailback {
            violate(.liveness, "\(hosts[host].name) had closed the gate of g\(group + 1)")
        }
        check(group)
    }

    func closeGate(_ host: Int, _ group: Int) {
        if hosts[host].process?.unclosed?.append(group) != nil { return }
        if isOpen(host, group) { hosts[host].gates[group].drainsUntil = now + scenario.margin }
        hosts[host].gates[group].deadline = 0
        check(group)
    }

    /// On whose behalf, by the page, its addresses answer from now on.
    private func noteHolder(_ host: Int, _ group: Int) {
        let page = hosts[host].page
        let record = page?.records.first { $0.group == Self.groupID(group) }
        hosts[host].gates[group].holder = page.map {
            Holder(host: hosts[host].id, place: $0.header.place)
        }
        hosts[host].gates[group].forced = record?.tenure?.forced ?? false
    }

    // MARK: Addresses

    private func kernelTime() -> TrueTime {
        healed ? scenario.kernelDelay.lowerBound : chance.within(scenario.kernelDelay)
    }

    /// The kernel does one thing after the other.
    private func kernelDone(_ host: Int) -> TrueTime {
        let time = max(now, hosts[host].kernelBusyUntil) + kernelTime()
        hosts[host].kernelBusyUntil = time
        return time
    }

    private func askAdd(
        _ host: Int,
        _ group: Int,
        _ request: UInt64,
        _ lifetime: Int64,
        _ before: Int64?
    ) {
        let addition = Addition(
            life: hosts[host].process!.life,
            group: group,
            request: request,
            lifetime: lifetime,
            before: before,
            fails: hosts[host].addsFail && chance.happens(500_000)
        )
        noteHolder(host, group)
        queue.add(
            .add(host: host, boot: hosts[host].boot, addition),
            at: kernelDone(host)
        )
    }

    private func askRemove(_ host: Int, _ group: Int, _ request: UInt64) {
        checkRemoval(host, group)
        hosts[host].addresses[group].removals += 1
        queue.add(
            .remove(
                host: host,
                boot: hosts[host].boot,
                life: hosts[host].process!.life,
                group: group,
                request: request
            ),
            at: kernelDone(host)
        )
    }

    /// Where there is a limit, whoever asks the kernel looks at the clock right before.
    func add(_ host: Int, _ addition: Addition) {
        let (life, group, request) = (addition.life, addition.group, addition.request)
        let boottime = hosts[host].clocks.boottime(at: now)
        if let before = addition.before, boottime >= before, !mutated(.lateRequestMade) {
            plan(
                .answerLate(host: host, life: life, group: group, request: request),
                after: kernelTime()
            )
            return
        }
        let present = hosts[host].addresses[group].present
        if !addition.fails {
            hosts[host].addresses[group].present = SimulatedAddresses.all
            let late = luck.within(20 * Scenario.milliseconds...Self.kernelLateness)
            let expiry = boottime + addition.lifetime
            hosts[host].addresses[group].expiry = expiry + late
            hosts[host].addresses[group].latestExpiry = expiry + Self.kernelLateness
            planExpiry(host, group)
            tellOthers(host, life, group, changed: present != SimulatedAddresses.all)
            check(group)
        }
        plan(
            .answerAdd(
                host: host,
                life: life,
                group: group,
                request: request,
                failed: addition.fails
            ),
            after: kernelTime()
        )
    }

    func remove(_ host: Int, _ life: Int, _ group: Int, _ request: UInt64) {
        let present = hosts[host].addresses[group].present
        hosts[host].addresses[group].present = 0
        hosts[host].addresses[group].removals -= 1
        tellOthers(host, life, group, changed: present > 0)
        check(group)
        plan(
            .answerRemove(host: host, life: life, group: group, request: request),
            after: kernelTime()
        )
    }

    /// The kernel takes an address off this much after its lifetime at the latest.
    static let kernelLateness: TrueTime = 1_300 * Scenario.milliseconds

    /// Its jiffies are slewed with BOOTTIME, so this is planned anew whenever that changes.
    func planExpiry(_ host: Int, _ group: Int) {
        hosts[host].addresses[group].expiries += 1
        let time = hosts[host].clocks.time(boottime: hosts[host].addresses[group].expiry)
        guard time < .max / 8 else { return }
        plan(
            .expire(
                host: host,
                boot: hosts[host].boot,
                group: group,
                serial: hosts[host].addresses[group].expiries
            ),
            after: time - now
        )
    }

    func planExpiries(_ host: Int) {
        for group in 0..<scenario.groups where hosts[host].addresses[group].present > 0 {
            planExpiry(host, group)
        }
    }

    func expireAddresses(_ host: Int, _ group: Int, _ serial: Int) {
        guard hosts[host].addresses[group].expiries == serial else { return }
        guard hosts[host].addresses[group].present > 0 else { return }
        note("\(hosts[host].name) kernel expires the addresses of g\(group + 1)")
        change(host, group, present: 0)
    }

    /// Another life than the one that asked is told like anybody else.
    private func tellOthers(_ host: Int, _ life: Int, _ group: Int, changed: Bool) {
        guard changed, let present = hosts[host].process?.life, present != life else { return }
        plan(.tellAddresses(host: host, life: present, group: group), after: kernelTime())
    }

    /// Somebody else changes addresses: an operator, or the kernel.
    func change(_ host: Int, _ group: Int, present: Int) {
        hosts[host].addresses[group].present = present
        check(group)
        guard let life = hosts[host].process?.life else { return }
        hosts[host].addresses[group].untold = true
        plan(.tellAddresses(host: host, life: life, group: group), after: kernelTime())
    }

    func tellAddresses(_ host: Int, _ group: Int) {
        guard hosts[host].isNode, hosts[host].groups[group] else { return }
        let present = hosts[host].addresses[group].present
        tell(
            host,
            .addressesFound(
                Self.groupID(group),
                all: present == SimulatedAddresses.all,
                some: present > 0
            )
        )
    }

    func tellInterface(_ host: Int, _ group: Int) {
        guard hosts[host].isNode, hosts[host].groups[group] else { return }
        let up = hosts[host].carrier[group % scenario.paths]
        tell(host, .interface(Self.groupID(group), up: up))
    }

    // MARK: Disk

    private func planDirectory(_ host: Int) {
        guard hosts[host].directory.waiting.count == 1 else { return }
        let delay = healed ? 0 : chance.within(0...scenario.directoryDelay)
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
