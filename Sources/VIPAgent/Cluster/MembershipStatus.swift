import VIPConfiguration
import VIPControl
import VIPCore
import VIPHost
import VIPPlatform

/// What is said of a cluster to whoever asks.
extension Membership {
    /// Putting the status line together takes as long as answering `vipctl status`: it is done
    /// after a report, but not after each of the thousands that a takeover of many groups makes,
    /// and once in a while for what is not reported.
    var owesStatusLine: Bool {
        let pause = hasReported ? Self.pauseBetweenReports : Self.statusLinePause
        return statusLineMadeAt + pause <= ClockReading.bootNow()
    }

    /// Looks at the status line again, and says whether it is another now.
    func refreshStatusLine(of process: ProcessFacts) -> Bool {
        hasReported = false
        statusLineMadeAt = ClockReading.bootNow()
        let line = currentStatusLine(of: process)
        defer { statusLine = line }
        return line != statusLine
    }

    private static let statusLinePause: Int64 = 1_000_000_000
    private static let pauseBetweenReports: Int64 = 100_000_000

    func currentStatusLine(of process: ProcessFacts) -> String {
        StatusLine(statusReport(of: process)).text
    }

    /// What of this cluster's directories and disk keeps it from standing a failure.
    private var shellReasons: [String] {
        var reasons = directoryReasons
        if let obstacle = records.obstacle {
            reasons.append(HealthSentence.leaseUnrecorded.text("\(obstacle)"))
        }
        return reasons
    }

    func statusReport(of process: ProcessFacts) -> StatusReport {
        var counters = Counters { count(of: $0, in: process) }
        counters.goOn(from: carried.counters)
        var dropped = dropped.adding(process.unclaimed)
        dropped.count(VoterRoutes.ShellDrop.inKernel.rawValue, times: process.droppedInKernel)
        let builder = StatusBuilder(
            cluster: cluster,
            agent: agent,
            keeper: keeper,
            routes: routes,
            text: text,
            shellReasons: process.reasons + shellReasons,
            warnings: process.warnings + changes + warnings.texts(at: ClockReading.bootNow()),
            claims: claimReasons(),
            dropped: dropped,
            counters: counters,
            started: process.started
        )
        var report = builder.report(at: reading())
        report.dropped.add(carried.dropped)
        return report
    }
    /// Counted since this program began; the counters of the programs before it come on top.
    private func count(of counter: Counter, in process: ProcessFacts) -> UInt64 {
        switch counter {
        case .framesSent: routes.framesSent
        case .framesReceived: routes.framesReceived &+ process.unclaimed.total
        case .sendErrors: routes.sendErrors
        case .renewals: agent.rules[.countAnswer]
        case .takeovers: takeovers
        case .announcements: keeper?.addresses.announcements.sent ?? 0
        case .foreignClaims: claims.total
        case .claimsUnseen: claims.unseen
        case .logLinesDropped: UInt64(process.logLinesDropped)
        case .netlinkOverruns: keeper?.host.addresses.overruns ?? 0
        case .gateRepairs: keeper?.host.gate.repairs ?? 0
        case .maximumLatenessMicroseconds: UInt64(process.lateness.longest / 1000)
        case .recentLatenessMicroseconds: UInt64(process.lateness.recent / 1000)
        case .lateWakes: process.lateness.lateWakes
        case .reexecutions: UInt64(process.generation)
        }
    }
}
