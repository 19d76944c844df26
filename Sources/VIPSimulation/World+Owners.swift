import VIPCore
import VIPHost
import VIPNet

/// Who answers, and whether a majority of voters excludes everybody else meanwhile. Looked at
/// whenever something has changed that bears on it: between two changes a host can only fall
/// silent, and one without the gate that it should have has an agent that knows.
extension World {
    /// An address is present, and no gate keeps it from answering. Whether its link is up does not
    /// matter.
    func answers(_ host: Int, _ group: Int) -> Bool {
        hosts[host].runs && hosts[host].has(group) && isOpen(host, group)
    }

    /// Without a gate only the absence of the addresses keeps them from answering.
    func isOpen(_ host: Int, _ group: Int) -> Bool {
        guard hosts[host].gateInPlace, !hosts[host].gateIsForeign || hosts[host].has(group) else {
            return hosts[host].has(group)
        }
        return hosts[host].gates[group].isOpen(boottime: hosts[host].clocks.boottime(at: now))
    }

    /// Somebody has deleted the gate, and the agent is gone or stopped, or has not had the time for
    /// its part: what the host answers past its deadline is what the gate is for.
    private func isExcused(_ host: Int, _ group: Int) -> Bool {
        guard hosts[host].enforcement != .lifetimes, !hosts[host].gateInPlace else { return false }
        guard let process = hosts[host].process, !process.hung, process.started,
            case .idle = process.phase
        else { return true }
        if isRemovalDue(host, group) { return true }
        let silent = hosts[host].clocks.time(boottime: hosts[host].gates[group].deadline)
        return now >= silent && now - silent <= scenario.lateness.upperBound + 1
    }

    /// The agent has asked for it, and the kernel has not got round to it, or the host not asked.
    private func isRemovalDue(_ host: Int, _ group: Int) -> Bool {
        let isAsked = hosts[host].kernel.work.contains { $0.request.removes(group) }
        guard !isAsked, let addresses = hosts[host].process?.addresses else { return isAsked }
        return !addresses.hasBegun
            || addresses.index(of: Self.groupID(group)).map { !addresses.groups[$0].isWanted }
                ?? true
    }

    func checkAll() {
        for group in 0..<scenario.groups { check(group) }
    }

    func check(_ group: Int) {
        var answering: Int?
        for host in 0..<scenario.nodes where answers(host, group) && !isExcused(host, group) {
            checkCover(host, group)
            if let other = answering, !isForced(host, group), !isForced(other, group), !exposed {
                violate(
                    .oneOwner,
                    "\(hosts[other].name) and \(hosts[host].name) both answer for g\(group + 1)"
                )
            }
            answering = host
        }
        noteAnswering(answering, group)
    }

    private func isForced(_ host: Int, _ group: Int) -> Bool { hosts[host].gates[group].forced }

    private func noteAnswering(_ host: Int?, _ group: Int) {
        guard history[group].answering != host else { return }
        history[group].answering = host
        guard let host else { return }
        let last = history[group].last
        guard last != host else { return }
        note("g\(group + 1) is answered for by \(hosts[host].name)")
        history[group].last = host
        if let last {
            history[group].changes += 1
            if scenario.aim == .quiet {
                violate(
                    .calm,
                    "g\(group + 1) went from \(hosts[last].name) to \(hosts[host].name)"
                )
            }
            if calm, !scenario.automaticFailback {
                violate(
                    .liveness,
                    "g\(group + 1) went from \(hosts[last].name) to \(hosts[host].name)"
                )
            }
        }
    }

    // MARK: The cover

    /// Until the gate closes by itself, and for the margin that a frame may take to leave, a
    /// majority of voters lets nobody else in, should every process die at this instant.
    private func checkCover(_ host: Int, _ group: Int) {
        let gate = hosts[host].gates[group]
        guard !gate.forced, !exposed else { return }
        guard let holder = gate.holder else {
            return violate(.cover, "\(hosts[host].name) answers for g\(group + 1) as nobody")
        }
        let silentFrom = silentFrom(host, group)
        var covering = 0
        for voter in 0..<scenario.hosts
        where excludesOthers(voter, group, holder) >= silentFrom { covering += 1 }
        guard covering <= scenario.hosts / 2 else { return }
        violate(
            .cover,
            "\(hosts[host].name) answers for g\(group + 1) until \(text(silentFrom)), covered by "
                + hosts.indices.map {
                    "\(hosts[$0].name) until \(text(excludesOthers($0, group, holder)))"
                }.joined(separator: ", ")
        )
    }

    /// When it falls silent by itself; without the gate that it should have it does not.
    private func silentFrom(_ host: Int, _ group: Int) -> TrueTime {
        let clocks = hosts[host].clocks
        if hosts[host].gateInPlace {
            return clocks.time(boottime: hosts[host].gates[group].deadline) + scenario.margin
        }
        guard hosts[host].enforcement == .lifetimes else { return now }
        let expiries = hosts[host].kernel.held[group].map { $0.latestExpiry ?? .max / 4 }
        return clocks.time(boottime: expiries.max() ?? 0) + scenario.margin
    }

    /// Until when this voter grants to nobody but `holder`, whatever becomes of its process.
    /// Without a page it will abstain for long enough, and so it will after a boot.
    func excludesOthers(_ voter: Int, _ group: Int, _ holder: Holder) -> TrueTime {
        let host = hosts[voter]
        guard host.powered, let page = host.page else { return .max / 4 }
        var end = host.clocks.time(raw: page.header.abstentionEnd.nanoseconds)
        let record = page.records.first { $0.group == Self.groupID(group) }
        if let grant = record?.grant, grant.holder == holder, !grant.released {
            end = max(end, host.clocks.time(raw: grant.expiry.nanoseconds))
        }
        return end
    }
}

extension AddressRequest {
    fileprivate func removes(_ group: Int) -> Bool {
        switch self {
        case .remove(let addresses):
            addresses.contains { SimulatedKernel.group(of: $0.address) == group }
        case .add, .look, .survey, .tryOut: false
        }
    }
}
