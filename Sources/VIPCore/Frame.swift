/// One datagram between two voters, after its authentication was verified.
///
/// Sessions (see `Peer`) make sure that a frame recorded earlier changes nothing: `proof`
/// repeats what the receiver last challenged the sender's process with, and sequence numbers only
/// grow.
public struct Frame: Equatable, Sendable {
    public var cluster: UInt64
    public var voterSet: UInt64
    public var sender: HostID
    public var receiver: HostID
    /// The process that sends, by a number that it drew when it started.
    public var session: UInt64
    /// Grows with every frame from this session to this receiver; the same on every path.
    public var sequence: UInt64
    /// The receiver's challenge, as the sender knows it; 0 if it knows none.
    public var proof: UInt64
    /// What the sender wants to see as `proof` in what the receiver sends.
    public var challenge: UInt64
    /// Over which path it was sent; a frame goes over all of them.
    public var path: UInt8
    /// MONOTONIC_RAW of the sender in nanoseconds when it sent this, for the round-trip time.
    public var sentAt: UInt64
    /// `sentAt` of the last frame that the sender had over this path, moved on by the time that it
    /// has kept it; 0 if there was none.
    public var echo: UInt64
    public var records: [Record]

    public init(
        cluster: UInt64,
        voterSet: UInt64,
        sender: HostID,
        receiver: HostID,
        session: UInt64,
        sequence: UInt64,
        proof: UInt64,
        challenge: UInt64,
        path: UInt8,
        sentAt: UInt64,
        echo: UInt64,
        records: [Record]
    ) {
        self.cluster = cluster
        self.voterSet = voterSet
        self.sender = sender
        self.receiver = receiver
        self.session = session
        self.sequence = sequence
        self.proof = proof
        self.challenge = challenge
        self.path = path
        self.sentAt = sentAt
        self.echo = echo
        self.records = records
    }
}

/// What a frame says, one sentence each. `docs/frames.md` has the octets.
public enum Record: Equatable, Sendable {
    /// A node asks for a grant, to get the lease or to renew it.
    case request(Request)
    case granted(Granted)
    case refused(Refused)
    /// A holder gives a term back.
    case release(Release)
    /// The release has arrived; it need not be repeated.
    case released(group: GroupID, term: Term, holder: Holder)
    /// An owner asks a node whether it would take over.
    case inquiry(Inquiry)
    case offer(Offer)
    case declined(group: GroupID, number: UInt64, because: Unreadiness)
    /// An operator at a host that does not own the group wants it moved.
    case appeal(Appeal)
    /// The answer to an appeal: nil is "done or under way".
    case appealAnswered(group: GroupID, number: UInt64, refusal: SwitchoverRefusal?)
    /// How the sender is, and whom it hears.
    case presence(Presence)
    /// How one group stands with the sender.
    case condition(Condition)
}

/// "Let me hold this group's lease for `length`."
public struct Request: Equatable, Sendable {
    public var group: GroupID
    public var term: Term
    public var holder: Holder
    public var length: Duration
    public var stamp: Stamp

    public init(group: GroupID, term: Term, holder: Holder, length: Duration, stamp: Stamp) {
        self.group = group
        self.term = term
        self.holder = holder
        self.length = length
        self.stamp = stamp
    }
}

/// The answer repeats the whole question, but for a length that may be shorter: a voter grants for
/// no longer than its own configured lease.
public struct Granted: Equatable, Sendable {
    public var group: GroupID
    public var term: Term
    public var holder: Holder
    public var length: Duration
    public var stamp: Stamp

    public init(group: GroupID, term: Term, holder: Holder, length: Duration, stamp: Stamp) {
        self.group = group
        self.term = term
        self.holder = holder
        self.length = length
        self.stamp = stamp
    }

    /// The answer to `request`, with the length that the voter grants: never more than was asked.
    /// - Parameter length: all that was asked for, unless it is said.
    package init(answering request: Request, length: Duration? = nil) {
        self.init(
            group: request.group,
            term: request.term,
            holder: request.holder,
            length: length ?? request.length,
            stamp: request.stamp
        )
    }
}

public enum RefusalReason: UInt8, Equatable, Sendable, CaseIterable {
    /// Another holder has a live grant.
    case held = 1
    /// The term is not above the highest that was granted.
    case lowTerm = 2
    /// The voter is a new incarnation, and may have forgotten a grant.
    case abstaining = 3
    /// Voter and requester do not agree on who votes.
    case voterSets = 4
    /// The voter waits for `vip-agent accept-voters`.
    case suspended = 5
    case unknownGroup = 6
    /// The voter's own lease is not in its state directory yet; ask again.
    case recording = 7
    /// The term is too far above all that this voter knows of.
    case highTerm = 8
}

public struct Refused: Equatable, Sendable {
    public var group: GroupID
    /// Term, holder and stamp of the question.
    public var term: Term
    public var holder: Holder
    public var stamp: Stamp
    public var reason: RefusalReason
    /// Who has the live grant, if anybody.
    public var current: Holder?
    /// How long what stands in the way lasts.
    public var remaining: Duration
    public var highestGranted: Term

    public init(
        group: GroupID,
        term: Term,
        holder: Holder,
        stamp: Stamp,
        reason: RefusalReason,
        current: Holder?,
        remaining: Duration,
        highestGranted: Term
    ) {
        self.group = group
        self.term = term
        self.holder = holder
        self.stamp = stamp
        self.reason = reason
        self.current = current
        self.remaining = remaining
        self.highestGranted = highestGranted
    }

