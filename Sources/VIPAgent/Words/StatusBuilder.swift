import Glibc
import VIPConfiguration
import VIPControl
import VIPCore
import VIPHost
import VIPNet
import VIPPlatform

/// Puts together what the core believes and what the kernel has, for `vipctl status`.
struct StatusBuilder {
    let cluster: LocalCluster
    let agent: Agent
    let keeper: HostKeeper?
    let routes: VoterRoutes
    let text: ReportText
    /// What the shell knows of that keeps this host from standing a failure.
    var shellReasons: [String] = []
    var warnings: [String] = []
    /// Who else says that he has an address that is here.
    var claims: [String] = []
    var dropped: DropCounts
    var counters = Counters()
    var started: Int64

    func report(at now: Reading) -> StatusReport {
        let status = agent.status(at: now)
        let groups = status.groups.map { group($0, at: now) }
        let voters = status.voters.enumerated().map { voter($0.offset, $0.element) }
        let gate = keeper?.gateStatus()
        let reasons = HealthReasons(
            cluster,
            text,
            status,
            groups,
            gate,
            others: shellReasons + claims
        ).all
        return StatusReport(
            cluster: cluster.configuration.cluster.name,
            host: cluster.host,
            role: cluster.role == .node ? .node : .witness,
            isHealthy: reasons.isEmpty,
            reasons: reasons,
            warnings: warnings + cluster.configuration.warnings.map(\.message)
                + gateWarnings(gate, groups),
            version: Version.current,
            processID: Int(getpid()),
            uptimeMilliseconds: Int((now.boottime.nanoseconds - started) / 1_000_000),
            timing: timing,
            gate: gate,
            groups: groups,
            voters: voters,
            links: links(status),
            dropped: DroppedFrames(allDrops),
            counters: counters
        )
    }

    private var timing: TimingStatus {
        let timing = cluster.settings.timing
        return TimingStatus(
            heartbeatMilliseconds: milliseconds(timing.heartbeat),
            leaseMilliseconds: milliseconds(timing.lease),
            driftPartsPerMillion: timing.driftPartsPerMillion,
            marginMilliseconds: milliseconds(timing.margin)
        )
    }

    private var allDrops: [DroppedFrames.Count] {
        let core = DropReason.allCases.map {
            DroppedFrames.Count(reason: $0.name, count: agent.drops(for: $0))
        }
        return core + dropped.counts.map { DroppedFrames.Count(reason: $0.reason, count: $0.count) }
    }

    // MARK: - Groups

    private func group(_ status: AgentStatus.GroupStatus, at now: Reading) -> GroupStatus {
        let name = cluster.name(of: status.id)
        let configured = cluster.group(status.id)
        let interface = keeper.flatMap { keeper in
            let addresses = keeper.host.addresses
            return addresses.index(of: status.id).map { addresses.interface(of: $0) }
        }
        let age = now.boottime - status.since
        return GroupStatus(
            name: name,
            state: GroupStatus.State(rawValue: status.state.rawValue) ?? .fault,
            owner: status.owner.map(cluster.name(of:)),
            term: status.term.number,
            leaseMilliseconds: status.leaseRemaining.map { milliseconds(max($0, .zero)) },
            addresses: (configured?.addresses ?? []).map {
                address($0, on: interface?.link, wanted: status.state == .owner)
            },
            since: wallClock(before: age),
            sinceMilliseconds: milliseconds(age),
            reason: reason(status, at: now),
            interface: configured?.interface ?? "",
            interfaceState: interfaceState(interface),
            isForced: status.forced,
            enforcement: keeper.map { "\($0.host.gate.enforcement(of: status.id))" } ?? "none",
            gate: keeper?.gateStatus(of: status.id),
            isPeerReady: cluster.role == .node ? status.successorReady : nil,
            peerReason: status.successorReady
                ? nil : status.successorUnready?.text,
            holdDownMilliseconds: holdDown(status, at: now),
            votes: votes(status)
        )
    }

    private func holdDown(_ status: AgentStatus.GroupStatus, at now: Reading) -> Int? {
        guard cluster.role == .node, let end = status.heldDownUntil, end > now.boottime else {
            return nil
        }
        return milliseconds(end - now.boottime)
    }

    private func reason(_ status: AgentStatus.GroupStatus, at now: Reading) -> String {
        if let unready = status.unready, status.state != .owner, status.state != .witness {
            switch unready {
            case .interfaceDown, .kernelRefuses, .kernelSilent:
                return keeper?.host.addresses.finding(of: status.id, at: now.boottime)?.text
                    ?? unready.text
            case .unhealthy, .maintenance, .abstaining, .suspended, .stopping, .busy,
                .unknownGroup, .gateMissing:
                return unready.text
            }
        }
        if status.state == .witness { return "votes only" }
        if status.state == .standby, status.reason == .candidacyFailed, let owner = status.owner {
            return "\(cluster.name(of: owner)) owns it"
        }
        return text.text(status.reason)
    }

