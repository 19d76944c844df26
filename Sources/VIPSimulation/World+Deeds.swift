import VIPCore

/// What can be done to a host, its agent or the network; by a fault, or by a script.
extension World {
    // MARK: The agent

    func kill(_ host: Int) { end(host, "SIGKILL") }

    func hang(_ host: Int, for span: TrueTime) {
        guard let process = hosts[host].process, !process.hung else { return }
        note("\(hosts[host].name) SIGSTOP for \(text(span))")
        hosts[host].process!.hung = true
        plan(.awaken(host: host, life: process.life), after: span)
    }

    /// The page is gone; gate and addresses are as they were.
    func losePage(_ host: Int) {
        note("\(hosts[host].name) loses its page")
        noteAmnesia(host)
        hosts[host].page = nil
        checkAll()
    }

    /// A voter whose state directory is behind its page may grant lower terms later on.
    private func noteAmnesia(_ host: Int) {
        for record in hosts[host].page?.records ?? [] {
            let group = index(record.group)
            let kept = hosts[host].directory.highestTerms[group]
            if kept < record.highestGranted { history[group].amnesia = true }
        }
    }

    func command(_ host: Int, _ command: Command) {
        guard hosts[host].runs, hosts[host].process != nil else { return }
        commandsGiven += 1
        note("\(hosts[host].name) command \(commandsGiven): \(command)")
        hosts[host].process!.commands.append(commandsGiven)
        tell(host, .command(command, id: commandsGiven))
    }

    // MARK: The host

    func powerOff(_ host: Int) {
        guard hosts[host].powered else { return }
        end(host, "loses power")
        hosts[host].powered = false
        noteAmnesia(host)
        if hosts[host].isStopped { hosts[host].clocks.change(at: now, stop: nil) }
        hosts[host].deferred = []
        hosts[host].inherited = []
        hosts[host].page = nil
        hosts[host].boot += 1
        (hosts[host].gateInPlace, hosts[host].gateIsForeign) = (false, false)
        let hooks = hosts[host].hooks
        hosts[host].hooks = InterfaceHooks(hooks.attachments.count, hooks.support)
        hosts[host].gates = Array(repeating: GroupGate(), count: scenario.groups)
        hosts[host].kernel = SimulatedKernel(scenario)
        checkAll()
    }

    func reboot(_ host: Int, off span: TrueTime, losesDirectory: Bool) {
        powerOff(host)
        if losesDirectory {
            note("\(hosts[host].name) loses its state directory")
            let longest = hosts[host].directory.longestLease
            hosts[host].lease = .nanoseconds(max(longest, hosts[host].lease.nanoseconds))
            for group in 0..<scenario.groups
            where hosts[host].directory.highestTerms[group] != .none {
                history[group].amnesia = true
            }
            hosts[host].directory = StateDirectory(
                highestTerms: Array(repeating: .none, count: scenario.groups)
            )
        }
        plan(.powerOn(host: host, boot: hosts[host].boot), after: span)
    }

    func powerOn(_ host: Int, _ boot: Int) {
        guard !hosts[host].powered, hosts[host].boot == boot else { return }
        note("\(hosts[host].name) boots")
        hosts[host].powered = true
        hosts[host].clocks = drawClocks()
        checkAll()
        let delay = healed ? scenario.heartbeat : faultRandom.within(0...scenario.lease / 2)
        plan(.launch(host: host, boot: boot), after: delay)
    }

    func suspend(_ host: Int, for span: TrueTime) {
        guard hosts[host].runs else { return }
        note("\(hosts[host].name) is suspended for \(text(span))")
        hosts[host].clocks.change(at: now, stop: .suspended)
        planExpiries(host)
        checkAll()
        plan(.resume(host: host, boot: hosts[host].boot), after: span)
    }

    /// Like a suspend, but no clock tells of it: for as long as it lasts and a little longer the
    /// promise does not hold, as the README says.
    func pause(_ host: Int, for span: TrueTime) {
        guard hosts[host].runs else { return }
        note("\(hosts[host].name) is paused for \(text(span))")
        isPauseSeen = true
        hosts[host].clocks.change(at: now, stop: .paused)
        planExpiries(host)
        checkAll()
        plan(.resume(host: host, boot: hosts[host].boot), after: span)
    }

    func resume(_ host: Int, _ boot: Int) {
        guard hosts[host].isStopped, hosts[host].boot == boot else { return }
        note("\(hosts[host].name) resumes")
        hosts[host].clocks.change(at: now, stop: nil)
        planExpiries(host)
        checkAll()
        let deferred = hosts[host].deferred
        hosts[host].deferred = []
        for happening in deferred { plan(happening, after: 0) }
        armTimer(host)
    }

    func slew(_ host: Int) {
        let most = HostClocks.greatestSlew
        let slew = faultRandom.pick([
            -most, 0, most, Int(faultRandom.within(Int64(-most)...Int64(most))),
        ])
        note("\(hosts[host].name) BOOTTIME is slewed by \(slew) ppm")
        hosts[host].clocks.change(at: now, slew: slew)
        planExpiries(host)
        checkAll()
        if hosts[host].runs { armTimer(host) }
    }

    func setCarrier(_ host: Int, _ path: Int, up: Bool) {
        guard hosts[host].carrier[path] != up else { return }
        note("\(hosts[host].name) carrier of path \(path) \(up ? "up" : "down")")
        hosts[host].carrier[path] = up
        tellLink(host, path)
    }

    func carrierBack(_ host: Int, _ path: Int, _ serial: Int) {
        guard hosts[host].carrierSerial[path] == serial else { return }
        setCarrier(host, path, up: true)
    }

    func setHealth(_ host: Int, _ group: Int, healthy: Bool) {
        note("\(hosts[host].name) g\(group + 1) is \(healthy ? "healthy" : "unhealthy")")
        hosts[host].healthy[group] = healthy
        guard let life = hosts[host].process?.life else { return }
        plan(.tellHealth(host: host, life: life, group: group), after: 0)
    }

    // MARK: The network

    /// One way only; nil for all paths, and nil for good.
    func cut(_ from: Int, _ to: Int, path: Int? = nil, for span: TrueTime? = nil) {
        note(
            "cut \(hosts[from].name) -> \(hosts[to].name)"
                + (path.map { " path \($0)" } ?? "") + (span.map { " for \(text($0))" } ?? "")
        )
        for each in 0..<scenario.paths where path == nil || path == each {
            let link = network.link(from, to, each)
            network.links[link].cut = true
            network.links[link].cutSerial += 1
            guard let span else { continue }
            plan(
                .mend(from: from, to: to, path: each, serial: network.links[link].cutSerial),
                after: span
            )
        }
    }

    func mend(_ from: Int, _ to: Int) {
        note("mended \(hosts[from].name) -> \(hosts[to].name)")
        for path in 0..<scenario.paths {
            network.links[network.link(from, to, path)].cut = false
        }
    }

    func clog(_ from: Int, _ to: Int, for span: TrueTime) {
        note("clog \(hosts[from].name) -> \(hosts[to].name) for \(text(span))")
        for path in 0..<scenario.paths {
            let link = network.link(from, to, path)
            network.links[link].clogged = true
            network.links[link].clogSerial += 1
            plan(
                .unclog(from: from, to: to, path: path, serial: network.links[link].clogSerial),
                after: span
            )
        }
    }
}