    package init(
        _ request: Request,
        because reason: RefusalReason,
        current: Holder? = nil,
        remaining: Duration = .zero,
        highestGranted: Term = .none
    ) {
        self.init(
            group: request.group,
            term: request.term,
            holder: request.holder,
            stamp: request.stamp,
            reason: reason,
            current: current,
            remaining: remaining,
            highestGranted: highestGranted
        )
    }
}

public struct Release: Equatable, Sendable {
    public var group: GroupID
    public var term: Term
    public var holder: Holder
    /// In a switchover, the grant of the releasing host's own voter for the successor's offer.
    public var vote: Granted?

    public init(group: GroupID, term: Term, holder: Holder, vote: Granted? = nil) {
        self.group = group
        self.term = term
        self.holder = holder
        self.vote = vote
    }
}

public struct Inquiry: Equatable, Sendable {
    public var group: GroupID
    public var number: UInt64
    /// The highest term that the owner knows of, so that the offer can be above it.
    public var highestTerm: Term

    public init(group: GroupID, number: UInt64, highestTerm: Term) {
        self.group = group
        self.number = number
        self.highestTerm = highestTerm
    }
}

/// "Should you let go, give me your vote for exactly this."
public struct Offer: Equatable, Sendable {
    public var number: UInt64
    public var request: Request

    public init(number: UInt64, request: Request) {
        self.number = number
        self.request = request
    }
}

public struct Appeal: Equatable, Sendable {
    public var group: GroupID
    public var number: UInt64
    /// Nil: to whoever is ready.
    public var successor: HostID?

    public init(group: GroupID, number: UInt64, successor: HostID?) {
        self.group = group
        self.number = number
        self.successor = successor
    }
}

/// Why a node would not take a group over.
public enum Unreadiness: UInt8, Equatable, Sendable, CaseIterable {
    case interfaceDown = 1
    case unhealthy = 2
    case maintenance = 3
    case abstaining = 4
    case suspended = 5
    case stopping = 6
    /// It owns the group itself, or is on its way to.
    case busy = 7
    case unknownGroup = 8
    /// The kernel would not enforce its deadline.
    case gateMissing = 9
    /// The kernel would not take the group's addresses, as it was tried.
    case kernelRefuses = 10
    /// The kernel has not answered for longer than a takeover may take.
    case kernelSilent = 11
}

/// Why a switchover does not take place.
public enum SwitchoverRefusal: UInt8, Equatable, Sendable, CaseIterable {
    case notOwner = 1
    case noSuccessor = 2
    case successorUnknown = 3
    case successorNotHeard = 4
    case successorNotReady = 5
    case successorOwnsIt = 6
    case underWay = 7
    case noAnswer = 8
    case unknownGroup = 9
    /// An appeal so soon after another one.
    case tooSoon = 10
    /// The group has changed hands too often lately.
    case heldDown = 11
}

/// How the sender is, and whom it hears over which path.
public struct Presence: Equatable, Sendable {
    public struct Hearing: Equatable, Sendable {
        public var voter: HostID
        public var path: UInt8
        /// Heard within the last heartbeats, by the sender's own judgement.
        public var heard: Bool
        /// Since the last frame over this path; saturates at 65,535 ms, which also means never.
        public var ageMilliseconds: UInt16
        /// Within how many microseconds the voter answers: the smoothed round trip and four of its
        /// deviations (RFC 6298); 0 is unknown.
        public var roundTripMicroseconds: UInt32

        public init(
            voter: HostID,
            path: UInt8,
            heard: Bool,
            ageMilliseconds: UInt16,
            roundTripMicroseconds: UInt32
        ) {
            self.voter = voter
            self.path = path
            self.heard = heard
            self.ageMilliseconds = ageMilliseconds
            self.roundTripMicroseconds = roundTripMicroseconds
        }
    }

    public var abstaining: Bool
    public var maintenance: Bool
    public var stopping: Bool
    public var suspended: Bool
    /// `Settings.timingDigest` and `Settings.groupsDigest` of the sender: what its file says.
    public var timingDigest: UInt64
    public var groupsDigest: UInt64
    public var hearings: [Hearing]

    public init(
        abstaining: Bool,
        maintenance: Bool,
        stopping: Bool,
        suspended: Bool,
        timingDigest: UInt64 = 0,
        groupsDigest: UInt64 = 0,
        hearings: [Hearing]
    ) {
        self.abstaining = abstaining
        self.maintenance = maintenance
        self.stopping = stopping
        self.suspended = suspended
        self.timingDigest = timingDigest
        self.groupsDigest = groupsDigest
        self.hearings = hearings
    }
}

/// How one group stands with a node.
public struct Condition: Equatable, Sendable {
    public var group: GroupID
    public var owns: Bool
    public var forced: Bool
    /// The term of its tenure if it owns, of its voter's grant otherwise.
    public var term: Term
    /// Nil: it would take over.
    public var unready: Unreadiness?
    /// The voters whose grants it counts on now. Without a lease none; some, and it does not own
    /// the group: it has the lease and does not serve.
    public var votes: VoterMask
    /// `Settings.Group.digest` of the sender: what its file says of the group.
    public var digest: UInt32

    public init(
        group: GroupID,
        owns: Bool,
        forced: Bool,
        term: Term,
        unready: Unreadiness?,
        votes: VoterMask = VoterMask(),
        digest: UInt32 = 0
    ) {
        self.group = group
        self.owns = owns
        self.forced = forced
        self.term = term
        self.unready = unready
        self.votes = votes
        self.digest = digest
    }
}
