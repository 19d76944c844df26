/// The ways in which the rules of the lease and of the host can be broken, one at a time, to see
/// whether the simulation notices. Only a build with `VIP_MUTATIONS` can be broken; everywhere else
/// `mutated` is the constant `false`, and the compiler removes what hangs on it.
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
    /// A foreign gate is removed, or an extension opens one, while addresses of the process before
    /// may outlast the lease.
    case oldLifetimesTrusted
    /// The kernel is asked for addresses that live as long as a deadline that is not in the page.
    case lifetimesBeforePage
    // The host's gate (`HostGate`).
    /// What an earlier process left open for a group that has left the configuration stays open.
    case unconfiguredSlotLeftOpen
    /// A group gets a slot that is still one of a group that has left the configuration.
    case slotGivenTwice
    /// What is asked for while the gate is sought is forgotten.
    case soughtGateNotOpened, soughtGateNotClosed
    /// The gate of a tenure that goes on, and of every other group, is there before anybody looked.
    case gateBelievedUnseen
    /// It is in place once it sits on one interface.
    case oneWholeAttachmentEnough
    /// Where there is none, groups that need one may be here all the same.
    case noGateTakenForGate
    /// A gate that this agent can't open is removed while addresses are there that rely on it.
    case foreignGateRemovedUnderAddresses
    /// A gate that was only made counts as what has replaced the one that is there.
    case newGateTakenForFound
    /// It counts as what enforces the lease before it is attached.
    case newGateReliedOn
    // The host's addresses (`HostAddresses`).
    /// What the core asks for is done before the kernel has said what it has.
    case surveyNotAwaited
    /// After a loss of notifications nothing is asked; or once only, if the kernel refuses; or the
    /// answer is noted, and leads to nothing.
    case lossIgnored, refusedSurveyGivenUp, surveyNotActedOn
    /// What the kernel has told since it was asked for everything is not remembered.
    case toldSinceSurveyForgotten
    /// The core hears that its addresses are off before the kernel has said so.
    case removalToldEarly
    /// A removal takes off what was seen, and not what was only asked for; takes what came since it
    /// was asked for off, too; or is not tried again.
    case onlySeenRemoved, cameMeanwhileIgnored, refusedRemovalGivenUp
    /// An address of another shape is not taken out of the way.
    case obstacleLeft
    /// The kernel is asked at any time for addresses that were to be asked for before an instant.
    case beforeIgnored
    /// What was found to be wrong is told once, and not looked at again.
    case wrongNotLookedAtAgain
    /// On another link the addresses count as being where they were.
    case movedNotRecounted
    /// While its deadline is as it was, an owner writes nothing, not even what its voter grants to
    /// another host.
    case othersGrantPutOff
    /// Applied by the simulated shell, which tells of a loss before what was told before that.
    case lossToldFirst
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
