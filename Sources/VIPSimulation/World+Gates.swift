import VIPCore
import VIPHost
import VIPNet

/// The carrier of the shipped `HostGate`: what it decides is done at once, or by its worker.
extension World {
    /// As the page has it when the process begins.
    func gate(of host: Int) -> HostGate {
        HostGate(
            groups: (0..<scenario.groups).filter { hosts[host].groups[$0] }.map { group in
                GateGroup(
                    id: Self.groupID(group),
                    addresses: SimulatedKernel.addresses(of: group).map(\.address),
                    fallback: scenario.canDoWithoutGate ? .lifetimes : nil
                )
            },
            records: hosts[host].page?.records ?? [],
            patience: .nanoseconds(scenario.gatePatience),
            at: hosts[host].clocks.reading(at: now)
        )
    }

    // MARK: The start

    /// What has come while the start waits for its gate.
    ///
    /// - Returns: whether there is nothing more to wait for.
    func awaitGate(_ host: Int) -> Bool {
        guard let process = hosts[host].process else { return false }
        handleGateReports(host)
        if let deadline = process.gate?.deadline {
            let boottime = hosts[host].clocks.boottime(at: now)
            if deadline.nanoseconds <= boottime { stepHost(host, .gate(.wake)) }
        }
        guard let deadline = process.gate?.deadline else { return true }
        let time = hosts[host].clocks.time(boottime: deadline.nanoseconds)
        let late = healed ? scenario.lateness.lowerBound : hostRandom.within(scenario.lateness)
        plan(.awaitGate(host: host, life: process.life), after: time - now + late + 1)
        return false
    }

    // MARK: Steps

    func handleGateReports(_ host: Int) {
        guard let process = hosts[host].process, !process.gateWorker.reports.isEmpty else { return }
        let reports = process.gateWorker.reports
        process.gateWorker.reports = []
        for report in reports {
            switch report {
            case .attachments(let attachments): process.postsHeard = attachments
            case .found, .notFound, .loaded, .unavailable, .repaired, .failed, .notPinned,
                .takenAway:
                break
            }
        }
        stepHost(host, .gate(.reports(reports)))
    }

    /// - Returns: the answer, if there is one at once.
    func carryOut(_ action: GateAction, _ host: Int) -> GateEvent? {
        let process = hosts[host].process!
        switch action {
        case .find(.interfaces): ask(host, .find)
        case .find(let search): return .reports([find(search, host)])
        case .load: ask(host, .load)
        case .letGo: process.gateAtHand = nil
        case .closeSlots(let open):
            guard let gate = process.gateAtHand else { break }
            changeGates(host) {
                for slot in gate.slots where !open.contains(slot.number) {
                    gate.set(slot.number, deadline: 0)
                }
            }
        case .assign(let slot, let group): process.gateAtHand?.assign(slot, to: group)
        case .openSlot(let slot, let until): set(slot, deadline: until.nanoseconds, host)
        case .closeSlot(let slot):
            checkForbidden(host, slot)
            set(slot, deadline: 0, host)
        case .keep:
            guard let gate = process.gateAtHand else { break }
            ask(host, .keep(gate))
        case .removeForeignGate(let silenced):
            return .foreignGateRemoved(removeGate(host, silenced), silenced: silenced)
        case .sweep: ask(host, .sweep)
        case .takeAway:
            process.gateWorker = GateWorker()
            process.gateWorker.reports = [.takenAway(removeGate(host, []))]
        case .put, .store, .tell, .note: break
        }
        return nil
    }

    /// One store into the memory that the kernel looks into.
    private func set(_ slot: UInt32, deadline: Int64, _ host: Int) {
        guard let gate = hosts[host].process?.gateAtHand, let id = gate.group(of: slot) else {
            return
        }
        let group = index(id)
        let wasOpen = isOpen(host, group)
        gate.set(slot, deadline: deadline)
        noteDeadline(host, group)
        if wasOpen, !isOpen(host, group) { noteDrain(host, group) }
        check(group)
    }

    /// By descriptors that the process before has left, or the service manager; or by pins.
    private func find(_ search: GateSearch, _ host: Int) -> GateReport {
        let isThere = healed || hostRandom.happens(300_000)
        guard isThere, let gate = hosts[host].hooks.kept, !gate.isForeign else {
            return .notFound(search)
        }
        return found(gate, by: search == .pins ? .pins : .descriptors, host)
    }

    func found(_ gate: SimulatedGate, by way: GateWay, _ host: Int) -> GateReport {
        hosts[host].process!.gateAtHand = gate
        return .found(way, gate.slots.map { GateOccupant(slot: $0.number, group: $0.group) })
    }

    // MARK: The kernel

