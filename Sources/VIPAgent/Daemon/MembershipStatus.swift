import VIPConfiguration
import VIPControl
import VIPCore

/// What is said of a cluster to whoever asks.
extension Membership {
    /// Looks at the status line again if there was a step, and says whether it is another now.
    func refreshStatusLine() -> Bool {
        guard hasStepped else { return false }
        hasStepped = false
        let line = currentStatusLine()
        defer { statusLine = line }
        return line != statusLine
    }

    func currentStatusLine() -> String {
        agent.status(at: reading()).groups.map { group in
            let owner = group.owner.map(site.name(of:)) ?? "nobody"
            return "\(site.name(of: group.id)): \(owner) owns it, \(group.state) here"
        }.joined(separator: "; ")
    }

    func statusReport(of process: ProcessFacts) -> StatusReport {
        var counters = Counters()
        counters.framesSent = routes.framesSent
        counters.framesReceived = routes.framesReceived &+ process.strays.total
        counters.sendErrors = routes.sendErrors
        counters.renewals = agent.rules[.countAnswer]
        counters.takeovers = takeovers
        counters.announcements = keeper?.announcements ?? 0
        counters.logLinesDropped = UInt64(process.logLinesDropped)
        counters.netlinkOverruns = keeper?.overruns ?? 0
        counters.gateRepairs = gate?.repairs ?? 0
        process.lateness.fill(&counters)
        counters.add(carried.counters)
        counters.reexecutions = UInt64(process.generation)
        let builder = StatusBuilder(
            site: site,
            agent: agent,
            gate: gate,
            keeper: keeper,
            routes: routes,
            text: text,
            warnings: process.warnings + warnings,
            dropped: dropped.adding(process.strays),
            counters: counters,
            started: process.started
        )
        var report = builder.report(at: reading())
        report.dropped.add(carried.dropped)
        return report
    }
}
