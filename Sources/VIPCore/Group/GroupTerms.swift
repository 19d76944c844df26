/// How far this host follows others to higher terms. Terms are taken from voters one at a time, and
/// one that has gone wrong must neither use up the terms of all, nor lead one host to where the
/// others do not follow.
extension Group {
    /// Candidacies that one host has seen and another has not: nothing out of the ordinary.
    static let stride: UInt64 = 16

    /// How far a voter's word may raise the term of an owner, a candidate or an offer at once. More
    /// acquisitions than a cluster makes while one of its hosts is away.
    static let raiseGap: UInt64 = 1 << 20

    /// How far above all that this host knows a term may be that it grants. More than `raiseGap`,
    /// so that the others keep up with whom one liar has led on; so little that the terms last for
    /// 2^40 heartbeats.
    static let requestGap: UInt64 = 1 << 24

    private var highestKnown: Term { max(highestUsed, ballot.highestGranted, highestHeard) }

    /// A term that this host has never used and that is above all it knows of; used from now on.
    /// Nil at the end of all terms.
    mutating func takeFreshTerm() -> Term? {
        let fresh = highestKnown.next
        guard fresh > highestKnown else { return nil }
        highestUsed = fresh
        return fresh
    }

    /// Takes note of a term that another host speaks of, at most `gap` above all that is known, and
    /// of one that is far above once a heartbeat. Whether this host has come to that term.
    mutating func follow(
        _ term: Term,
        within gap: UInt64,
        in context: StepContext,
        _ out: inout StepOutput
    )
        -> Bool
    {
        guard term > highestKnown else { return true }
        let distance = term.number - highestKnown.number
        if mutated(.termsUnbounded) || distance <= Self.stride {
            highestHeard = term
            return true
        }
        guard takeLeap(in: context) else { return false }
        out.fire(.leapToTerm)
        highestHeard = Term(highestKnown.number + min(distance, gap))
        return distance <= gap
    }

    /// Whether this host's voter may grant that term. One far above is granted once a heartbeat;
    /// one that is too far is approached, so that who asks again is heard in the end.
    mutating func isWithinReach(_ term: Term, in context: StepContext, _ out: inout StepOutput)
        -> Bool
    {
        guard term > highestKnown else { return true }
        let distance = term.number - highestKnown.number
        if distance <= Self.stride { return true }
        guard takeLeap(in: context) else { return false }
        guard distance > Self.requestGap else { return true }
        out.fire(.leapToTerm)
        highestHeard = Term(highestKnown.number + Self.requestGap)
        return false
    }

    private mutating func takeLeap(in context: StepContext) -> Bool {
        if let leaptAt, context.now.boottime - leaptAt < context.timing.heartbeat { return false }
        leaptAt = context.now.boottime
        return true
    }
}
