import VIPCore
import VIPHost

/// What the worker of a gate does, each thing once the kernel has the time; after the death of its
/// process nothing.
extension World {
    /// How long it takes, should the kernel have nothing else to do.
    func gateTime() -> TrueTime {
        healed ? scenario.kernelDelay.lowerBound : hostRandom.within(0...scenario.heartbeat / 2)
    }

    func ask(_ host: Int, _ order: GateWorker.Order) {
        let process = hosts[host].process!
        process.gateWorker.orders.append(order)
        let free = max(now, process.gateWorker.busyUntil)
        var time = free + gateTime()
        // The one thing that does not need the kernel's lock.
        if case .load = order {} else { time = max(time, hosts[host].kernel.busyUntil) }
        process.gateWorker.busyUntil = time
        plan(.gateWork(host: host, life: process.life), after: time - now)
    }

    /// The worker gets round to the next thing. A stopped process has a stopped worker.
    func workOnGate(_ host: Int) {
        guard let process = hosts[host].process, !process.gateWorker.orders.isEmpty else { return }
        guard !process.hung else {
            plan(.gateWork(host: host, life: process.life), after: scenario.heartbeat)
            return
        }
        switch process.gateWorker.orders.removeFirst() {
        case .find:
            let sitting = hosts[host].hooks.attachments.firstIndex { $0?.isForeign == false }
            if let sitting, let gate = hosts[host].hooks.attachments[sitting] {
                let way = GateWay.program(interface: SimulatedLink.name(sitting))
                report(host, found(gate, by: way, host))
            } else {
                load(host)
            }
        case .load: load(host)
        case .keep(let gate):
            process.gateWorker.keeps = gate
            watchGate(host)
        case .sweep: watchGate(host)
        }
    }

    private func load(_ host: Int) {
        guard hosts[host].hooks.support != .none else {
            return report(host, .unavailable("simulated"))
        }
        hosts[host].process!.gateAtHand = SimulatedGate()
        report(host, .loaded)
    }

    private func report(_ host: Int, _ report: GateReport) {
        guard let process = hosts[host].process else { return }
        process.gateWorker.reports.append(report)
        if case .starting = process.phase {
            proceedDue(host)
        } else if process.gateWorker.reports.count == 1 {
            tell(host, .gate)
        }
    }

    /// Has it sit on every interface, and tells where it does.
    func watchGate(_ host: Int) {
        guard let process = hosts[host].process, let gate = process.gateWorker.keeps else { return }
        guard !process.hung else { return watchGate(host, after: scenario.heartbeat) }
        var attachments: [GateAttachment] = []
        var repaired: [String] = []
        changeGates(host) {
            for number in hosts[host].hooks.attachments.indices {
                let name = SimulatedLink.name(number)
                let isNew = hosts[host].hooks.attachments[number] !== gate
                if isNew, attach(gate, number, host), process.gateWorker.told != nil {
                    repaired.append(name)
                }
                attachments.append(attachment(number, of: gate, host))
            }
        }
        for name in repaired { report(host, .repaired(name)) }
        if attachments != process.gateWorker.told {
            process.gateWorker.told = attachments
            report(host, .attachments(attachments))
        }
        if !attachments.allSatisfy(\.isWhole) { watchGate(host, after: scenario.heartbeat) }
    }

    /// - Returns: whether the kernel lets it sit there.
    private func attach(_ gate: SimulatedGate, _ number: Int, _ host: Int) -> Bool {
        guard hosts[host].hooks.support == .full, !hosts[host].hooks.refuses[number] else {
            return false
        }
        hosts[host].hooks.attachments[number] = gate
        hosts[host].hooks.kept = gate
        return true
    }

    private func attachment(_ number: Int, of gate: SimulatedGate, _ host: Int) -> GateAttachment {
        let isThere = hosts[host].hooks.attachments[number] === gate
        return GateAttachment(
            interface: Int32(2 + number),
            name: SimulatedLink.name(number),
            leaves: isThere,
            arrives: isThere,
            failure: isThere ? nil : "simulated",
            isUnsupported: !isThere && hosts[host].hooks.support != .full
        )
    }

    func watchGate(_ host: Int, after span: TrueTime) {
        guard let process = hosts[host].process, !process.gateWorker.isWatching else { return }
        process.gateWorker.isWatching = true
        plan(.watchGate(host: host, life: process.life), after: span)
    }
}
