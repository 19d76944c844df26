import Logging

/// What log and history call something that the core reports: `VIP_EVENT` in the journal. The log's
/// document lists each.
package enum ReportEvent: String, CaseIterable, Sendable {
    case takeover
    case letGo = "let-go"
    case candidacy, state, owner, restored
    case switchoverFailed = "switchover-failed"
    case termRaised = "term-raised"
    case voterStruck = "voter-struck"
    case tenureDoubted = "tenure-doubted"
    case candidacyFailed = "candidacy-failed"
    case holdDown = "hold-down"
    case forceConfirmed = "force-confirmed"
    case addressesPutBack = "addresses-put-back"
    case addressesRemoved = "addresses-removed"
    case addressesRefused = "addresses-refused"
    case voterHeard = "voter-heard"
    case voterLost = "voter-lost"
    case pathHeard = "path-heard"
    case pathLost = "path-lost"
    case duplicateName = "duplicate-name"
    case voterSetsDiffer = "voter-sets-differ"
    case abstaining, voting
    case recordLowered = "record-lowered"
    case suspended

    var level: Logger.Level {
        switch self {
        case .candidacy, .state, .candidacyFailed, .pathHeard: .info
        case .takeover, .letGo, .owner, .restored, .termRaised, .forceConfirmed, .voterHeard,
            .abstaining, .voting, .recordLowered:
            .notice
        case .switchoverFailed, .voterStruck, .tenureDoubted, .holdDown, .addressesPutBack,
            .addressesRemoved, .voterLost, .pathLost:
            .warning
        case .addressesRefused, .duplicateName, .voterSetsDiffer, .suspended: .error
        }
    }

    /// Whether there may be many of it, so that repeats are folded; of the others every one counts.
    var isFolded: Bool {
        switch self {
        case .candidacy, .state, .termRaised, .tenureDoubted, .candidacyFailed, .addressesPutBack,
            .addressesRemoved, .addressesRefused, .voterHeard, .voterLost, .pathHeard, .pathLost,
            .duplicateName, .voterSetsDiffer:
            true
        case .takeover, .letGo, .owner, .restored, .switchoverFailed, .voterStruck, .holdDown,
            .forceConfirmed, .abstaining, .voting, .recordLowered, .suspended:
            false
        }
    }
}