    /// Whatever sits there. It stays while an address is left that nothing else silences.
    private func removeGate(_ host: Int, _ silenced: [GroupID]) -> GateRemovalReport {
        let left = hosts[host].kernel.held.joined().filter { held in
            let group = SimulatedKernel.group(of: held.address.address)
            return (held.address.isOurs || hosts[host].groups[group])
                && !silenced.contains(Self.groupID(group))
        }
        guard left.isEmpty else {
            return GateRemovalReport(failures: left.map { "\($0.address)" }, isNeeded: true)
        }
        guard hosts[host].hooks.attachments.contains(where: { $0 != nil }) else {
            return GateRemovalReport()
        }
        note("\(hosts[host].name) takes its gate away")
        changeGates(host) {
            for number in hosts[host].hooks.attachments.indices {
                hosts[host].hooks.attachments[number] = nil
            }
            hosts[host].hooks.kept = nil
        }
        return GateRemovalReport(removed: ["gate"])
    }

    /// Whatever changes more than one deadline of what sits on the interfaces.
    func changeGates(_ host: Int, _ change: () -> Void) {
        let wasOpen = (0..<scenario.groups).map { isOpen(host, $0) }
        let wasInPlace = hosts[host].gateInPlace
        change()
        hosts[host].gateInPlace = hosts[host].hooks.attachments.allSatisfy { $0 != nil }
        hosts[host].gateIsForeign = hosts[host].hooks.attachments.contains { $0?.isForeign == true }
        if wasInPlace != hosts[host].gateInPlace {
            note("\(hosts[host].name) \(wasInPlace ? "has no" : "has its") gate")
        }
        for group in 0..<scenario.groups {
            noteDeadline(host, group)
            if wasInPlace, wasOpen[group], !isOpen(host, group) { noteDrain(host, group) }
        }
        checkAll()
    }

    /// What the kernel has for the group: on one interface another gate may sit than on another.
    private func noteDeadline(_ host: Int, _ group: Int) {
        let id = Self.groupID(group)
        var (deadline, sits) = (Int64(0), false)
        for case let gate? in hosts[host].hooks.attachments {
            (deadline, sits) = (max(deadline, gate.deadline(of: id)), true)
        }
        if !sits, let gate = hosts[host].process?.gateAtHand ?? hosts[host].hooks.kept {
            deadline = gate.deadline(of: id)
        }
        hosts[host].gates[group].deadline = deadline
    }

    /// What was let through until now may be on its way out.
    func noteDrain(_ host: Int, _ group: Int) {
        hosts[host].gates[group].drainsUntil = now + scenario.margin
    }

    // MARK: Faults

    /// Addresses that somebody has added, and the agent has not taken off yet, would be a second
    /// fault.
    func deleteGate(_ host: Int) {
        guard hosts[host].runs, hosts[host].isNode, hosts[host].gateInPlace,
            !hasAddressForGood(host)
        else { return }
        for group in 0..<scenario.groups where hosts[host].has(group) {
            let record = hosts[host].page?.records.first { $0.group == Self.groupID(group) }
            guard record?.tenure != nil else { return }
        }
        let hooks = hosts[host].hooks.attachments.indices
        let only = hostRandom.happens(500_000) ? hostRandom.below(hooks.count) : nil
        let refuses = hostRandom.happens(400_000)
        note("\(hosts[host].name) somebody deletes the gate")
        changeGates(host) {
            for number in hooks where only == nil || only == number {
                hosts[host].hooks.attachments[number] = nil
                hosts[host].hooks.refuses[number] = refuses
            }
        }
        if refuses {
            plan(
                .mendGate(host: host, boot: hosts[host].boot),
                after: hostRandom.within(0...scenario.lease * 3)
            )
        }
        guard let life = hosts[host].process?.life else { return }
        plan(.watchGate(host: host, life: life), after: gateTime())
    }

    /// What others have added: without a gate nobody could keep it from answering.
    private func hasAddressForGood(_ host: Int) -> Bool {
        hosts[host].kernel.held.joined().contains { $0.expiry == nil }
    }

    func mendGate(_ host: Int) {
        for number in hosts[host].hooks.refuses.indices {
            hosts[host].hooks.refuses[number] = false
        }
    }

    /// The host goes on with an agent of another build, which can't open the gate that is there; or
    /// with one that can make none.
    func changeBuild(_ host: Int) {
        guard hosts[host].runs, hosts[host].isNode, !hasAddressForGood(host) else { return }
        kill(host)
        planRestart(host)
        if hostRandom.happens(700_000) {
            note("\(hosts[host].name) gets an agent of another build")
            changeGates(host) {
                for case let gate? in hosts[host].hooks.attachments { gate.isForeign = true }
                hosts[host].hooks.kept?.isForeign = true
            }
        }
        if hostRandom.happens(scenario.canDoWithoutGate ? 500_000 : 200_000) {
            hosts[host].hooks.support = hostRandom.pick(InterfaceHooks.Support.allCases)
            note("\(hosts[host].name) can have a gate: \(hosts[host].hooks.support)")
        }
    }
}
