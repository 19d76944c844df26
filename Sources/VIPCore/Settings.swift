/// The numbers that the lease is made of.
public struct Timing: Equatable, Sendable {
    /// How often voters are heard from: 1 ms to 10 s.
    public var heartbeat: Duration
    /// How long a grant runs: 2 heartbeats to 30 s.
    public var lease: Duration
    /// How far the rates of two hosts' clocks may differ, in parts per million.
    public var driftPartsPerMillion: Int
    /// How long a frame that has passed the gate may take to leave the host.
    public var margin: Duration

    public init(heartbeat: Duration, lease: Duration, driftPartsPerMillion: Int, margin: Duration) {
        self.heartbeat = heartbeat
        self.lease = lease
        self.driftPartsPerMillion = driftPartsPerMillion
        self.margin = margin
    }

    /// The lease lengths that are taken from a frame or a file.
    public static let leaseBounds: ClosedRange<Duration> = .milliseconds(2) ... .seconds(30)

    /// How long an owner relies on a grant of `length`, counted from the stamp of its request:
    /// shorter than the voter keeps it by twice the drift, and by the margin.
    public func reliance(on length: Duration) -> Duration {
        let drift = length.attoseconds * Int128(2 * driftPartsPerMillion) / 1_000_000
        return Duration(attoseconds: length.attoseconds - drift) - margin
    }

    /// How long frames that have passed a gate may take to leave once it is closed, by this host's
    /// MONOTONIC_RAW, whose rate may be wrong by `drift`.
    var drain: Duration {
        let drift = margin.attoseconds * Int128(2 * driftPartsPerMillion) / 1_000_000
        return Duration(attoseconds: margin.attoseconds + drift)
    }

    /// How long the kernel has for a new owner's addresses: who can't serve by then lets go.
    var confirmationPatience: Duration { max(lease, .seconds(1)) }

    /// Until when an owner relies on one voter's answer, by each clock.
    ///
    /// BOOTTIME may be slewed by up to 10 % (the kernel's limit), so it gets 0.899 of the length.
    /// Counted from the stamp that holds through suspends too: RAW misses those, BOOTTIME a tenth
    /// of the rest, and the smaller remainder of the two alone would be too long by that tenth. And
    /// it holds for whatever runs on BOOTTIME alone once this process is dead.
    func end(of contribution: Contribution) -> Reading {
        let length = mutated(.deadlineUsesCurrentLength) ? lease : contribution.length
        let reliance = reliance(on: length)
        return Reading(
            boottime: contribution.stamp.boottime
                + Duration(attoseconds: reliance.attoseconds * Self.slewed / 1000),
            raw: contribution.stamp.raw + reliance
        )
    }

    /// Of what is left of a lease, the thousandths that may be counted on BOOTTIME.
    static let slewed: Int128 = 899

    /// After this long without a frame a voter counts as not heard: three and a half heartbeats, so
    /// that two lost in a row mean nothing.
    public var hearing: Duration { heartbeat * 7 / 2 }
}

/// What happens when the preferred node is well again.
public enum Failback: Equatable, Sendable {
    case manual
    /// The owner hands over once the preferred node has been ready for this long without a break.
    case automatic(after: Duration)
}

/// What an agent knows about the cluster, itself and its groups. Fixed for the life of a process.
public struct Settings: Equatable, Sendable {
    public struct Voter: Equatable, Sendable {
        public enum Role: UInt8, Sendable {
            case node = 1
            case witness = 2
        }

        public var id: HostID
        public var role: Role
        /// Over how many paths this host and that voter talk; 1 to 4, and 0 for oneself.
        public var paths: Int

        public init(id: HostID, role: Role, paths: Int) {
            self.id = id
            self.role = role
            self.paths = paths
        }
    }

    public struct Group: Equatable, Sendable {
        public var id: GroupID
        /// Who takes it first.
        public var prefer: HostID?
        public var failback: Failback
        /// On this host. `lifetimes` takes a lease with an `enforceableLifetime`.
        public var enforcement: Enforcement
        /// A hash over what must be the same of the group in the file of every host.
        public var digest: UInt32

        public init(
            id: GroupID,
            prefer: HostID?,
            failback: Failback,
            enforcement: Enforcement = .gate,
            digest: UInt32 = 0
        ) {
            self.id = id
            self.prefer = prefer
            self.failback = failback
            self.enforcement = enforcement
            self.digest = digest
        }
    }

    public var cluster: UInt64
    public var me: HostID
    /// All voters, oneself included, in the order of their names; 1 to 9 of them.
    public var voters: [Voter]
    /// In the order of their ids, none twice.
    public var groups: [Group]
    public var timing: Timing
    /// A hash over the names and roles of all voters.
    public var voterSet: UInt64
    /// Hashes over the timing, and over all that must be the same of the groups, as the file of
    /// this host has them. They are compared with those of the others.
    public var timingDigest: UInt64
    public var groupsDigest: UInt64
    /// The voters, or the map of addresses to groups, are not those of the page: this host neither
    /// votes nor asks until it is told to (`Command.acceptVoters`).
    public var suspended: Bool
    /// An address has gone from one group to another since the page was written, and nobody has
    /// accepted that: no tenure in the page goes on, as its addresses are not what they were.
    public var addressesMoved = false

    public init(
        cluster: UInt64,
        me: HostID,
        voters: [Voter],
        groups: [Group],
        timing: Timing,
        voterSet: UInt64,
        timingDigest: UInt64 = 0,
        groupsDigest: UInt64 = 0,
        suspended: Bool = false
    ) {
        precondition(voters.contains { $0.id == me }, "an agent is one of its voters")
        precondition(voters.count <= Self.mostVoters)
        precondition(
            timing.enforceableLifetime != nil || !groups.contains { $0.enforcement == .lifetimes },
            "a lease of \(timing.lease) is too short for address lifetimes"
        )
        self.cluster = cluster
        self.me = me
        self.voters = voters
        self.groups = groups
        self.timing = timing
        self.voterSet = voterSet
        self.timingDigest = timingDigest
        self.groupsDigest = groupsDigest
        self.suspended = suspended
    }

    /// Nine voters bear four failures; a heartbeat that tells of all their paths still fits a
    /// frame.
    public static let mostVoters = 9
    public static let mostPaths = 4

    public var majority: Int { voters.count / 2 + 1 }
    public var isNode: Bool { voters.contains { $0.id == me && $0.role == .node } }
}
