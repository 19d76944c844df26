/// What a voter has promised about one group.
public struct Grant: Equatable, Sendable {
    public var holder: Holder
    public var term: Term
    /// When it ends, by this voter's MONOTONIC_RAW alone: a suspend only makes it longer.
    public var expiry: Instant
    /// Its holder has given it back: it is not live, and its term is not granted again.
    public var released: Bool

    public init(holder: Holder, term: Term, expiry: Instant, released: Bool) {
        self.holder = holder
        self.term = term
        self.expiry = expiry
        self.released = released
    }

    public func isLive(at now: Reading) -> Bool {
        !released && now.raw < expiry
    }
}

/// One voter's answer as its owner counts it: the voter excludes everybody else until
/// `stamp + length` and longer.
public struct Contribution: Equatable, Sendable {
    public var voter: HostID
    public var stamp: Stamp
    public var length: Duration

    public init(voter: HostID, stamp: Stamp, length: Duration) {
        self.voter = voter
        self.stamp = stamp
        self.length = length
    }
}

/// What the page keeps of a tenure, so that a restarted agent goes on with it.
public struct TenureRecord: Equatable, Sendable {
    public var term: Term
    /// At most one for every voter, in the order of the voters.
    public var counted: [Contribution]
    public var deadline: Reading
    /// Taken by `takeover --force`: it ends with the process.
    public var forced: Bool

    public init(term: Term, counted: [Contribution], deadline: Reading, forced: Bool) {
        self.term = term
        self.counted = counted
        self.deadline = deadline
        self.forced = forced
    }
}

/// All that must not be forgotten about one group while the boot lasts.
public struct GroupRecord: Equatable, Sendable {
    public var group: GroupID
    /// The last grant of this host's voter, live or not.
    public var grant: Grant?
    public var highestGranted: Term
    /// The highest term that this host ever asked for or offered.
    public var highestUsed: Term
    /// Nil once the term is given up.
    public var tenure: TenureRecord?

    public init(
        group: GroupID,
        grant: Grant? = nil,
        highestGranted: Term = .none,
        highestUsed: Term = .none,
        tenure: TenureRecord? = nil
    ) {
        self.group = group
        self.grant = grant
        self.highestGranted = highestGranted
        self.highestUsed = highestUsed
        self.tenure = tenure
    }
}

/// What the page says of the incarnation itself. Boot id and namespace, which say whether the page
/// is this boot's at all, are the shell's to write and to compare.
public struct PageHeader: Equatable, Sendable {
    public var incarnation: Incarnation
    /// Until then, by MONOTONIC_RAW, the voter answers nothing but refusals. In the page from its
    /// first write: a second kill must not shorten it.
    public var abstentionEnd: Instant
    /// The voters that the promises in this page were made among.
    public var voterSet: UInt64
    /// An operator wants nothing to come to this host; until told otherwise, or the next boot.
    public var maintenance: Bool

    public init(
        incarnation: Incarnation,
        abstentionEnd: Instant,
        voterSet: UInt64,
        maintenance: Bool = false
    ) {
        self.incarnation = incarnation
        self.abstentionEnd = abstentionEnd
        self.voterSet = voterSet
        self.maintenance = maintenance
    }
}

/// A page that was found whole and that is of this boot and network namespace.
public struct Page: Equatable, Sendable {
    public var header: PageHeader
    /// In the order of their groups; those of groups that left the configuration too.
    public var records: [GroupRecord]

    public init(header: PageHeader, records: [GroupRecord]) {
        self.header = header
        self.records = records
    }
}

extension Page {
    /// Whether all of it can have been written by `now`: no grant, tenure or abstention lasts
    /// longer than the longest lease that there can be, and no answer was asked for in the future.
    /// A page with a promise beyond that would keep this host an owner, or silent, for good.
    public func isPlausible(at now: Reading) -> Bool {
        let longest = Timing.leaseBounds.upperBound
        let latest = Reading(boottime: now.boottime + longest, raw: now.raw + longest)
        guard header.abstentionEnd <= latest.raw else { return false }
        return records.allSatisfy { record in
            (record.grant?.expiry ?? .zero) <= latest.raw
                && record.tenure.map { $0.isPlausible(at: now, until: latest) } ?? true
        }
    }
}

extension TenureRecord {
    fileprivate func isPlausible(at now: Reading, until latest: Reading) -> Bool {
        deadline.boottime <= latest.boottime && deadline.raw <= latest.raw
            && counted.allSatisfy { contribution in
                contribution.stamp.boottime <= now.boottime && contribution.stamp.raw <= now.raw
            }
    }
}

/// What an agent finds when it starts.
public struct Memory: Equatable, Sendable {
    /// Nil: this is a new incarnation.
    public var page: Page?
    /// Drawn at random by the shell; used if the incarnation is new.
    public var newIncarnation: Incarnation
    /// The longest lease that the state directory holds, zero if it holds none: this voter grants
    /// none that is longer.
    public var longestLease: Duration
    /// Whether it holds this host's own lease, as it does once the shell has put it there. Until
    /// then the voter grants nothing.
    public var isLeaseRecorded: Bool
    /// Whether the gates that an earlier process left are found by now, so that to close one closes
    /// it. If not, the first `Event.gatesClosed` says when they were.
    public var areGatesFound: Bool
    /// The highest terms that the state directory has, in the order of their groups.
    public var highestTerms: [(group: GroupID, term: Term)]

    public init(
        page: Page?,
        newIncarnation: Incarnation,
        longestLease: Duration = .zero,
        isLeaseRecorded: Bool = true,
        areGatesFound: Bool = true,
        highestTerms: [(group: GroupID, term: Term)] = []
    ) {
        self.page = page
        self.newIncarnation = newIncarnation
        self.longestLease = longestLease
        self.isLeaseRecorded = isLeaseRecorded
        self.areGatesFound = areGatesFound
        self.highestTerms = highestTerms
    }

    public static func == (left: Memory, right: Memory) -> Bool {
        left.page == right.page && left.newIncarnation == right.newIncarnation
            && left.longestLease == right.longestLease
            && left.isLeaseRecorded == right.isLeaseRecorded
            && left.areGatesFound == right.areGatesFound
            && left.highestTerms.elementsEqual(right.highestTerms) { $0 == $1 }
    }
}
