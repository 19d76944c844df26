import Logging
import VIPConfiguration
import VIPControl
import VIPCore
import VIPHost
import VIPNet
import VIPPlatform

/// What is made of others' claims to addresses of this host. They were answered already, by
/// `ClaimWatch`.
extension Membership {
    func handleClaims() {
        guard let keeper else { return }
        let now = ClockReading.bootNow()
        for report in keeper.addresses.claims?.takeReports() ?? [] {
            for (finding, count) in report.findings {
                // Let go of since.
                guard keeper.addresses.isPermitted(finding.group, at: now) else { continue }
                let interface = keeper.host.addresses.interface(of: finding.group)
                tell(
                    ForeignClaims.Entry(
                        group: keeper.host.addresses.groups[finding.group].settings.id,
                        address: finding.address,
                        mac: finding.mac,
                        interface: interface.link?.name ?? interface.name,
                        count: count,
                        at: now
                    )
                )
            }
            claims.count(others: report.others, unseen: report.unseen)
        }
    }

    private func tell(_ entry: ForeignClaims.Entry) {
        let isNew = claims.note(entry)
        let reason =
            "\(entry.mac) on \(entry.interface) claims \(entry.address), which this host owns; "
            + "the address was announced again"
        // By group: whoever claims a thousand addresses is one line.
        let kind = "claim \(entry.group.bits)"
        guard case .log(let repeats) = fold.verdict(on: kind, at: entry.at) else { return }
        var facts: Logger.Metadata = [
            "reason": "\(reason)", "group": "\(cluster.name(of: entry.group))",
        ]
        if let repeats { facts["repeats"] = "\(repeats)" }
        log.warning("foreign-claim", metadata: facts)
        guard isNew else { return }
        let line = ReportText.Line(
            level: .warning,
            event: "foreign-claim",
            group: cluster.name(of: entry.group),
            reason: reason
        )
        history.add(line, at: .now, boottime: entry.at)
    }

    /// Reasons not to be healthy, the latest first.
    func claimReasons() -> [String] {
        let now = ClockReading.bootNow()
        let fresh = claims.fresh(at: now).sorted { $0.at > $1.at }
        var reasons = fresh.prefix(Self.mostClaimsShown).map { entry in
            let age = Lateness.text(now - entry.at)
            let times = entry.count == 1 ? "once" : "\(entry.count) times"
            let others = entry.isOneOfSeveral ? ", the last of several," : ""
            let host = "\(entry.mac)\(others) on \(entry.interface)"
            return HealthSentence.claimed.text(host, "\(entry.address)", times, age)
        }
        if fresh.count > Self.mostClaimsShown {
            reasons.append(HealthSentence.moreClaimed.text("\(fresh.count - Self.mostClaimsShown)"))
        }
        return reasons
    }

    private static let mostClaimsShown = 4

    /// Neighbours may have heard anything while this process did nothing.
    func announceAgain() {
        stepHost(.addresses(.announceAll))
    }
}
