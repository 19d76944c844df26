import VIPCore
import VIPHost
import VIPNet

/// The kernel of a host, and the carriers between it and the host's addresses.
extension World {
    // MARK: Carriers

    /// - Returns: the answer, if there is one at once.
    func carryOut(_ action: AddressAction, _ host: Int) -> AddressEvent? {
        switch action {
        case .ask(let request, let id): ask(host, request, id)
        case .awaitSilence(let group):
            // A frame may be on its way.
            let span =
                hostRandom.happens(100_000) ? hostRandom.within(0...Scenario.milliseconds) : 0
            guard span > 0 else { return .silent(group: group) }
            plan(.silent(host: host, life: hosts[host].process!.life, group: group), after: span)
        case .bind, .announce, .tell, .note: break
        }
        return nil
    }

    /// A part of what the kernel has told.
    func readNetlink(_ host: Int) {
        guard let process = hosts[host].process else { return }
        var notices = Array(process.notices.prefix(Process.mostRead))
        process.notices.removeFirst(notices.count)
        if process.isOverrun, mutated(.lossToldFirst) {
            notices.insert(.overrun, at: 0)
            process.isOverrun = false
        } else if process.isOverrun, process.notices.isEmpty {
            notices.append(.overrun)
            process.isOverrun = false
        }
        guard !notices.isEmpty else { return }
        stepHost(host, .addresses(.told(notices)))
        guard !process.notices.isEmpty else { return }
        process.incoming.append(Process.Incoming(input: .netlink))
    }

    /// An answer comes after all that was told before it, but for a carrier that did not wait.
    func handleAnswer(_ host: Int, _ id: UInt64, _ answer: AddressAnswer) {
        guard let process = hosts[host].process else { return }
        if healed || !hostRandom.happens(scenario.hastyAnswers) {
            while hosts[host].process != nil, process.isOverrun || !process.notices.isEmpty {
                readNetlink(host)
            }
        }
        stepHost(host, .addresses(.answered(id, answer)))
    }

    // MARK: The kernel

    private func kernelTime() -> TrueTime {
        healed ? scenario.kernelDelay.lowerBound : timingRandom.within(scenario.kernelDelay)
    }

    private func ask(_ host: Int, _ request: AddressRequest, _ id: UInt64) {
        var fails = hosts[host].addsFail
        switch request {
        case .add, .tryOut: fails = fails && timingRandom.happens(500_000)
        case .remove(let addresses):
            checkRemoval(host, addresses)
            fails = fails && hostRandom.happens(100_000)
        case .survey, .look: fails = fails && hostRandom.happens(100_000)
        }
        hosts[host].kernel.work.append(
            SimulatedKernel.Work(
                life: hosts[host].process!.life,
                id: id,
                request: request,
                fails: fails
            )
        )
        // The kernel does one thing after the other.
        let time = max(now, hosts[host].kernel.busyUntil) + kernelTime()
        hosts[host].kernel.busyUntil = time
        queue.add(.kernel(host: host, boot: hosts[host].boot), at: time)
    }

    /// The kernel gets round to the next thing.
    func work(_ host: Int) {
        guard !hosts[host].kernel.work.isEmpty else { return }
        let work = hosts[host].kernel.work.removeFirst()
        let answer = answer(work, host)
        guard let process = hosts[host].process, process.life == work.life else { return }
        process.answers.append((work.id, answer))
        plan(.kernelAnswer(host: host, life: work.life), after: kernelTime())
    }

    private static let refusal = Refusal(kind: "simulated", text: "the kernel refuses")

    private func answer(_ work: SimulatedKernel.Work, _ host: Int) -> AddressAnswer {
        switch work.request {
        case .add(let addition):
            return work.fails ? .refused(Self.refusal) : add(addition, host)
        case .remove(let addresses):
            if work.fails {
                return .removed(absent: [], kept: addresses, Self.refusal)
            }
            let absent = addresses.filter { !remove($0, host) }
            return .removed(absent: absent, kept: [], nil)
        case .tryOut(let trials):
            return .tried(trials.map { _ in work.fails ? Self.refusal : nil })
        case .look(let wanted):
            if work.fails { return .refused(Self.refusal) }
            let found = hosts[host].kernel.held.joined().map(\.address)
                .filter { wanted.sortedIndex(of: $0.address) != nil }
            return .found(links: [], addresses: found)
        case .survey(let wanted):
            if work.fails { return .refused(Self.refusal) }
            let found = hosts[host].kernel.held.joined().map(\.address)
                .filter { $0.isOurs || wanted.sortedIndex(of: $0.address) != nil }
            return .found(links: links(host), addresses: found)
        }
    }

