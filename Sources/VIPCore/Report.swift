/// A transition of one group on this host, or something else worth a line in log and history.
public enum Report: Equatable, Sendable {
    /// How one group stands with this host, as an operator would say it.
    public enum State: Equatable, Sendable {
        case standby, candidate, owner, lettingGo
    }

    case transition(
        GroupID,
        from: State,
        to: State,
        term: Term,
        reason: Reason,
        after: Duration
    )
    /// The owner as this host's voter sees it has changed.
    case ownerChanged(GroupID, from: HostID?, to: HostID?, term: Term)
    case switchoverFailed(GroupID, SwitchoverRefusal)
    case termRaised(GroupID, from: Term, to: Term, voter: HostID)
    case voterStruck(GroupID, voter: HostID, holder: HostID)
    /// Another node says that it owns the group in a higher term: the gate is closed, and the
    /// voters are asked.
    case tenureDoubted(GroupID, by: HostID, term: Term)
    case candidacyFailed(GroupID, term: Term, CandidacyFailure)
    case addressesPutBack(GroupID)
    case foreignAddressesRemoved(GroupID)
    case addressesRefused(GroupID)
    /// A majority has granted to an owner by force: it is one like any other now.
    case forceConfirmed(GroupID, term: Term)
    case voterHeard(HostID)
    case voterLost(HostID, after: Duration)
    case pathHeard(HostID, path: Int)
    case pathLost(HostID, path: Int)
    case duplicateName(HostID)
    case voterSetsDiffer(HostID)
    case holdDown(GroupID, Duration, changes: Int)
    case abstaining(Duration)
    case abstentionEnded
    /// No grant of the longer lease on record is left; this one is put there.
    case recordLowered(to: Duration)
    case restored(GroupID, term: Term, remaining: Duration)
    case suspended
}

/// Why a group changed its state.
public enum Reason: Equatable, Sendable {
    /// Nobody held the lease.
    case vacant
    /// The lease of this host ran out unrenewed.
    case leaseRanOut(of: HostID)
    case majority
    case handedOver(by: HostID)
    case forced
    case restored
    /// Why an owner lets go.
    case deadlinePassed
    case majorityLost
    case switchover(to: HostID)
    case interfaceDown
    case unhealthy
    case maintenance
    case stopping
    case superseded(by: HostID)
    case notConfirmed
    case addressesRefused
    case candidacyFailed
    case leftover
    /// The gate is not in place, and could not be put back.
    case gateMissing
    /// The kernel did not say in time that the addresses are there.
    case kernelSilent
}

public enum CandidacyFailure: Equatable, Sendable {
    case refused(by: HostID, RefusalReason, holder: HostID?)
    case noAnswer
    case ownVoteRefused
    case notReady(Unreadiness)
}

/// Why a frame was dropped by the core. The shell has reasons of its own for what it can't read.
public enum DropReason: Int, Equatable, Sendable, CaseIterable {
    case notForUs, ownName, unknownSender, unknownPath
    /// A session that has not answered our challenge: a recorded frame, or a process that has just
    /// started; it is sent the challenge.
    case unproven
    /// The right session with a challenge that is no longer ours.
    case staleProof
    /// Seen before, over this path or another.
    case duplicate
    /// Of two live hosts with one name.
    case duplicateName
    /// A record that its sender can have no reason for: a witness that wants to own, a request for
    /// somebody else, a term far above all others. The rest of its frame is read.
    case implausible
}
