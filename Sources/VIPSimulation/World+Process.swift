import VIPCore
import VIPHost

/// The shell of an agent: it receives an event, reads the clocks, steps, and carries out the
/// effects one by one. It may be stopped or killed between any two of these.
extension World {
    func launch(_ host: Int) {
        guard hosts[host].process == nil, !hosts[host].abandoned else { return }
        lives += 1
        recordAtStart(host)
        let settings = settings(of: host)
        let memory = Memory(
            page: hosts[host].page,
            newIncarnation: Incarnation(faultRandom.next()),
            longestLease: .nanoseconds(hosts[host].directory.longestLease),
            isLeaseRecorded: hosts[host].directory.longestLease >= hosts[host].lease.nanoseconds,
            highestTerms: settings.groups.compactMap { group in
                let term = hosts[host].directory.highestTerms[index(group.id)]
                return term == .none ? nil : (group.id, term)
            }
        )
        hosts[host].process = Process(
            memory: memory,
            settings: settings,
            seed: faultRandom.next(),
            life: lives,
            since: now,
            reading: hosts[host].clocks.reading(at: now),
            in: scenario
        )
        if hosts[host].isNode {
            hosts[host].process!.host = Host(
                addresses: addresses(of: host),
                gate: gate(of: host),
                heartbeat: .nanoseconds(scenario.heartbeat(of: host))
            )
        }
        note(
            "\(hosts[host].name) starts life=\(lives) boot=\(hosts[host].boot)"
                + " lease=\(text(hosts[host].lease.nanoseconds)) \(describe(memory))"
                + (settings.suspended ? " suspended" : "")
        )
        tell(host, .start)
        for incoming in hosts[host].inherited {
            tell(host, incoming.input, recording: incoming.recording, sentAt: incoming.sentAt)
        }
        hosts[host].inherited = []
        tellAtStart(host)
        if healed {
            if settings.suspended { command(host, .acceptVoters) }
            if hosts[host].isNode { command(host, .maintenance(false)) }
        }
        stepHost(host, .begin)
        proceed(host)
    }

    /// The gate is found, or is waited for no longer: only now the agent is made.
    private func beginAgent(_ host: Int) {
        guard let process = hosts[host].process else { return }
        if let gate = process.gate {
            if gate.unavailability != nil, !gate.hasTenure, !scenario.canDoWithoutGate {
                end(host, "can't have a gate")
                return planRestart(host)
            }
            hosts[host].enforcement =
                process.settings.groups.first.map { gate.enforcement(of: $0.id) } ?? .gate
            process.begin(settings(of: host), areGatesFound: gate.areGatesFound)
        } else {
            process.begin(process.settings, areGatesFound: true)
        }
        if compares { process.comparison = process.agent.lookingAtAllGroups }
    }

    /// What the shell reports of its own accord once the agent has started.
    private func tellAtStart(_ host: Int) {
        guard let life = hosts[host].process?.life, hosts[host].isNode else { return }
        for group in 0..<scenario.groups where hosts[host].groups[group] {
            if !hosts[host].healthy[group] {
                plan(.tellHealth(host: host, life: life, group: group), after: scenario.heartbeat)
            }
        }
    }

    /// The shell writes the lease that it will ask for before it starts, and who votes.
    private func recordAtStart(_ host: Int) {
        let lease = hosts[host].lease.nanoseconds
        longestLease = max(longestLease, lease)
        // A full disk: then the voter grants nothing before there is room.
        if healed || !hostRandom.happens(scenario.unrecorded) {
            hosts[host].directory.longestLease = max(hosts[host].directory.longestLease, lease)
        }
        hosts[host].directory.waiting = []
        if hosts[host].directory.voterSet == nil {
            hosts[host].directory.voterSet = hosts[host].voterSet
        }
    }

    private func addresses(of host: Int) -> HostAddresses {
        HostAddresses(
            (0..<scenario.groups).filter { hosts[host].groups[$0] }.map { group in
                HostGroup(
                    id: Self.groupID(group),
                    name: "g\(group + 1)",
                    interface: SimulatedLink.name(group % scenario.paths),
                    addresses: SimulatedKernel.addresses(of: group)
                )
            },
            renewedAtOnce: scenario.renewedAtOnce
        )
    }

