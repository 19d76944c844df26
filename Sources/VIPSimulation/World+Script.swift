import VIPCore

/// What a script says and asks. Hosts are numbered: the nodes first, then the witnesses.
extension World {
    /// A pair and a witness at the defaults, nothing wrong with them; 2 s later n1 owns.
    package static func settled(
        _ change: (inout Scenario) -> Void = { _ in }
    ) -> World {
        var scenario = Scenario(scripted: 1)
        change(&scenario)
        let world = World(scenario)
        world.run(for: .seconds(2))
        return world
    }

    /// Who answers for the group now; nil for nobody, and for two (which is a violation).
    package func owner(_ group: Int = 0) -> Int? {
        let all = (0..<scenario.nodes).filter { answers($0, group) }
        return all.count == 1 ? all[0] : nil
    }

    package func changes(_ group: Int = 0) -> Int { history[group].changes }

    package func isRunning(_ host: Int) -> Bool { hosts[host].process != nil }

    /// Milliseconds until that host answers; nil if it does not within the span.
    package func time(until host: Int, owns group: Int = 0, within span: Duration) -> Double? {
        time(within: span) { owner(group) == host }
    }

    package func time(untilNobodyOwns group: Int = 0, within span: Duration) -> Double? {
        time(within: span) { owner(group) == nil }
    }

    private func time(within span: Duration, until condition: () -> Bool) -> Double? {
        let began = now
        let tick = Duration.microseconds(50)
        for _ in 0..<Int(span / tick) {
            if condition() { return Double(now - began) / 1e6 }
            run(for: tick)
        }
        return condition() ? Double(now - began) / 1e6 : nil
    }

    /// Whether that host answers all the time, looked at every 50 us.
    package func stays(_ host: Int, owner group: Int = 0, for span: Duration) -> Bool {
        time(within: span) { owner(group) != host } == nil
    }

    // MARK: Deeds

    package func powerOff(host: Int) { powerOff(host) }

    package func reboot(host: Int) { reboot(host, off: 0, losesDirectory: false) }

    package func kill(host: Int, restartAfter span: Duration? = nil) {
        kill(host)
        guard let span else { return }
        plan(.launch(host: host, boot: hosts[host].boot), after: span.nanoseconds)
    }

    package func losePage(host: Int) { losePage(host) }

    package func hang(host: Int, for span: Duration) { hang(host, for: span.nanoseconds) }

    package func suspend(host: Int, for span: Duration) { suspend(host, for: span.nanoseconds) }

    package func slew(host: Int, perMillion: Int) {
        hosts[host].clocks.change(at: now, slew: perMillion)
        planExpiries(host)
        checkAll()
        armTimer(host)
    }

    package func terminate(host: Int) { tell(host, .shutdown) }

    /// One way only, until mended.
    package func cut(from: Int, to: Int) { cut(from, to) }

    package func cutBoth(_ one: Int, _ other: Int) {
        cut(one, other)
        cut(other, one)
    }

    package func mendBoth(_ one: Int, _ other: Int) {
        mend(one, other)
        mend(other, one)
    }

    package func carrier(host: Int, path: Int, up: Bool) { setCarrier(host, path, up: up) }

    package func check(host: Int, group: Int = 0, passes: Bool) {
        setHealth(host, group, healthy: passes)
    }

    package func deleteAddresses(host: Int, group: Int = 0) { deleteAddresses(host, group) }

    package func switchover(host: Int, group: Int = 0) {
        command(host, .switchover(Self.groupID(group), to: nil))
    }

    package func takeOverByForce(host: Int, group: Int = 0) {
        command(host, .takeover(Self.groupID(group)))
    }

    /// While its agent is down: the voter has granted terms up to this one, and all have run out.
    package func raiseTerm(host: Int, group: Int = 0, to number: UInt64) {
        guard hosts[host].process == nil, let page = hosts[host].page else { return }
        for index in page.records.indices where page.records[index].group == Self.groupID(group) {
            hosts[host].page!.records[index].highestGranted = Term(number)
            hosts[host].page!.records[index].grant = nil
        }
    }

    package func fired(_ rule: Rule) -> UInt64 { allRules[rule] }
}
