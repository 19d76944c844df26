import Logging
import VIPConfiguration
import VIPControl
import VIPCore

/// What is said of a cluster: to the log, and to the history.
extension Membership {
    func tell(_ report: Report) {
        let line = text.line(report)
        if line.event == "takeover" { takeovers += 1 }
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
        if let group { facts["group"] = "\(site.name(of: group))" }
        if let repeats { facts["repeats"] = "\(repeats)" }
        log.log(level: level, "\(event)", metadata: facts)
    }

    /// A datagram that the core never saw.
    func drop(_ reason: String, _ detail: String) {
        dropped.count(reason)
        let isOperators = reason == VoterRoutes.ShellDrop.unexpectedSource.rawValue
        if isOperators {
            let warning =
                "\(detail): two hosts with one name, or an address that is not configured"
            if !warnings.contains(warning), warnings.count < Self.warningLimit {
                warnings.append(warning)
            }
        }
        fold(
            isOperators ? .error : .info,
            "drop \(reason)",
            "frame-dropped",
            "\(reason), \(detail)"
        )
    }

    static let warningLimit = 32
}

extension PageStore.Loss {
    var text: String {
        switch self {
        case .none: "the page is whole"
        case .otherBoot: "the page is of another boot"
        case .otherNamespace: "the page is of another network namespace"
        case .damaged: "the page is damaged"
        case .empty: "there is no page"
        }
    }
}
