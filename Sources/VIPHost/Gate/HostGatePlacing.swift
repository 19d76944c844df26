import VIPCore

/// From the gate that was found, or made, to the interfaces.
extension HostGate {
    /// Uses the gate of an earlier process. One that has no room for all groups is only closed, and
    /// the next is looked for.
    mutating func handle(
        _ occupants: [GateOccupant],
        by way: GateWay,
        _ progress: GatePosture.Progress,
        _ actions: inout [GateAction]
    ) {
        let slots = GateSlots(of: entries, among: occupants)
        var open = slotsLeftOpen(slots)
        if mutated(.unconfiguredSlotLeftOpen) {
            open += occupants.filter { entries.index(of: $0.group) == nil }.map(\.slot)
        }
        actions.append(.closeSlots(except: open))
        guard let complete = slots.completed() else {
            actions.append(.letGo)
            return goOn(after: way.search, progress, &actions)
        }
        let assignments = place(complete, found: slots.found, &actions)
        actions += [.note(.found(way)), .keep(assignments)]
        // Where a tenure goes on, it is enough for the start to know whether there is a gate.
        become(
            .pending(.placing(.found(way)), hasTenure ? progress.unawaited : progress),
            &actions
        )
    }

    mutating func handleNew(_ progress: GatePosture.Progress, _ actions: inout [GateAction]) {
        let slots = GateSlots(of: entries, among: [])
        guard let complete = slots.completed() else {
            preconditionFailure("a new gate has room for all groups")
        }
        let assignments = place(complete, found: slots.found, &actions)
        actions += [.keep(assignments), .note(.loaded)]
        become(
            .pending(.placing(.new), hasTenure ? progress.unawaited : progress),
            &actions
        )
    }

    /// In order. A group that has left the configuration has none, nor is it a group's second one.
    private func slotsLeftOpen(_ slots: GateSlots) -> [UInt32] {
        var left: [UInt32] = []
        for (entry, slot) in zip(entries, slots.found) {
            switch entry.hold {
            case .left, .open: if let slot { left.append(slot) }
            case .closed, .slot, .none: break
            }
        }
        return left.sorted()
    }

    /// Gives every group its slot, and opens what is to be open.
    private mutating func place(
        _ slots: [UInt32],
        found: [UInt32?],
        _ actions: inout [GateAction]
    ) -> [GateAssignment] {
        var assignments: [GateAssignment] = []
        assignments.reserveCapacity(slots.count)
        for (index, slot) in slots.enumerated() {
            let (group, hold) = (entries[index].group, entries[index].hold)
            let isNew = found[index] == nil
            if isNew { actions.append(.assign(slot: slot, group.id)) }
            switch hold {
            // As it was left: its deadline may be later than the page's.
            case .left where !isNew: break
            case .left(let until), .open(let until):
                actions.append(.openSlot(slot, until: until))
            case .closed, .slot, .none: break
            }
            entries[index].hold = .slot(slot)
            assignments.append(
                GateAssignment(group: group.id, slot: slot, addresses: group.addresses)
            )
        }
        actions.append(.put(assignments))
        return assignments
    }

    mutating func handle(_ attachments: [GateAttachment], _ actions: inout [GateAction]) {
        switch posture {
        case .pending(.placing(let origin), _):
            if let first = attachments.first, attachments.allSatisfy(\.isUnsupported) {
                actions.append(.letGo)
                return become(unavailable: first.failure ?? "it can't be attached", &actions)
            }
            // By now its programs are loaded, too.
            actions.append(.store(butInherited: origin == .found(.descriptors)))
            // A new one is at the hooks now, in the place of whatever was there.
            become(.kept(attachments), &actions)
            note(attachments, before: [], &actions)
        case .kept(let before):
            become(.kept(attachments), &actions)
            note(attachments, before: before, &actions)
        // A gate that can be attached after all is not relied on before the next start.
        case .unavailable: break
        case .unsought, .pending, .leaving, .gone: break
        }
    }

    private func note(
        _ attachments: [GateAttachment],
        before: [GateAttachment],
        _ actions: inout [GateAction]
    ) {
        for attachment in attachments {
            let old = before.index(of: attachment.interface, by: \.interface).map { before[$0] }
            if let failure = attachment.failure {
                actions.append(.note(.missing(on: attachment.name, failure)))
            } else if let old, !old.isWhole {
                actions.append(.note(.back(on: attachment.name)))
            }
            for risk in attachment.risks where old?.risks.contains(risk) != true {
                actions.append(.note(.risk(on: attachment.name, risk)))
            }
        }
    }

    // MARK: - Without a gate

    mutating func become(unavailable reason: String, _ actions: inout [GateAction]) {
        for index in entries.indices { entries[index].hold = .none }
        let groups = entries.reduce(0) { $0 + ($1.group.fallback == nil ? 1 : 0) }
        actions.append(.note(.unavailable(reason, groups: groups)))
        // While an address may be there that nothing else silences, what was left stays.
        if hasTenure {
            become(.unavailable(reason, .kept), &actions)
        } else {
            actions.append(.removeForeignGate(silenced: []))
            become(.unavailable(reason, .leaving(silenced: [])), &actions)
        }
    }

    /// Once a group is owned here that something else silences, a gate that nobody opens would make
    /// this host deaf and dumb for it. What is there of another group may have been put on in
    /// reliance on that gate, which stays until this has gone or is silenced, too.
    mutating func removeForeignUnderAddresses(_ actions: inout [GateAction]) {
        guard case .unavailable(let reason, let foreign) = posture else { return }
        let silenced = entries.filter {
            $0.isSilenced || mutated(.foreignGateRemovedUnderAddresses)
        }.map(\.group.id)
        switch foreign {
        case .none, .leaving(silenced): break
        case .kept, .leaving:
            posture = .unavailable(reason, .leaving(silenced: silenced))
            actions.append(.removeForeignGate(silenced: silenced))
        }
    }

    mutating func handleForeign(
        _ outcome: GateRemovalReport,
        silenced: [GroupID],
        _ actions: inout [GateAction]
    ) {
        actions += outcome.removed.map { .note(.foreignRemoved($0)) }
        actions += outcome.failures.map { .note(.foreignLeft($0)) }
        guard case .unavailable(let reason, .leaving(silenced)) = posture else { return }
        let isLeft = outcome.isNeeded || !outcome.failures.isEmpty && silenced.isEmpty
        posture = .unavailable(reason, isLeft ? .kept : .none)
    }

    // MARK: - What the core is told

    /// Tells the core that what an earlier process left open is closed, as soon as it is: the first
    /// event after it that the core hears of the gate.
    private mutating func become(_ next: GatePosture, _ actions: inout [GateAction]) {
        let wasFound = posture.isFound
        posture = next
        if !wasFound, next.isFound { actions.append(.tell(.gatesClosed)) }
    }

    /// Tells the core of every group for which it is no longer as it was last told.
    mutating func tell(_ actions: inout [GateAction]) {
        guard let picture = posture.picture, picture != told else { return }
        for entry in entries where picture.has(entry) != told.has(entry) {
            actions.append(.tell(.gate(entry.group.id, inPlace: picture.has(entry))))
        }
        told = picture
    }
}
