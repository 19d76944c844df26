import Logging
import VIPConfiguration
import VIPNet
import VIPPlatform

/// Datagrams that are for none of the clusters that are served here: no frames at all, or frames of
/// another cluster. They are everybody's, so that each cluster's status counts them.
struct UnclaimedDatagrams {
    private(set) var dropped = DropCounts(reasons: OpenError.Reason.allCases.map(\.rawValue))
    private var fold = RepeatFold()

    mutating func drop(_ error: OpenError, from source: Endpoint, log: Logger) {
        let reason = error.reason.rawValue
        dropped.count(reason)
        let verdict = fold.verdict(on: "drop \(reason)", at: ClockReading.bootNow())
        guard case .log(let repeats) = verdict else { return }
        var facts: Logger.Metadata = ["reason": "\(reason), from \(source): \(error)"]
        if let repeats { facts["repeats"] = "\(repeats)" }
        log.info("frame-dropped", metadata: facts)
    }
}