    func settings(of host: Int) -> Settings {
        let known = hosts[host].page?.header.voterSet ?? hosts[host].voterSet
        let recorded = hosts[host].directory.voterSet ?? hosts[host].voterSet
        return Settings(
            cluster: 0xC1,
            me: hosts[host].id,
            voters: hosts.prefix(scenario.hosts).map { voter in
                Settings.Voter(
                    id: voter.id,
                    role: voter.isNode ? .node : .witness,
                    paths: voter.id == hosts[host].id ? 0 : scenario.paths
                )
            },
            groups: (0..<scenario.groups).filter { hosts[host].groups[$0] }.map { group in
                Settings.Group(
                    id: Self.groupID(group),
                    prefer: group == 2 ? nil : Self.hostID(group % scenario.nodes),
                    failback: scenario.automaticFailback
                        ? .automatic(after: .nanoseconds(scenario.lease * 2)) : .manual,
                    enforcement: hosts[host].enforcement
                )
            },
            timing: Timing(
                heartbeat: .nanoseconds(scenario.heartbeat(of: host)),
                lease: hosts[host].lease,
                driftPartsPerMillion: scenario.drift,
                margin: .nanoseconds(scenario.margin)
            ),
            voterSet: hosts[host].voterSet,
            suspended: known != hosts[host].voterSet || recorded != hosts[host].voterSet
        )
    }

    // MARK: What happens to a process

    func tell(_ host: Int, _ event: Event) { tell(host, .event(event)) }

    func tell(
        _ host: Int,
        _ input: Process.Input,
        recording: Network.RecordingID? = nil,
        sentAt: TrueTime = 0
    ) {
        guard hosts[host].process != nil else { return }
        hosts[host].process!.incoming.append(
            Process.Incoming(input: input, recording: recording, sentAt: sentAt)
        )
        if case .idle = hosts[host].process!.phase { proceed(host) }
    }

    func ringTimer(_ host: Int, _ serial: Int) {
        guard let process = hosts[host].process, process.timerSerial == serial else { return }
        guard case .idle = process.phase, process.taken == process.incoming.count || process.hung
        else { return }
        let boottime = Instant(nanoseconds: hosts[host].clocks.boottime(at: now))
        let isDue = process.host?.dueAt(now: process.reading.boottime).map { $0 <= boottime }
        if isDue == true {
            process.incoming.append(Process.Incoming(input: .host(.wake)))
        }
        tell(host, .wake)
    }

    func proceedDue(_ host: Int) {
        guard hosts[host].process?.hung == false else {
            hosts[host].process?.due = true
            return
        }
        proceed(host)
    }

    func awaken(_ host: Int) {
        guard hosts[host].process?.hung == true else { return }
        note("\(hosts[host].name) SIGCONT")
        hosts[host].process?.hung = false
        let due = hosts[host].process?.due == true
        hosts[host].process?.due = false
        if due {
            proceed(host)
        } else if case .idle = hosts[host].process?.phase {
            proceed(host)
        }
    }

    /// The process is gone at exactly this point.
    func end(_ host: Int, _ why: String) {
        guard let process = hosts[host].process else { return }
        note("\(hosts[host].name) \(why)")
        rules += process.agent.rules
        hosts[host].process = nil
        hosts[host].directory.waiting = []
    }

    // MARK: Going on

    /// Until there is nothing to do, it is stopped, or a stall begins.
    func proceed(_ host: Int) {
        while violation == nil, let process = hosts[host].process, !process.hung {
            switch process.phase {
            case .starting:
                guard awaitGate(host) else { return }
                beginAgent(host)
            case .idle:
                guard let incoming = takeIncoming(host) else { return }
                hosts[host].process!.phase = .reading(incoming)
            case .reading(let incoming):
                if let event = incoming.event {
                    step(host, incoming, event)
                } else {
                    take(incoming, host)
                }
            case .carryingOut(let next):
                guard next != process.killBefore else {
                    return endInside(host, before: next)
                }
                guard next < process.effects.count else {
                    finish(host)
                    continue
                }
                hosts[host].process!.phase = .carryingOut(next: next + 1)
                carryOut(process.effects[next], host)
            }
            if stalls(host) { return }
        }
    }

    /// What comes from the kernel or to it, and no effect of the agent.
    private func take(_ incoming: Process.Incoming, _ host: Int) {
        hosts[host].process!.reading = hosts[host].clocks.reading(at: now)
        switch incoming.input {
        case .event: break
        case .host(let event):
            stepHost(host, event)
            if event == .wake { checkHostTimer(host) }
        case .answer(let id, let answer): handleAnswer(host, id, answer)
        case .netlink: readNetlink(host)
        case .gate: handleGateReports(host)
        }
        hosts[host].process?.phase = .idle
        armTimer(host)
    }

    private func takeIncoming(_ host: Int) -> Process.Incoming? {
        // The first event comes before all news.
        if hosts[host].process!.started, let event = hosts[host].process!.pending.first {
            hosts[host].process!.pending.removeFirst()
            return Process.Incoming(input: .event(event))
        }
        let taken = hosts[host].process!.taken
        guard taken < hosts[host].process!.incoming.count else {
            hosts[host].process!.incoming.removeAll(keepingCapacity: true)
            hosts[host].process!.taken = 0
            return nil
        }
        hosts[host].process!.taken = taken + 1
        return hosts[host].process!.incoming[taken]
    }