    private func votes(_ status: AgentStatus.GroupStatus) -> [VoteStatus] {
        status.votes.enumerated().map { index, vote in
            VoteStatus(
                voter: cluster.voterNames[index],
                counts: vote.counts,
                grantAgeMilliseconds: vote.age.map(milliseconds),
                refusal: vote.counts ? nil : vote.refusal?.text
            )
        }
    }

    private func address(
        _ floating: FloatingAddress,
        on link: Link?,
        wanted: Bool
    ) -> AddressStatus {
        let found = link.flatMap { keeper?.host.addresses.found(floating, on: $0.index) }
        var lifetime: Int?
        if let found, case .seconds(let seconds) = found.valid { lifetime = Int(seconds) }
        return AddressStatus(
            address: "\(floating)",
            isWanted: wanted,
            isPresent: found != nil,
            validLifetimeSeconds: lifetime
        )
    }

    private func interfaceState(
        _ interface: WatchedInterface?
    ) -> GroupStatus.InterfaceState {
        guard let interface else { return .none }
        guard interface.link != nil else { return .missing }
        return interface.isUsable ? .up : .down
    }

    // MARK: - Voters

    private func voter(_ index: Int, _ status: AgentStatus.VoterStatus) -> VoterStatus {
        VoterStatus(
            name: cluster.voterNames[index],
            role: status.role == .node ? .node : .witness,
            isSelf: status.isSelf,
            isReachable: status.heard,
            roundTripMicroseconds: status.roundTrip.map { Int($0.nanoseconds / 1000) },
            heardMillisecondsAgo: status.sinceHeard.map(milliseconds),
            hearsUs: status.hearsMe,
            isAbstaining: status.abstaining,
            hasSameFile: sameFile(status),
            paths: status.paths.enumerated().map { path(index, $0.offset, $0.element) }
        )
    }

    private func sameFile(_ status: AgentStatus.VoterStatus) -> Bool? {
        guard !status.isSelf, let timing = status.timingDiffers, let groups = status.groupsDiffer
        else { return nil }
        return !timing && !groups && !status.voterSetsDiffer
    }

    private func path(_ voter: Int, _ index: Int, _ status: AgentStatus.PathStatus) -> PathStatus {
        let route = cluster.routes[voter][index]
        let errno = routes.lastErrors[voter][index]
        return PathStatus(
            index: index,
            local: "\(route.local)",
            remote: "\(route.remote)",
            isReachable: status.heard,
            roundTripMicroseconds: status.roundTrip.map { Int($0.nanoseconds / 1000) },
            heardMillisecondsAgo: status.sinceHeard.map(milliseconds),
            isHeardByPeer: status.heardByPeer,
            lastSendError: errno == 0
                ? nil
                : SystemError(call: "sendmsg", on: "\(route.remote)", errno: errno).description
        )
    }

    private func links(_ status: AgentStatus) -> [LinkStatus] {
        status.voters.enumerated().flatMap { index, voter in
            voter.hearings.map { hearing in
                LinkStatus(
                    from: cluster.name(of: hearing.voter),
                    to: cluster.voterNames[index],
                    path: Int(hearing.path),
                    isHeard: hearing.heard,
                    ageMilliseconds: hearing.ageMilliseconds == .max
                        ? nil : Int(hearing.ageMilliseconds)
                )
            }
        }
    }

    // MARK: - Warnings

    /// What lets frames by the gate, or keeps this host without one.
    private func gateWarnings(_ gate: GateStatus?, _ groups: [GroupStatus]) -> [String] {
        guard let gate else { return [] }
        var warnings = gate.interfaces.flatMap { interface in
            interface.risks.map { "\(interface.name): \($0)" }
        }
        if gate.state == .unavailable {
            let unenforced = groups.filter { $0.enforcement == "agent" }.map(\.name)
            warnings.append("there is no gate: \(gate.reason ?? "not available")")
            if !unenforced.isEmpty {
                warnings.append(
                    "nothing but the agent itself silences \(unenforced.joined(separator: ", ")): "
                        + "killed or stopped, it leaves the addresses here"
                )
            }
        }
        return warnings
    }

    private func milliseconds(_ span: Duration) -> Int { Int(span.nanoseconds / 1_000_000) }

    private func wallClock(before age: Duration) -> String {
        let now = WallClock.now
        let total = now.seconds * 1_000_000_000 + now.nanoseconds - age.nanoseconds
        return WallClock(
            seconds: total / 1_000_000_000,
            nanoseconds: total % 1_000_000_000
        ).rfc3339()
    }
}
