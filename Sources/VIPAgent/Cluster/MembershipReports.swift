import Logging
import VIPConfiguration
import VIPControl
import VIPCore
import VIPNet
import VIPPlatform

/// What is said of a cluster: to the log, and to the history.
extension Membership {
    func tell(_ report: Report) {
        hasReported = true
        hasRareUse = true
        let line = text.line(report)
        if ReportText.event(report) == .takeover { takeovers += 1 }
        let now = ClockReading.bootNow()
        var repeats: String?
        if let kind = line.fold {
            guard case .log(let text) = fold.verdict(on: kind, at: now) else { return }
            repeats = text
        }
        history.add(line, at: .now, boottime: now)
        var facts: Logger.Metadata = ["reason": "\(line.reason)"]
        if let group = line.group { facts["group"] = "\(group)" }
        if let state = line.state { facts["state"] = "\(state)" }
        if let was = line.was { facts["was"] = "\(was)" }
        if let term = line.term { facts["term"] = "\(term)" }
        if let owner = line.owner { facts["owner"] = "\(owner)" }
        if let after = line.after { facts["after"] = "\(text.text(after))" }
        if let repeats { facts["repeats"] = "\(repeats)" }
        log.log(level: line.level, "\(line.event)", metadata: facts)
    }

    /// A line of which there may be many: logged at a limited rate.
    func fold(
        _ level: Logger.Level,
        _ kind: String,
        _ event: String,
        _ reason: String,
        _ group: GroupID? = nil
    ) {
        guard case .log(let repeats) = fold.verdict(on: kind, at: ClockReading.bootNow()) else {
            return
        }
        var facts: Logger.Metadata = ["reason": "\(reason)"]
        if let group { facts["group"] = "\(cluster.name(of: group))" }
        if let repeats { facts["repeats"] = "\(repeats)" }
        log.log(level: level, "\(event)", metadata: facts)
    }

    /// A datagram that the core never saw. It is put into words only if it is logged.
    func drop(_ reason: String, as level: Logger.Level = .info, _ detail: () -> String) {
        dropped.count(reason)
        let verdict = fold.verdict(on: "drop \(reason)", at: ClockReading.bootNow())
        guard case .log(let repeats) = verdict else { return }
        var facts: Logger.Metadata = ["reason": "\(reason), \(detail())"]
        if let repeats { facts["repeats"] = "\(repeats)" }
        log.log(level: level, "frame-dropped", metadata: facts)
    }

    /// An authentic frame from where its sender is not. An operator has to hear of it, if its
    /// sender lives: anybody can send a recorded frame again, from as many addresses as he likes,
    /// and must not bury what is true under it.
    func dropUnexpected(_ frame: Frame, from source: Endpoint) {
        let name = cluster.name(of: frame.sender)
        let fact = "\(name) was heard from \(source.address)"
        let isAlive =
            switch agent.novelty(of: frame) {
            case .proven: true
            case .old: false
            case .unproven: unproven.isAlive(frame)
            }
        let reason = VoterRoutes.ShellDrop.unexpectedSource.rawValue
        guard isAlive else {
            return drop(reason) { "\(fact): a recorded frame, or one that came late" }
        }
        drop(reason, as: .error) { fact }
        warnings.note(
            "\(fact): two hosts with one name, an address that is not configured, or recorded frames",
            about: "unexpected source of \(name)",
            at: ClockReading.bootNow()
        )
    }
}
