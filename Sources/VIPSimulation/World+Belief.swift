import VIPCore
import VIPHost

/// What is checked of owners that others speak against, or that can't serve.
extension World {
    /// An owner that is told, by a process that proves to be alive, of one in a higher term.
    func checkDoubt(_ host: Int, _ frame: Frame, _ effects: [Effect]) {
        for case .report(.tenureDoubted(let group, by: _, term: _)) in effects {
            hosts[host].process?.doubts[index(group)] = hosts[host].process?.reading.boottime
        }
        guard let process = hosts[host].process, frame.proof != 0,
            frame.proof == process.challenges[index(frame.sender)], isNew(frame, to: host)
        else { return }
        for case .condition(let condition) in frame.records
        where condition.owns && !condition.forced {
            // What else is in the frame may have led to a higher term, too.
            let written = effects.compactMap { effect -> GroupRecord? in
                guard case .writeRecord(let record) = effect, record.group == condition.group
                else { return nil }
                return record
            }
            let tenure = (written.last ?? record(host, condition.group))?.tenure
            let reading = process.reading.boottime.nanoseconds
            guard let tenure, !tenure.forced, condition.term > tenure.term,
                hosts[host].gates[index(condition.group)].isOpen(boottime: reading)
            else { continue }
            // Once a heartbeat: a voter may say so in each frame.
            if effects.contains(.closeGate(condition.group)) { continue }
            if let last = process.doubts[index(condition.group)],
                process.reading.boottime - last < .nanoseconds(scenario.heartbeat(of: host))
            {
                continue
            }
            violate(.doubt, "\(hosts[host].name) hears of an owner in a higher term, and goes on")
        }
    }

    /// Who asks for a lease has a gate that sits where it has to, as far as its worker has said and
    /// the core was told. That of a tenure that went on is believed to be there until then.
    func checkPosts(_ host: Int, _ id: GroupID) {
        guard let process = hosts[host].process, let gate = process.gate,
            !(gate.isPending && process.hadTenure(of: id))
        else { return }
        let isNews = process.pending.contains { event in
            if case .gate(id, inPlace: _) = event { true } else { false }
        }
        let isGuarded =
            gate.unavailability == nil
            ? process.postsHeard?.allSatisfy(\.isWhole) == true : scenario.canDoWithoutGate
        guard !isNews, !isGuarded else { return }
        violate(.gateFirst, "\(hosts[host].name) asks for g\(id.bits), and its gate is not there")
    }

    /// A node that has the lease, and no addresses that answer, lets others have it.
    func checkIdleOwner(_ host: Int) {
        guard scenario.aim == .kernels, let process = hosts[host].process else { return }
        let patience = max(hosts[host].lease, .seconds(1))
        for group in process.agent.status(at: process.reading).groups {
            let isIdle =
                group.state == .starting && group.unready != .abstaining
                && group.reason != .leftover
            guard isIdle else {
                process.idleSince[index(group.id)] = nil
                continue
            }
            let since = process.idleSince[index(group.id)] ?? process.reading.boottime
            process.idleSince[index(group.id)] = since
            guard process.reading.boottime - since > patience else { continue }
            violate(.idleOwner, "\(hosts[host].name) has g\(group.id.bits) and does not serve")
        }
    }
}
