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
        case .kill, .hang, .shutdown, .restartAll, .losePage, .changeLease, .changeGroups,
            .changeVoters:
            strikeAgent(fault, host)
        case .reboot, .rebootAll, .powerOff, .suspend, .slew, .pause, .carrier, .health,
            .slowKernel:
            strikeHost(fault, host, group)
        case .deleteAddresses, .addAddresses, .refuseAddresses, .flapAddress, .deleteLink,
            .renameLink:
            strikeAddresses(fault, node, group)
        case .cut, .cutPair, .isolate, .deafen, .clog, .replay:
            strikeNetwork(fault, host)
        case .deleteGate: deleteGate(ownerOr(node))
        case .changeBuild: changeBuild(ownerOr(node))
        case .reexecute: askForSuccession(ownerOr(host), nil)
        case .reconfigure:
            let change: Reconfiguration =
                faultRandom.happens(500_000)
                ? .lease(faultRandom.pick(scenario.otherLeases))
                : .group(faultRandom.below(scenario.groups))
            askForSuccession(ownerOr(host), change)
        case .forceAlone: forceAlone(node, group)
        case .lie: lie(group)
        case .switchover, .maintenance, .announce, .force:
            order(fault, faultRandom.happens(800_000) ? node : host, group)
        }
    }

    /// Rather the one that matters.
    private func ownerOr(_ host: Int) -> Int {
        guard faultRandom.happens(500_000), let owner = history.compactMap(\.answering).first else {
            return host
        }
        return owner
    }

    private func span() -> TrueTime {
        faultRandom.within(0...scenario.lease * (faultRandom.happens(200_000) ? 4 : 1))
    }

    private func strikeAgent(_ fault: Fault, _ drawn: Int) {
        let host = ownerOr(drawn)
        switch fault {
        case .kill:
            kill(host)
            planRestart(host)
        case .hang: hang(host, for: span())
        case .shutdown: if hosts[host].runs { tell(host, .shutdown) }
        case .restartAll:
            for host in hosts.indices {
                kill(host)
                plan(
                    .launch(host: host, boot: hosts[host].boot),
                    after: faultRandom.within(0...scenario.lease / 2)
                )
            }
        case .losePage:
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
        case .changeLease: changeLease(host)
        case .changeGroups:
            let group = faultRandom.below(scenario.groups)
            hosts[host].groups[group].toggle()
            kill(host)
            planRestart(host)
        case .changeVoters: changeVoters(host)
        default: preconditionFailure("\(fault) does not strike an agent")
        }
    }

    func killAgain(_ host: Int) {
        guard !healed, hosts[host].process != nil else { return }
        kill(host)
        planRestart(host)
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

    private func strikeHost(_ fault: Fault, _ drawn: Int, _ group: Int) {
        let host = ownerOr(drawn)
        switch fault {
        case .reboot: reboot(host, off: span(), losesDirectory: faultRandom.happens(200_000))
        case .rebootAll:
            for host in hosts.indices {
                reboot(
                    host,
                    off: faultRandom.within(0...scenario.lease / 2),
                    losesDirectory: faultRandom.happens(100_000)
                )
            }
        case .powerOff: powerOff(host)
        case .suspend: suspend(host, for: span())
        case .slew: slew(drawn)
        case .pause: pause(host, for: faultRandom.within(0...scenario.lease * 3))
        case .carrier:
            let path = faultRandom.below(scenario.paths)
            setCarrier(host, path, up: false)
            hosts[host].carrierSerial[path] += 1
            plan(
                .carrier(host: host, path: path, serial: hosts[host].carrierSerial[path]),
                after: span()
            )
        case .health:
            guard hosts[host].isNode else { return }
            setHealth(host, group, healthy: !hosts[host].healthy[group])
        case .slowKernel:
            let busy = scenario.aim == .kernels ? 2_000 * Scenario.milliseconds + span() : span()
            hosts[host].kernel.busyUntil = max(hosts[host].kernel.busyUntil, now) + busy
        default: preconditionFailure("\(fault) does not strike a host")
        }
    }

    private func strikeAddresses(_ fault: Fault, _ drawn: Int, _ group: Int) {
        let host = ownerOr(drawn)
        guard hosts[host].runs, hosts[host].isNode else { return }
        switch fault {
        case .deleteAddresses:
            let count = hosts[host].kernel.held[group].count
            guard count > 0 else { return }
            deleteAddresses(host, group, atMost: count - faultRandom.below(count))
        case .addAddresses:
            // Without any gate nobody could keep them from answering.
            guard hosts[host].gateInPlace, hosts[host].hooks.support == .full else { return }
            addForeignAddress(host, group)
        case .refuseAddresses: hosts[host].addsFail.toggle()
        case .flapAddress:
            guard hosts[host].gateInPlace, hosts[host].hooks.support == .full else { return }
            for _ in 0..<hostRandom.within(2...40) {
                deleteAddresses(host, group)
                addForeignAddress(host, group)
            }
        case .deleteLink, .renameLink:
            let path = group % scenario.paths
            if fault == .deleteLink { deleteLink(host, path) } else { renameLink(host, path) }
            plan(
                .restoreLink(host: host, boot: hosts[host].boot, path: path),
                after: hostRandom.happens(300_000) ? 0 : span()
            )
        default: preconditionFailure("\(fault) does not strike addresses")
        }
    }

    private func strikeNetwork(_ fault: Fault, _ drawn: Int) {
        guard scenario.hosts > 1 else { return }
        let host = ownerOr(drawn)
        let other = (host + 1 + faultRandom.below(scenario.hosts - 1)) % scenario.hosts
        let length = span()
        switch fault {
        case .cut:
            let path = faultRandom.happens(500_000) ? nil : faultRandom.below(scenario.paths)
            cut(host, other, path: path, for: length)
        case .cutPair:
            cut(host, other, for: length)
            cut(other, host, for: length)
        case .isolate:
            for peer in 0..<scenario.hosts where peer != host {
                cut(host, peer, for: length)
                cut(peer, host, for: length)
            }
        case .deafen:
            for peer in 0..<scenario.hosts where peer != host { cut(peer, host, for: length) }
        case .clog: clog(host, other, for: length)
        case .replay:
            guard !network.recordings.isEmpty else { return }
            for _ in 0..<(1 + faultRandom.below(3)) {
                arriveAgain(faultRandom.below(network.recordings.count))
            }
        default: preconditionFailure("\(fault) does not strike the network")
        }
    }

    /// Always the same voter: with two that lie nothing can be promised.
    private func lie(_ group: Int) {
        let lie = faultRandom.pick(Lie.allCases)
        let left = faultRandom.pick([1, 1, 3, 30])
        lying = (scenario.liar, lie, left, faultRandom.next() & 0xFFFF_FFFF)
        note("\(hosts[scenario.liar].name) is about to lie: \(lie), \(left) times")
    }

    /// When the others come back, they find that somebody owns it.
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

    private func order(_ fault: Fault, _ drawn: Int, _ group: Int) {
        let id = Self.groupID(group)
        switch fault {
        case .switchover:
            let target =
                faultRandom.happens(500_000) ? Self.hostID(faultRandom.below(scenario.hosts)) : nil
            command(ownerOr(drawn), .switchover(id, to: target))
        case .maintenance:
            hosts[drawn].maintenance.toggle()
            command(drawn, .maintenance(hosts[drawn].maintenance))
        case .announce: command(ownerOr(drawn), .announce(id))
        case .force: command(drawn, .takeover(id))
        default: preconditionFailure("\(fault) does not strike an operator")
        }
    }
}
