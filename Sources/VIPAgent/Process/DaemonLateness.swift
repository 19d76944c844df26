import Logging
import VIPCore
import VIPPlatform

/// How late the loop wakes, and what is said of it.
extension Daemon {
    func noteLateness(at now: Int64) -> Int64 {
        var late: Int64 = 0
        for membership in memberships { late = max(late, membership.lateness(at: now)) }
        lateness.note(late, at: now, lease: shortestLease)
        return late
    }

    private var shortestLease: Int64 {
        memberships.reduce(.max) { min($0, $1.cluster.settings.timing.lease.nanoseconds) }
    }

    func tell(ofLateness late: Int64) {
        defer { wasResumed = false }
        let lease = shortestLease
        guard Lateness.isWorthTelling(late, lease: lease) else { return }
        for membership in memberships { membership.announceAgain() }
        guard case .log(let repeats) = fold.verdict(on: "late", at: ClockReading.bootNow())
        else { return }
        let span = Lateness.text(late)
        var facts: Logger.Metadata = [
            "reason": wasResumed
                ? "this process was stopped for \(span)"
                : "this host starved the agent for \(span)",
            "lease": "\(Lateness.text(lease))",
        ]
        if let repeats { facts["repeats"] = "\(repeats)" }
        log.warning("late", metadata: facts)
    }
}
