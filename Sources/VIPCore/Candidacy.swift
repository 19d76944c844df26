/// A standby's attempt at the lease, in one term.
struct Candidacy: Sendable {
    var term: Term
    let reason: Reason
    /// By voter, as in `Tenure`.
    var counted: [Contribution?]
    var asks: [Ask]
    /// The last refusal, which is why it fails if it does.
    var lastRefusal: CandidacyFailure?
    /// When what stands in the way ends, by the first refusal that told.
    var blockedUntil: Instant?
    /// Without a majority by then it is given up.
    let giveUpAt: Instant
    /// When a voter last made this host raise its term.
    var raisedAt: Instant?
}

/// A host that does not own the group and does not ask for it.
struct Standby: Sendable {
    /// It does not ask before; set by refusals and failed attempts.
    var notBefore: Instant
    /// Its last attempt has failed.
    var hasFailed = false
    /// Since when nobody holds the lease, as far as this host's voter knows.
    var vacantSince: Instant?
}

/// A release that was not acknowledged by all voters yet.
struct PendingRelease: Sendable {
    let release: Release
    /// By voter.
    var asks: [Ask]
    let giveUpAt: Instant
}

/// The way out: the gate is closed, the kernel takes the addresses off.
struct LettingGo: Sendable {
    /// What is released once they are off; `none` if there is nothing to release.
    var term: Term
    var request: UInt64
    var reason: Reason
    /// The successor's offer, if this is a switchover.
    var vote: Request?
    let began: Reading
    /// The gate was closed by then; nil while it is yet to be found.
    var closedBy: Reading?
    /// How long what the gate had let through before may take to leave: by MONOTONIC_RAW.
    let drain: Duration
    /// The kernel has said that none of the addresses is left.
    var addressesAreOff = false
}
