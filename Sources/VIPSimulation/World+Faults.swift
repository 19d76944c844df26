import VIPCore

/// Faults as they are drawn; what they do is in `World+Deeds`, where scripts find it too.
extension World {
    func strike(_ fault: Fault) {
        guard !healed else { return }
        plan(.fault(fault), after: faultRandom.pause(mean: scenario[fault]))
        let host = faultRandom.below(scenario.hosts)
        let node = faultRandom.below(scenario.nodes)
        let group = faultRandom.below(scenario.groups)
        switch fault {
        case .kill: killForAWhile(ownerOr(host))
        case .hang: hang(ownerOr(host), for: span())
        case .shutdown: shutDown(ownerOr(host))
        case .restartAll: restartAll()
        case .losePage: losePageAndRestart(ownerOr(host))
        case .changeLease: changeLease(ownerOr(host))
        case .changeGroups: changeGroups(ownerOr(host))
        case .changeVoters: changeVoters(ownerOr(host))
        case .reexecute: askForSuccession(ownerOr(host), nil)
        case .reconfigure: reconfigure(host)
        case .changeBuild: changeBuild(ownerOr(node))
        case .lie: lie(group)

        case .reboot: rebootForAWhile(ownerOr(host))
        case .rebootAll: rebootAll()
        case .powerOff: powerOff(ownerOr(host))
        case .suspend: suspend(ownerOr(host), for: span())
        case .slew: slew(host)
        case .pause: pause(ownerOr(host), for: faultRandom.within(0...scenario.lease * 3))
        case .carrier: loseCarrier(ownerOr(host))
        case .health: toggleHealth(ownerOr(host), group)
        case .slowKernel: slowKernel(ownerOr(host))

        case .deleteGate: deleteGate(ownerOr(node))
        case .deleteAddresses: deleteSomeAddresses(ownerOr(node), group)
        case .addAddresses: addAddresses(ownerOr(node), group)
        case .refuseAddresses: refuseAddresses(ownerOr(node))
        case .flapAddress: beginFlapping(ownerOr(node), group)
        case .crowd: crowd(ownerOr(node))
        case .deleteLink: loseLink(ownerOr(node), group, by: deleteLink)
        case .renameLink: loseLink(ownerOr(node), group, by: renameLink)
        case .moveLink: loseLink(ownerOr(node), group, by: moveLink)

        case .cut: cutOneWay(ownerOr(host))
        case .cutPair: cutPair(ownerOr(host))
        case .isolate: isolate(ownerOr(host), isDeafOnly: false)
        case .deafen: isolate(ownerOr(host), isDeafOnly: true)
        case .clog: clogOneWay(ownerOr(host))
        case .replay: replay()

        case .switchover: switchOver(rather(node, than: host), group)
        case .maintenance: toggleMaintenance(rather(node, than: host))
        case .announce:
            command(ownerOr(rather(node, than: host)), .announce(Self.groupID(group)))
        case .force: command(rather(node, than: host), .takeover(Self.groupID(group)))
        case .forceAlone: forceAlone(node, group)
        }
    }

    /// Rather the one that matters.
    private func ownerOr(_ host: Int) -> Int {
        guard faultRandom.happens(500_000), let owner = history.compactMap(\.answering).first else {
            return host
        }
        return owner
    }

    /// Rather a node: orders to a witness are refused.
    private func rather(_ node: Int, than host: Int) -> Int {
        faultRandom.happens(800_000) ? node : host
    }

    private func span() -> TrueTime {
        faultRandom.within(0...scenario.lease * (faultRandom.happens(200_000) ? 4 : 1))
    }

    // MARK: - The agent

    private func killForAWhile(_ host: Int) {
        kill(host)
        planRestart(host)
    }

    private func shutDown(_ host: Int) {
        if hosts[host].runs { tell(host, .shutdown) }
    }

    private func restartAll() {
        for host in hosts.indices {
            kill(host)
            plan(
                .launch(host: host, boot: hosts[host].boot),
                after: faultRandom.within(0...scenario.lease / 2)
            )
        }
    }

    private func losePageAndRestart(_ host: Int) {
        kill(host)
        losePage(host)
        planRestart(host)
        // A second kill soon after must not shorten the abstention.
        if faultRandom.happens(500_000) {
            plan(
                .killAgain(host: host, boot: hosts[host].boot),
                after: faultRandom.within(0...scenario.lease)
            )
        }
    }

    func killAgain(_ host: Int) {
        guard !healed, hosts[host].process != nil else { return }
        killForAWhile(host)
    }

    /// A shorter lease than the record of it, lost at once, is unsafe (docs/protocol.md): the
    /// record is never lost alone here.
    private func changeLease(_ host: Int) {
        let lease = faultRandom.pick(scenario.otherLeases)
        setLease(host, lease)
        if faultRandom.happens(300_000) {
            reboot(host, off: faultRandom.within(0...scenario.lease / 4), losesDirectory: false)
        } else {
            kill(host)
            if faultRandom.happens(300_000) { losePage(host) }
            planRestart(host)
        }
    }

    private func changeGroups(_ host: Int) {
        let group = faultRandom.below(scenario.groups)
        hosts[host].groups[group].toggle()
        killForAWhile(host)
    }

    private func changeVoters(_ host: Int) {
        let odd = hosts[host].voterSet != Self.voterSet
        if odd, hosts[host].process?.settings.suspended == true, faultRandom.happens(500_000) {
            command(host, .acceptVoters)
            return
        }
        hosts[host].voterSet = odd ? Self.voterSet : Self.voterSet + 1
        kill(host)
        plan(.launch(host: host, boot: hosts[host].boot), after: span())
    }

