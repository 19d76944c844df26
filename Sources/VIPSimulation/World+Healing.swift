import VIPCore
import VIPHost

/// The end of all faults, and what is demanded then.
extension World {
    func heal() {
        note("all faults end")
        healed = true
        lying = nil
        network.healAll()
        // Who hears an answer only when the next question is due can't be served for sure.
        let slowest = min(scenario.delay.upperBound, scenario.heartbeat / 20)
        network.delay = min(scenario.delay.lowerBound, slowest)...slowest
        for link in network.links.indices { flush(link) }
        for host in hosts.indices { heal(host) }
        plan(.demand, after: patience)
        plan(.end, after: patience + scenario.calmFor)
    }

    private func heal(_ host: Int) {
        hosts[host].abandoned = false
        hosts[host].addsFail = false
        var odd = hosts[host].voterSet != Self.voterSet || hosts[host].groups.contains(false)
        // A gate that can be had after all is for the next process.
        if !scenario.canDoWithoutGate {
            odd = odd || hosts[host].process?.gate?.unavailability != nil
        }
        hosts[host].voterSet = Self.voterSet
        hosts[host].groups = Array(repeating: true, count: scenario.groups)
        hosts[host].clocks.change(at: now, slew: 0)
        planExpiries(host)
        mendGate(host)
        if !scenario.canDoWithoutGate { hosts[host].hooks.support = .full }
        checkAll()
        if !hosts[host].powered { powerOn(host, hosts[host].boot) }
        resume(host, hosts[host].boot)
        if let life = hosts[host].process?.life, hosts[host].process?.hung == true {
            plan(.awaken(host: host, life: life), after: 0)
        }
        if odd { kill(host) }
        for path in 0..<scenario.paths {
            setCarrier(host, path, up: true)
            restoreLink(host, path)
        }
        for group in 0..<scenario.groups where !hosts[host].healthy[group] {
            setHealth(host, group, healthy: true)
        }
        hosts[host].maintenance = false
        guard hosts[host].process != nil else {
            return plan(.launch(host: host, boot: hosts[host].boot), after: scenario.heartbeat)
        }
        command(host, .maintenance(false))
        if hosts[host].process?.settings.suspended == true { command(host, .acceptVoters) }
    }

    /// After this long everybody is served: an incarnation that began with the healing abstains for
    /// the longest lease, grants to what is dead run for one more, each on a clock that may be
    /// slow; a few candidacies may meet; and addresses have to come and go. Handovers that were
    /// under way when the faults ended give up within half a second or two heartbeats, commands
    /// within two.
    var patience: TrueTime {
        var span = longestLease * 2 + longestLease / 50
        span += longestLease * 2 * TrueTime(scenario.drift) / 1_000_000
        span += scenario.heartbeat * 40 + scenario.delay.upperBound * 20
        span += scenario.kernelDelay.upperBound * 10 + scenario.lateness.upperBound * 10
        span += 200 * Scenario.milliseconds
        if let far = scenario.far { span += far.delay * 20 }
        // The kernel works off what it was asked for while it was slow.
        span += max(0, (hosts.map(\.kernel.busyUntil).max() ?? now) - now)
        if scenario[.shutdown] > 0 || scenario.aim == .releases {
            span += 1_500 * Scenario.milliseconds
        }
        if scenario.automaticFailback { span += scenario.lease * 2 }
        return span + (hosts.indices.map(refusalsBelieved).max() ?? 0)
    }

    /// How much longer a host waits before it asks its kernel again, after a refusal.
    private func refusalsBelieved(_ host: Int) -> TrueTime {
        guard let addresses = hosts[host].process?.addresses else { return 0 }
        let boottime = Instant(nanoseconds: hosts[host].clocks.boottime(at: now))
        let end = addresses.settledBy(now: boottime).nanoseconds
        return max(0, hosts[host].clocks.time(boottime: end) - now)
    }

    func demand() {
        let unserved = (0..<scenario.groups).contains { !isServed($0) }
        // A group that goes back to its preferred node just now is away for `margin` and a frame's
        // way.
        if scenario.automaticFailback, unserved, !isDemandRepeated {
            isDemandRepeated = true
            return plan(.demand, after: scenario.heartbeat * 2)
        }
        note("everybody must be served by now")
        calm = true
        isPauseSeen = false
        exposedUntil = 0
        checkAll()
        for host in hosts.indices {
            // One that was suspended for its voters is told that they are right.
            if hosts[host].process == nil {
                violate(.liveness, "\(hosts[host].name) does not run")
            }
        }
        for group in 0..<scenario.groups where !isServed(group) {
            violate(.liveness, "nobody answers for g\(group + 1)")
        }
        for host in hosts.indices { demandHearing(host) }
        for host in hosts.indices { checkKnowledge(host) }
    }

    private func isServed(_ group: Int) -> Bool {
        (0..<scenario.nodes).contains { answers($0, group) }
    }

    private func demandHearing(_ host: Int) {
        guard let process = hosts[host].process, let presence = process.presence else {
            guard hosts.count > 1 else { return }
            return violate(.liveness, "\(hosts[host].name) says nothing")
        }
        guard let unheard = presence.hearings.first(where: { !$0.heard }) else { return }
        violate(
            .liveness,
            "\(hosts[host].name) does not hear \(hosts[index(unheard.voter)].name)"
        )
    }
}