    /// Where there is a limit, whoever asks the kernel looks at the clock right before.
    private func add(_ addition: AddressRequest.Addition, _ host: Int) -> AddressAnswer {
        for obstacle in addition.obstacles { _ = remove(obstacle, host) }
        let boottime = hosts[host].clocks.boottime(at: now)
        if let before = addition.before, boottime >= before, !mutated(.lateRequestMade) {
            return .late
        }
        for floating in addition.addresses {
            let address = InterfaceAddress(
                floating,
                on: addition.interface,
                lifetime: addition.lifetime
            )
            let late = hostRandom.within(20 * Scenario.milliseconds...Self.kernelLateness)
            let expiry = boottime + Int64(addition.lifetime) * 1000 * Scenario.milliseconds
            let held = hosts[host].kernel.add(
                address,
                expiry: (expiry + late, expiry + Self.kernelLateness)
            )
            guard let held else { return .refused(Self.refusal) }
            planExpiry(host, held)
            tellNotice(host, .address(held.address))
        }
        checkAll()
        return .added
    }

    /// - Returns: Whether it was there.
    private func remove(_ address: InterfaceAddress, _ host: Int) -> Bool {
        guard hosts[host].kernel.remove(address) else { return false }
        tellNotice(host, .addressGone(address))
        checkAll()
        return true
    }

    // MARK: Notifications

    /// It may be told late, twice, or not at all: then the next reader hears of that.
    func tellNotice(_ host: Int, _ notice: NetworkNotice) {
        guard let process = hosts[host].process, process.addresses != nil else { return }
        // After a loss it adds nothing until all was read.
        if process.isOverrun || !healed && hostRandom.happens(scenario.lostNotices) {
            process.isOverrun = true
        } else {
            process.notices.append(notice)
            if !healed, hostRandom.happens(scenario.doubledNotices) {
                process.notices.append(notice)
            }
        }
        plan(.netlink(host: host, life: process.life), after: kernelTime())
    }

    private func links(_ host: Int) -> [Link] {
        (0..<scenario.paths).compactMap { link(host, $0) }
    }

    /// As the kernel shows it; nil while it is not there.
    private func link(_ host: Int, _ path: Int) -> Link? {
        let simulated = hosts[host].kernel.links[path]
        guard simulated.isThere else { return nil }
        var link = Link(index: simulated.index, name: simulated.alias ?? simulated.name)
        link.hasCarrier = hosts[host].carrier[path]
        return link
    }

    func tellLink(_ host: Int, _ path: Int) {
        if let link = link(host, path) { tellNotice(host, .link(link)) }
    }

    // MARK: Lifetimes

    /// The kernel takes an address off this much after its lifetime at the latest.
    static let kernelLateness: TrueTime = 1_300 * Scenario.milliseconds

    /// Its jiffies are slewed with BOOTTIME, so this is planned anew whenever that changes.
    private func planExpiry(_ host: Int, _ held: HeldAddress) {
        guard let expiry = held.expiry else { return }
        let time = hosts[host].clocks.time(boottime: expiry)
        guard time < .max / 8 else { return }
        plan(
            .expire(
                host: host,
                boot: hosts[host].boot,
                group: SimulatedKernel.group(of: held.address.address),
                serial: held.serial
            ),
            after: time - now
        )
    }

    func planExpiries(_ host: Int) {
        for group in hosts[host].kernel.held.indices {
            for index in hosts[host].kernel.held[group].indices {
                hosts[host].kernel.serial += 1
                hosts[host].kernel.held[group][index].serial = hosts[host].kernel.serial
                planExpiry(host, hosts[host].kernel.held[group][index])
            }
        }
    }

    func expireAddress(_ host: Int, _ group: Int, _ serial: Int) {
        let held = hosts[host].kernel.held[group].first { $0.serial == serial }
        guard let held else { return }
        note("\(hosts[host].name) kernel expires \(describe(held.address))")
        _ = remove(held.address, host)
    }

    // MARK: What others do

    /// Somebody takes off some of a group's addresses, or all.
    func deleteAddresses(_ host: Int, _ group: Int, atMost count: Int = .max) {
        note("\(hosts[host].name) somebody deletes addresses of g\(group + 1)")
        for held in hosts[host].kernel.held[group].prefix(count) { _ = remove(held.address, host) }
    }

    /// Somebody puts an address of a group on this host, perhaps in another shape.
    func addForeignAddress(_ host: Int, _ group: Int) {
        let floating = hostRandom.pick(SimulatedKernel.addresses(of: group))
        let link = hosts[host].kernel.links[hostRandom.below(scenario.paths)]
        guard link.isThere else { return }
        var address = InterfaceAddress(floating, on: link.index, lifetime: 1)
        address.owner = 0
        (address.valid, address.preferred) = (.forever, .forever)
        if hostRandom.happens(300_000) { address.prefixLength = floating.address.isIPv6 ? 64 : 24 }
        note("\(hosts[host].name) somebody adds \(describe(address))")
        guard let held = hosts[host].kernel.add(address, expiry: nil) else { return }
        tellNotice(host, .address(held.address))
        check(group)
    }