    private func reconfigure(_ drawn: Int) {
        let change: Reconfiguration =
            faultRandom.happens(500_000)
            ? .lease(faultRandom.pick(scenario.otherLeases))
            : .group(faultRandom.below(scenario.groups))
        askForSuccession(ownerOr(drawn), change)
    }

    /// Always the same voter: with two that lie nothing can be promised.
    private func lie(_ group: Int) {
        let lie = faultRandom.pick(Lie.allCases)
        let left = faultRandom.pick([1, 1, 3, 30])
        lying = (scenario.liar, lie, left, faultRandom.next() & 0xFFFF_FFFF)
        note("\(hosts[scenario.liar].name) is about to lie: \(lie), \(left) times")
    }

    // MARK: - The host

    private func rebootForAWhile(_ host: Int) {
        reboot(host, off: span(), losesDirectory: faultRandom.happens(200_000))
    }

    private func rebootAll() {
        for host in hosts.indices {
            reboot(
                host,
                off: faultRandom.within(0...scenario.lease / 2),
                losesDirectory: faultRandom.happens(100_000)
            )
        }
    }

    private func loseCarrier(_ host: Int) {
        let path = faultRandom.below(scenario.paths)
        setCarrier(host, path, up: false)
        hosts[host].carrierSerial[path] += 1
        plan(
            .carrier(host: host, path: path, serial: hosts[host].carrierSerial[path]),
            after: span()
        )
    }

    private func toggleHealth(_ host: Int, _ group: Int) {
        guard hosts[host].isNode else { return }
        setHealth(host, group, healthy: !hosts[host].healthy[group])
    }

    private func slowKernel(_ host: Int) {
        let busy = scenario.aim == .kernels ? 2_000 * Scenario.milliseconds + span() : span()
        hosts[host].kernel.busyUntil = max(hosts[host].kernel.busyUntil, now) + busy
    }

    // MARK: - Its addresses

    private func deleteSomeAddresses(_ host: Int, _ group: Int) {
        let count = hosts[host].kernel.held[group].count
        guard hasAddresses(host), count > 0 else { return }
        deleteAddresses(host, group, atMost: count - faultRandom.below(count))
    }

    private func addAddresses(_ host: Int, _ group: Int) {
        if isGuarded(host) { addForeignAddress(host, group) }
    }

    private func refuseAddresses(_ host: Int) {
        if hasAddresses(host) { hosts[host].addsFail.toggle() }
    }

    private func beginFlapping(_ host: Int, _ group: Int) {
        guard hasAddresses(host) else { return }
        let count = Int(hostRandom.within(2...40))
        flapAddress(host, group, left: count, isPaced: hostRandom.happens(500_000))
    }

    private func loseLink(_ host: Int, _ group: Int, by deed: (Int, Int) -> Void) {
        guard hasAddresses(host) else { return }
        let path = group % scenario.paths
        deed(host, path)
        plan(
            .restoreLink(host: host, boot: hosts[host].boot, path: path),
            after: hostRandom.happens(300_000) ? 0 : span()
        )
    }

    func hasAddresses(_ host: Int) -> Bool { hosts[host].runs && hosts[host].isNode }

    /// Without any gate nobody could keep an address that somebody puts there from answering.
    func isGuarded(_ host: Int) -> Bool {
        hasAddresses(host) && hosts[host].gateInPlace && hosts[host].hooks.support == .full
    }

    // MARK: - The network

    /// Another host than that.
    private func partner(of host: Int) -> Int? {
        guard scenario.hosts > 1 else { return nil }
        return (host + 1 + faultRandom.below(scenario.hosts - 1)) % scenario.hosts
    }

    private func cutOneWay(_ host: Int) {
        guard let other = partner(of: host) else { return }
        let path = faultRandom.happens(500_000) ? nil : faultRandom.below(scenario.paths)
        cut(host, other, path: path, for: span())
    }

    private func cutPair(_ host: Int) {
        guard let other = partner(of: host) else { return }
        let length = span()
        cut(host, other, for: length)
        cut(other, host, for: length)
    }

    /// From all others at once; if it is deaf only, they hear it.
    private func isolate(_ host: Int, isDeafOnly: Bool) {
        let length = span()
        for peer in 0..<scenario.hosts where peer != host {
            if !isDeafOnly { cut(host, peer, for: length) }
            cut(peer, host, for: length)
        }
    }

    private func clogOneWay(_ host: Int) {
        guard let other = partner(of: host) else { return }
        clog(host, other, for: span())
    }

    private func replay() {
        guard !network.recordings.isEmpty else { return }
        for _ in 0..<(1 + faultRandom.below(3)) {
            arriveAgain(faultRandom.below(network.recordings.count))
        }
    }

    // MARK: - Operators

    private func switchOver(_ host: Int, _ group: Int) {
        let target =
            faultRandom.happens(500_000)
            ? Self.hostID(faultRandom.below(scenario.hosts)) : nil
        command(ownerOr(host), .switchover(Self.groupID(group), to: target))
    }

    private func toggleMaintenance(_ host: Int) {
        hosts[host].maintenance.toggle()
        command(host, .maintenance(hosts[host].maintenance))
    }

    /// All others are off. When they come back, they find that somebody owns it.
    private func forceAlone(_ host: Int, _ group: Int) {
        let forcedAfter = scenario.lease * 5 / 4 + scenario.heartbeat * 4
        for other in hosts.indices where other != host {
            kill(other)
            plan(
                .launch(host: other, boot: hosts[other].boot),
                after: forcedAfter + faultRandom.within(scenario.heartbeat...scenario.lease * 3)
            )
        }
        plan(.force(host: host, boot: hosts[host].boot, group: group), after: forcedAfter)
    }
}
