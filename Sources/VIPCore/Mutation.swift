/// The ways in which the lease rules can be broken, one at a time, to see whether the simulation
/// notices. Only a build with `VIP_MUTATIONS` can be broken; everywhere else `mutated` is the
/// constant `false`, and the compiler removes what hangs on it.
public enum Mutation: String, CaseIterable, Sendable {
    case voterOverwritesLiveGrant
    case newIncarnationDoesNotAbstain
    case abstentionNotInPage
    case releaseMatchesByNodeAlone
    case ownerCountsFromReceipt
    case answersCountedByMessage
    case successorTermNotFresh
    case offerAcceptedTwice
    case deadlineUsesCurrentLength
    case renewalShortensGrant
    case ownVoteNotAsked
    case ownVoteFreedBeforeGateClosed
    case releaseWhileGateOpen
    case pageAfterGate
    case pageAfterFrame
    case groupRecordsDropped
    case refreshPastDeadline
    case gateMissingIgnored
    case grantTakenUnasked, grantsLongerThanRecorded, recordLoweredEarly, acceptedAtOnce
    case termsUnbounded, wordOfOtherIgnored
    case releaseWithinMargin, gatesTakenForFound, waitsForKernelForEver
    /// Applied by the simulated shell, which reads the clock for the core, and looks at it again
    /// before it asks the kernel.
    case clockReadBeforeFrame, lateRequestMade
}

#if VIP_MUTATIONS
    /// Set once, before the first agent is made.
    nonisolated(unsafe) public var activeMutation: Mutation?

    @inline(__always)
    public func mutated(_ mutation: Mutation) -> Bool { unsafe activeMutation == mutation }
#else
    @inline(__always)
    public func mutated(_: Mutation) -> Bool { false }
#endif
