import Logging
import VIPConfiguration
import VIPPlatform

/// Whether it is files that a reload was refused for. While they are not what runs, a restart of
/// this host would meet what the reload met; once they are again, it would not.
enum RefusedFiles {
    /// They were not compared yet.
    case unknown
    /// They are what runs: the reload was refused for something else, which only another one finds
    /// mended.
    case same
    /// On CLOCK_BOOTTIME, when they are compared again.
    case differ(lookAt: Int64)
    case comparing(hadDiffered: Bool)
}

extension Daemon {
    private static let comparisonPause: Int64 = 10_000_000_000

    /// When files are to be compared again.
    var refusalLookAt: Int64? {
        guard succession.refusal != nil, case .none = succession.stage else { return nil }
        return switch succession.refusedFiles {
        case .unknown: 0
        case .same, .comparing: nil
        case .differ(let lookAt): lookAt
        }
    }

    /// Compares what is on disk with what runs, in the service thread.
    func followRefusal() {
        guard let due = refusalLookAt, due <= ClockReading.bootNow() else { return }
        var hadDiffered = false
        if case .differ = succession.refusedFiles { hadDiffered = true }
        succession.refusedFiles = .comparing(hadDiffered: hadDiffered)
        let (configuration, clusters, keys) = (
            options.configuration, options.clusters, options.keys
        )
        let comparisons = comparisons
        let isTaken = service.submit {
            let source = try? ConfigurationSource(reading: configuration)
            comparisons.put(source == clusters.source && (try? clusters.loadKeys()) == keys)
        }
        guard !isTaken else { return }
        succession.refusedFiles = .differ(lookAt: ClockReading.bootNow() + Self.comparisonPause)
    }

    func handleComparison() {
        guard let isSame = comparisons.takeAll().last,
            case .comparing(let hadDiffered) = succession.refusedFiles
        else { return }
        switch (isSame, hadDiffered) {
        case (false, _):
            succession.refusedFiles = .differ(
                lookAt: ClockReading.bootNow() + Self.comparisonPause
            )
        case (true, false): succession.refusedFiles = .same
        case (true, true):
            succession.refusal = nil
            log.notice(
                "refusal is over",
                metadata: [
                    "reason": "\(options.configuration) is again what the agent runs with"
                ]
            )
        }
    }
}