    private func stalls(_ host: Int) -> Bool {
        guard !healed, scenario.stalls > 0, let process = hosts[host].process else { return false }
        guard timingRandom.happens(scenario.stalls) else { return false }
        let span = timingRandom.within(0...scenario.greatestStall)
        note("\(hosts[host].name) stalls for \(text(span))")
        plan(.proceed(host: host, life: process.life), after: span)
        return true
    }

    private func step(_ host: Int, _ incoming: Process.Incoming, _ event: Event) {
        if !isClockOld(for: event) {
            hosts[host].process!.reading = hosts[host].clocks.reading(at: now)
        }
        let reading = hosts[host].process!.reading
        if let recording = incoming.recording {
            checkReplay(host, incoming, recording, at: reading)
        }
        countStep()
        note(event, to: host)
        if case .gate(let group, let inPlace) = event {
            hosts[host].process!.gateInPlace[index(group)] = inPlace
        }
        let effects = hosts[host].process!.agent.step(event, at: reading)
        compare(host, event, effects, at: reading)
        hosts[host].process!.current = event
        hosts[host].process!.effects = effects
        hosts[host].process!.phase = .carryingOut(next: 0)
        hosts[host].process!.killBefore = drawKill(effects)
        checkStep(host, incoming, effects)
        if case .received(let frame) = event {
            noteFrame(host, frame)
        }
    }

    private func compare(_ host: Int, _ event: Event, _ effects: [Effect], at reading: Reading) {
        guard let expected = hosts[host].process?.comparison?.step(event, at: reading) else {
            return
        }
        guard effects != expected else { return }
        violate(
            .sameForAll,
            "\(hosts[host].name) does \(effects.map { describe($0) }), and would do"
                + " \(expected.map { describe($0) }) if it looked at all groups"
        )
    }

    /// A shell that reads its clock, and then waits for a frame.
    private func isClockOld(for event: Event) -> Bool {
        guard mutated(.clockReadBeforeFrame), case .received = event else { return false }
        return true
    }

    /// Half of the kills inside a step go where more happens than sending.
    private func drawKill(_ effects: [Effect]) -> Int? {
        guard !healed, scenario.killInside > 0, !effects.isEmpty else { return nil }
        var perMillion = scenario.killInside
        if effects.allSatisfy({ if case .send = $0 { true } else { false } }) { perMillion /= 20 }
        guard timingRandom.happens(perMillion) else { return nil }
        return timingRandom.below(effects.count + 1)
    }

    private func endInside(_ host: Int, before next: Int) {
        end(host, "SIGKILL before effect \(next)")
        planRestart(host)
    }

    private func finish(_ host: Int) {
        checkEndOfStep(host)
        stepHost(host, .stepped)
        guard hosts[host].process != nil else { return }
        hosts[host].process!.phase = .idle
        hosts[host].process!.started = true
        if mutated(.clockReadBeforeFrame) {
            hosts[host].process!.reading = hosts[host].clocks.reading(at: now)
        }
        succeed(host)
        armTimer(host, hasStepped: true)
    }

    /// - Parameter hasStepped: the agent has had the chance to do what is due.
    func armTimer(_ host: Int, hasStepped: Bool = false) {
        guard let process = hosts[host].process, case .idle = process.phase else { return }
        hosts[host].process!.timerSerial += 1
        let agentDue = process.agent.wakeUp(at: process.reading)
        let hostDue = process.host?.dueAt(now: process.reading.boottime)
        if hasStepped, let agentDue { checkTimer(host, agentDue) }
        guard let due = earliest(agentDue, hostDue) else { return }
        let time = hosts[host].clocks.time(boottime: due.nanoseconds)
        guard time < .max / 8 else { return }
        let late = healed ? scenario.lateness.lowerBound : faultRandom.within(scenario.lateness)
        queue.add(
            .timer(host: host, life: process.life, serial: process.timerSerial),
            at: max(now, time) + late + 1
        )
    }

    func planRestart(_ host: Int) {
        let boot = hosts[host].boot
        guard !healed else {
            return plan(.launch(host: host, boot: boot), after: scenario.heartbeat)
        }
        switch faultRandom.below(10) {
        case ..<6:
            plan(.launch(host: host, boot: boot), after: faultRandom.within(0...scenario.lease / 2))
        case ..<9:
            plan(.launch(host: host, boot: boot), after: faultRandom.within(0...scenario.lease * 3))
        default:
            note("\(hosts[host].name) is not restarted")
        }
    }
}
