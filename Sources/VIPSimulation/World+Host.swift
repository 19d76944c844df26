import VIPCore
import VIPHost

/// The carrier of the shipped `Host`.
extension World {
    func stepHost(_ host: Int, _ event: HostEvent) {
        guard let process = hosts[host].process, process.host != nil else { return }
        note(event, to: host)
        var answers: [HostEvent] = []
        for action in process.host!.step(event, at: instant(of: event, host)) {
            if isKilled(host, before: action) { return }
            if let answer = carryOut(action, host) { answers.append(answer) }
        }
        for answer in answers { stepHost(host, answer) }
    }

    /// What comes of a step is done at the reading of that step.
    private func instant(of event: HostEvent, _ host: Int) -> Instant {
        if case .effect = event { return hosts[host].process!.reading.boottime }
        return Instant(nanoseconds: hosts[host].clocks.boottime(at: now))
    }

    private func carryOut(_ action: HostAction, _ host: Int) -> HostEvent? {
        switch action {
        case .gate(let action): return carryOut(action, host).map(HostEvent.gate)
        case .addresses(let action): return carryOut(action, host).map(HostEvent.addresses)
        case .permit(let group, let until):
            checkPermit(host, group, until)
            hosts[host].process!.permits[group] = until
        case .forbid(let group): hosts[host].process!.permits[group] = nil
        case .tell(let event): hosts[host].process!.pending.append(event)
        case .tellNext(let event): hosts[host].process!.pending.insert(event, at: 0)
        }
        return nil
    }

    /// No announcement leaves before the gate is open, and none once it is closed.
    private func checkPermit(_ host: Int, _ group: Int, _ until: Instant) {
        guard let process = hosts[host].process, let gate = process.gate,
            let id = process.addresses?.groups[group].settings.id, gate.slot(of: id) != nil,
            let deadline = process.gateAtHand?.deadline(of: id), deadline < until.nanoseconds
        else { return }
        violate(.announcement, "\(hosts[host].name) may announce before its gate is open")
    }

    func checkForbidden(_ host: Int, _ slot: UInt32) {
        guard let process = hosts[host].process, let id = process.gateAtHand?.group(of: slot),
            let group = process.addresses?.index(of: id), process.permits[group] != nil
        else { return }
        violate(.announcement, "\(hosts[host].name) may announce behind its closed gate")
    }

    /// A death at any point of the start.
    private func isKilled(_ host: Int, before action: HostAction) -> Bool {
        guard let process = hosts[host].process, process.host?.hasStarted == false, !healed,
            hostRandom.happens(scenario.killInside)
        else { return false }
        end(host, "SIGKILL before \(action)")
        planRestart(host)
        return true
    }
}
