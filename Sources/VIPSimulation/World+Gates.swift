import VIPCore

/// The shell's part in the gate, and what happens to it.
extension World {
    /// How long the worker takes to put it on all interfaces.
    func gateTime() -> TrueTime {
        healed ? scenario.kernelDelay.lowerBound : luck.within(0...scenario.heartbeat / 2)
    }

    /// Every third life looks for the gates of the one before only after its first step. No chance
    /// is drawn for it, which would shift all later draws.
    func findsGatesLate(_ host: Int) -> Bool {
        !healed && hosts[host].isNode && hosts[host].enforcement == .gate
            && lives.isMultiple(of: 3)
    }

    func findGates(_ host: Int) {
        guard let process = hosts[host].process, let unclosed = process.unclosed else { return }
        guard process.started, case .idle = process.phase, !process.hung else {
            let pause = max(1, scenario.heartbeat / 8)
            return plan(.findGates(host: host, life: process.life), after: pause)
        }
        note("\(hosts[host].name) has found its gates")
        process.unclosed = nil
        closeUnknownGates(host, process.settings)
        for group in unclosed { closeGate(host, group) }
        process.pending.insert(.gatesClosed, at: 0)
        proceed(host)
    }

    func tellGate(_ host: Int, inPlace: Bool) {
        hosts[host].process?.gateTold = inPlace
        for group in 0..<scenario.groups where hosts[host].groups[group] {
            tell(host, .gate(Self.groupID(group), inPlace: inPlace))
        }
    }

    /// Deadlines stay in their map. Addresses that somebody has added, and the agent has not taken
    /// off yet, would be a second fault.
    func deleteGate(_ host: Int) {
        guard hosts[host].runs, hosts[host].gateInPlace else { return }
        for group in 0..<scenario.groups where hosts[host].has(group) {
            let record = hosts[host].page?.records.first { $0.group == Self.groupID(group) }
            guard record?.tenure != nil else { return }
        }
        note("\(hosts[host].name) somebody deletes the gate")
        hosts[host].gateInPlace = false
        hosts[host].gateFails = luck.happens(400_000)
        if hosts[host].gateFails {
            plan(
                .mendGate(host: host, boot: hosts[host].boot),
                after: luck.within(0...scenario.lease * 3)
            )
        }
        checkAll()
        guard let life = hosts[host].process?.life else { return }
        plan(.noticeGate(host: host, life: life), after: gateTime())
    }

    /// Put back at once it is no news; otherwise the core is told, and it is tried again.
    func noticeGate(_ host: Int) {
        guard !hosts[host].gateInPlace else { return }
        if hosts[host].gateFails, hosts[host].process?.hung == false {
            tellGate(host, inPlace: false)
        }
        placeGate(host)
    }

    func placeGate(_ host: Int) {
        guard let process = hosts[host].process else { return }
        guard !process.hung, !hosts[host].gateFails else {
            plan(.placeGate(host: host, life: process.life), after: scenario.heartbeat)
            return
        }
        if !hosts[host].gateInPlace { note("\(hosts[host].name) has its gate") }
        hosts[host].gateInPlace = true
        checkAll()
        if !process.gateTold { tellGate(host, inPlace: true) }
    }
}
