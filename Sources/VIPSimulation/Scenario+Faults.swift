extension Scenario {
    /// Faults that any run may have, and how likely each is to be among them, in percent.
    private static let usual: [(fault: Fault, percent: Int)] = [
        (.kill, 40), (.hang, 25), (.shutdown, 15), (.restartAll, 10), (.losePage, 20),
        (.changeLease, 15), (.changeGroups, 5), (.changeVoters, 5), (.reboot, 20),
        (.rebootAll, 8), (.powerOff, 15), (.suspend, 15), (.slew, 60), (.carrier, 20),
        (.health, 25), (.slowKernel, 10), (.deleteAddresses, 15), (.addAddresses, 15),
        (.refuseAddresses, 8), (.cut, 30), (.cutPair, 25), (.isolate, 25), (.deafen, 15),
        (.clog, 20), (.replay, 50), (.switchover, 25), (.maintenance, 10), (.announce, 10),
    ]

    mutating func drawFaults(_ random: inout RandomStream) {
        self[.slew] = lease * random.within(1...6)
        if aim == .quiet {
            self[.replay] = lease
            return
        }
        let likelihood = aim == .storm ? 2 : 1
        for (fault, percent) in Self.usual where random.below(100) < percent * likelihood {
            self[fault] = lease * random.pick([2, 4, 8, 16])
        }
        if random.happens(500_000) {
            stalls = random.pick([200, 2_000, 10_000])
            greatestStall = random.pick([heartbeat / 10, heartbeat, lease, lease * 2])
        }
        if random.happens(500_000) { killInside = random.pick([500, 3_000, 20_000]) }
        aimFaults(&random)
    }

    private mutating func aimFaults(_ random: inout RandomStream) {
        switch aim {
        case .quiet, .ordinary, .storm, .shapes:
            break
        case .stalls:
            stalls = random.pick([5_000, 20_000])
            greatestStall = lease * random.within(1...2)
            self[.isolate] = lease * 3
        case .amnesia:
            self[.losePage] = lease * random.within(1...3)
            self[.kill] = lease * 3
            killInside = random.pick([0, 5_000, 30_000])
        case .leases:
            self[.changeLease] = lease * random.within(1...2)
            self[.isolate] = lease * 4
            self[.reboot] = lease * random.within(3...8)
            delay = heartbeat / 4...lease / 2
        case .switchovers:
            self[.switchover] = lease * random.within(1...2)
            duplicates = 300_000
            killInside = random.pick([0, 3_000])
            spikes = random.pick([3_000, 50_000])
            if random.happens(500_000) { self[.losePage] = lease * 4 }
        case .releases:
            self[.switchover] = lease
            self[.shutdown] = lease * 4
            self[.losePage] = lease * 3
            self[.clog] = lease
            duplicates = 300_000
            spikes = 100_000
        case .groups:
            self[.changeGroups] = lease * random.within(1...2)
            self[.kill] = lease * 3
        case .leftovers:
            killInside = random.pick([20_000, 60_000])
            self[.switchover] = lease * 2
            self[.health] = lease * 2
            self[.carrier] = lease * 3
        case .strangers:
            self[.changeVoters] = lease * 3
            self[.switchover] = lease * 2
        case .network:
            self[.cut] = lease
            self[.cutPair] = lease * 2
            self[.isolate] = lease * 2
            self[.deafen] = lease * 2
        case .paused:
            self[.pause] = lease * random.within(2...4)
            self[.cutPair] = lease * 3
        case .gates, .lifetimes:
            self[.kill] = lease * 3
            self[.hang] = lease * 3
            self[.isolate] = lease * 4
            // The kernel's jiffies stand still in a suspend, and a resumed host answers until its
            // agent runs: that takes a gate.
            self[.suspend] = 0
        case .twins:
            self[.cut] = lease * 3
        case .liar:
            self[.lie] = lease * random.pick([1, 2, 4])
            self[.isolate] = lease * 4
            self[.cutPair] = lease * 4
        case .far, .narrow, .netlink:
            self[.kill] = lease * 4
            self[.reboot] = lease * 6
        case .kernels:
            self[.slowKernel] = lease * 4
            self[.switchover] = lease * 3
            self[.deleteAddresses] = lease * 4
        case .force:
            self[.force] = lease
            self[.powerOff] = lease * 2
            self[.isolate] = lease * 2
        }
    }

    mutating func drawLaterFaults(_ hostRandom: inout RandomStream) {
        if hostRandom.happens(200_000) { self[.reexecute] = lease * hostRandom.pick([2, 4, 8]) }
        switch aim {
        case .gates:
            self[.deleteGate] = lease * hostRandom.within(1...3)
            gatePosts = hostRandom.pick([1, 2])
            gatePatience = hostRandom.pick([heartbeat, lease, 1_000 * Self.milliseconds])
            if hostRandom.happens(300_000) {
                self[.changeBuild] = lease * hostRandom.pick([2, 4, 8])
            }
        case .lifetimes:
            canDoWithoutGate = true
            gatePatience = hostRandom.pick([heartbeat, 1_000 * Self.milliseconds])
            if hostRandom.happens(500_000) {
                self[.changeBuild] = lease * hostRandom.pick([2, 4, 8])
            }
            gateless = hostRandom.pick([[0], [1], [0, 1], Array(0..<nodes)])
            if hostRandom.happens(300_000) { self[.forceAlone] = lease * 8 }
        case .force:
            self[.forceAlone] = lease * hostRandom.within(4...8)
        case .leases:
            self[.reconfigure] = lease * hostRandom.pick([2, 4, 8])
            // A successor may offer a lease that the owner's voter has not on record.
            if hostRandom.happens(500_000) { self[.switchover] = lease * 2 }
            unrecorded = 200_000
        case .liar:
            liar = hostRandom.below(hosts)
        case .far:
            // Below half a lease there and back; beyond that a voter can't vote in time.
            let most = lease / 5
            far = (
                hostRandom.happens(700_000) ? hosts - 1 : hostRandom.below(hosts),
                hostRandom.within(most / 4...most)
            )
            stalls = 0
        case .shapes, .groups:
            self[.reconfigure] = lease * hostRandom.pick([2, 4, 8])
        case .netlink:
            self[.flapAddress] = lease * hostRandom.pick([2, 4])
            self[.deleteLink] = lease * hostRandom.pick([2, 4, 8])
            self[.renameLink] = lease * hostRandom.pick([2, 4, 8])
            self[.moveLink] = lease * 6
            self[.crowd] = lease * 6
            self[.addAddresses] = lease * 2
            self[.deleteAddresses] = lease
            lostNotices = hostRandom.pick([0, 10_000, 200_000])
            doubledNotices = hostRandom.pick([0, 100_000])
            hastyAnswers = hostRandom.pick([0, 100_000])
            renewedAtOnce = hostRandom.pick([1, 2, 256])
            if hostRandom.happens(300_000) {
                self[.refuseAddresses] = lease * hostRandom.pick([2, 4, 8])
            }
        case .narrow:
            narrow = hostRandom.happens(700_000) ? hosts - 1 : hostRandom.below(hosts)
        case .quiet, .ordinary, .storm, .stalls, .amnesia, .switchovers, .releases, .leftovers,
            .strangers, .network, .paused, .twins, .kernels:
            break
        }
    }

    /// One line with everything that was drawn.
    public var summary: String {
        var words = [
            "seed=\(seed)", "aim=\(aim.rawValue)", "hosts=\(nodes)+\(witnesses)",
            "groups=\(groups)",
            "paths=\(paths)", "heartbeat=\(text(heartbeat))",
            "heartbeats=\(heartbeats.map(text))", "lease=\(text(lease))",
            "drift=\(drift)ppm", "margin=\(text(margin))",
            "delay=\(text(delay.lowerBound))-\(text(delay.upperBound))", "loss=\(loss)ppm",
            "duplicates=\(duplicates)ppm", "spikes=\(spikes)ppm/\(text(greatestSpike))",
            "stalls=\(stalls)ppm/\(text(greatestStall))", "kill-inside=\(killInside)ppm",
            "kernel=\(text(kernelDelay.upperBound))", "lateness=\(text(lateness.upperBound))",
            "directory=\(text(directoryDelay))", "failback=\(automaticFailback)",
            "gateless=\(gateless)", "posts=\(gatePosts)", "patience=\(text(gatePatience))",
            "liar=\(liar)",
            "far=\(far.map { "\($0.host)+\(text($0.delay))" } ?? "none")",
            "narrow=\(narrow.map(String.init) ?? "none")", "unrecorded=\(unrecorded)ppm",
            "until=\(text(faultsEnd))",
        ]
        for fault in Fault.allCases where self[fault] > 0 {
            words.append("\(fault)=\(text(self[fault]))")
        }
        return words.joined(separator: " ")
    }
}

/// Milliseconds, to the microsecond.
func text(_ time: TrueTime) -> String {
    let microseconds = time / 1_000
    let fraction = String(abs(microseconds % 1_000))
    let sign = time < 0 && microseconds / 1_000 == 0 ? "-" : ""
    let zeros = String(repeating: "0", count: 3 - fraction.count)
    return "\(sign)\(microseconds / 1_000).\(zeros)\(fraction)ms"
}