    /// Somebody takes a group's addresses off and puts one on, again and again: all at once, or
    /// once a millisecond.
    func flapAddress(_ host: Int, _ group: Int, left: Int, isPaced: Bool) {
        guard left > 0, !healed, isGuarded(host) else { return }
        deleteAddresses(host, group)
        addForeignAddress(host, group)
        guard isPaced else { return flapAddress(host, group, left: left - 1, isPaced: false) }
        plan(
            .flap(host: host, boot: hosts[host].boot, group: group, left: left - 1),
            after: Scenario.milliseconds
        )
    }

    /// Somebody puts addresses on this host that no group has, until the kernel can tell of no
    /// more.
    func crowd(_ host: Int) {
        guard let process = hosts[host].process, process.addresses != nil else { return }
        note("\(hosts[host].name) somebody adds addresses of his own")
        let link = hosts[host].kernel.links[0]
        guard link.isThere else { return }
        for number in 0..<Self.mostToldOfACrowd {
            let floating = FloatingAddress(address: .v4(0x0A63_0000 + number), prefixLength: 32)
            var address = InterfaceAddress(floating, on: link.index, lifetime: 1)
            address.owner = 0
            (address.valid, address.preferred) = (.forever, .forever)
            tellNotice(host, .address(address))
        }
        process.isOverrun = true
    }

    private static let mostToldOfACrowd: UInt32 = 16

    /// Moved to another network namespace, it loses what is on it, and comes back with its index.
    func moveLink(_ host: Int, _ path: Int) {
        guard hosts[host].kernel.links[path].isThere else { return }
        deleteLink(host, path)
        hosts[host].kernel.links[path].isElsewhere = true
    }

    /// Deleted, with all that is on it; made anew, it has another index.
    func deleteLink(_ host: Int, _ path: Int) {
        let link = hosts[host].kernel.links[path]
        guard link.isThere else { return }
        note("\(hosts[host].name) somebody deletes \(link.name)")
        for address in hosts[host].kernel.held.joined().map(\.address)
        where address.interface == link.index {
            _ = remove(address, host)
        }
        hosts[host].kernel.links[path].isThere = false
        tellNotice(host, .linkGone(index: link.index, name: link.name))
    }

    func renameLink(_ host: Int, _ path: Int) {
        guard hosts[host].kernel.links[path].isThere else { return }
        note("\(hosts[host].name) somebody renames eth\(path)")
        hosts[host].kernel.links[path].alias = "lan\(path)"
        tellLink(host, path)
    }

    /// It is there again, by its own name.
    func restoreLink(_ host: Int, _ path: Int) {
        hosts[host].kernel.links[path].alias = nil
        if !hosts[host].kernel.links[path].isThere {
            let deed = hosts[host].kernel.links[path].isElsewhere ? "brings back" : "makes"
            note("\(hosts[host].name) somebody \(deed) eth\(path)")
            hosts[host].kernel.restore(path)
        }
        tellLink(host, path)
    }

    // MARK: Checks

    /// Once all is quiet, a host knows what its kernel has, and has what it should have.
    func checkKnowledge(_ host: Int) {
        guard let process = hosts[host].process, let addresses = process.addresses else { return }
        for (position, group) in addresses.groups.enumerated() {
            let number = index(group.settings.id)
            let known = group.members.flatMap { addresses.table.entries[$0].seen.map(\.key) }
            let held = hosts[host].kernel.held[number].map(\.address.key)
            let isKnown = known.count == held.count && held.allSatisfy(known.contains)
            if !isKnown {
                violate(
                    .hostKnows,
                    "\(hosts[host].name) takes \(known.count) addresses of g\(number + 1) for "
                        + "there, and \(held.count) are"
                )
            }
            let owns = answers(host, number)
            if owns ? !group.isComplete : !group.isAbsent {
                violate(
                    .hostKnows,
                    "\(hosts[host].name) \(owns ? "owns" : "does not own") g\(number + 1), and has "
                        + "\(held.count) of its addresses"
                )
            }
            let link = hosts[host].kernel.links[number % scenario.paths]
            if addresses.link(of: position)?.index != link.index {
                violate(.hostKnows, "\(hosts[host].name) does not know \(link.name)")
            }
        }
        let left = hosts[host].kernel.held.indices.filter { group in
            !hosts[host].groups[group]
                && hosts[host].kernel.held[group].contains(where: \.address.isOurs)
        }
        if let group = left.first {
            violate(.hostKnows, "\(hosts[host].name) has left an address of g\(group + 1)")
        }
    }
}
