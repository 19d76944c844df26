/// The rules of the lease, as docs/protocol.md numbers them. Every agent counts how often each of
/// them decided something, and the simulation fails when one of them never does: a walk proves only
/// the rules that it fires.
public enum Rule: Int, CaseIterable, Sendable {
    // The voter.
    case grantFree, grantRenewal, grantSameTermAgain, keepLongerGrant, grantShorter
    case refuseHeld, refuseLowTerm, refuseAbstaining, refuseVoterSets, refuseSuspended
    case refuseUnknownGroup, refuseRecording, refuseHighTerm, lowerRecord
    case releaseGrant, ignoreRelease
    // The owner.
    case countAnswer, ignoreOldAnswer, resendRenewal, raiseTerm, strikeVoter, lowerGate
    case deadlinePassed, releaseStrayGrant, withholdRelease, letGoUnconfirmed
    case doubtTenure, outlastDoubt
    // What is not believed.
    case dropImplausible, ignoreTerm, leapToTerm, refuseAppeal
    case putBackAddresses, removeForeignAddresses, putOffAddresses, repeatLateRequest
    // Letting go and switchover.
    case letGo, drainBeforeRelease, releaseTerm, resendRelease, inquire, makeOffer, declineInquiry,
        handOverVote
    case acceptOffer, ignoreVote, releaseWithoutVote, failBack, delayPlannedMove,
        moveFromMissingGate
    // Candidacy.
    case askOthersFirst, voteForOneself, waitForRemaining, giveUpCandidacy, yieldToRank
    case retryAfterSplit, noMajorityHeard
    // Force.
    case force, refuseForce, endForce, confirmForce
    // Start and restart.
    case abstainAsNew, restoreTenure, closeLeftoverGate, keepAbstaining
    // Sessions.
    case challenge, adoptSession, dropStaleProof, dropDuplicate, refuseDuplicateName
}

/// How often each rule has decided something.
public struct RuleCounts: Equatable, Sendable {
    private var counts = [UInt64](repeating: 0, count: Rule.allCases.count)

    public init() {}

    public subscript(rule: Rule) -> UInt64 { counts[rule.rawValue] }

    mutating func fire(_ rule: Rule) { counts[rule.rawValue] &+= 1 }

    public static func += (left: inout RuleCounts, right: RuleCounts) {
        for index in left.counts.indices { left.counts[index] &+= right.counts[index] }
    }
}
