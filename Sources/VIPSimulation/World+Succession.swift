import VIPCore
import VIPHost

/// What a configuration says otherwise from the next process on.
enum Reconfiguration {
    case lease(TrueTime)
    /// This group comes, or goes.
    case group(Int)
}

/// A process that is to become another one.
struct Succession {
    var change: Reconfiguration?
    /// From then on a host that owns nothing does not wait for a moment of rest.
    var patientUntil: TrueTime
}

/// Upgrades and reloads.
extension World {
    func askForSuccession(_ host: Int, _ change: Reconfiguration?) {
        guard hosts[host].process?.succession == nil else { return }
        hosts[host].process?.succession = Succession(
            change: change,
            patientUntil: now + hostRandom.within(0...scenario.lease * 2)
        )
    }

    func setLease(_ host: Int, _ lease: TrueTime) {
        hosts[host].lease = .nanoseconds(max(lease, scenario.heartbeat * 3))
    }

    /// As soon as it is at rest. What its sockets have received is not lost.
    func succeed(_ host: Int) {
        guard !healed, let process = hosts[host].process, let succession = process.succession else {
            return
        }
        let waiting = process.incoming.dropFirst(process.taken)
        let areFrames = waiting.allSatisfy { incoming in
            if case .received? = incoming.event { true } else { false }
        }
        guard areFrames, isMoment(host, process, succession) else { return }
        end(host, "re-executes")
        hosts[host].inherited = Array(waiting)
        switch succession.change {
        case nil: break
        case .lease(let lease): setLease(host, lease)
        case .group(let group): hosts[host].groups[group].toggle()
        }
        plan(
            .launch(host: host, boot: hosts[host].boot),
            after: hostRandom.within(0...scenario.heartbeat / 2)
        )
    }

    private func isMoment(_ host: Int, _ process: Process, _ succession: Succession) -> Bool {
        // The kernel has answered all that it was asked.
        guard process.pending.isEmpty, process.addresses?.isIdle ?? true else { return false }
        if process.agent.isAtRest(at: process.reading) {
            if process.agent.isForced || !process.commands.isEmpty {
                violate(.replies, "\(hosts[host].name) is at rest, and owes an answer")
            }
            return true
        }
        let owns = process.agent.status(at: process.reading).groups.contains {
            $0.state == .owner || $0.handingOver
        }
        return !owns && now > succession.patientUntil
    }
}
