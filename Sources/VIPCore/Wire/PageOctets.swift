/// What the page file keeps in its slots. Slots, checksums, boot id and namespace are the shell's.
///
/// The page lives no longer than the boot, but longer than the binary: an upgrade reads what the
/// release before it wrote, hence the version. And who may write it is not this process alone: what
/// is read from it has the bounds of what is read from a frame.
extension PageHeader {
    /// Version 2 has flags at the end. It is written only where one of them is set, so that a
    /// release that knows version 1 alone finds its page after a downgrade, too.
    public static let longestLength = Offset.end
    public static let version: UInt8 = 2
    private static let withoutFlags: UInt8 = 1

    private enum Offset {
        static let version = 0
        static let incarnation = 1
        static let abstentionEnd = 9
        static let voterSet = 17
        static let flags = 25
        static let end = 26
    }

    private enum Flag {
        static let maintenance: UInt8 = 1 << 0
    }

    /// Exactly the octets that `serialize` wrote, without the slot's padding.
    public init(parsing octets: Span<UInt8>) throws(WireError) {
        guard octets.count >= Offset.flags else {
            throw .truncated(needed: Offset.flags, found: octets.count)
        }
        var flags: UInt8 = 0
        if octets[Offset.version] == Self.withoutFlags {
            guard octets.count == Offset.flags else {
                throw .trailing(octets.count - Offset.flags)
            }
        } else {
            try octets.checkPageVersion(Self.version, at: Offset.version)
            guard octets.count >= Offset.end else {
                throw .truncated(needed: Offset.end, found: octets.count)
            }
            guard octets.count == Offset.end else { throw .trailing(octets.count - Offset.end) }
            flags = octets[Offset.flags]
        }
        guard flags & ~Flag.maintenance == 0 else {
            throw .reserved(.flags, UInt64(flags & ~Flag.maintenance))
        }
        self.init(
            incarnation: Incarnation(octets.loadUInt64(at: Offset.incarnation)),
            abstentionEnd: try octets.loadInstant(at: Offset.abstentionEnd, .instant),
            voterSet: octets.loadUInt64(at: Offset.voterSet),
            maintenance: flags & Flag.maintenance != 0
        )
    }

    /// Appends at most `longestLength` octets.
    public func serialize(into octets: inout [UInt8]) {
        octets.append(maintenance ? Self.version : Self.withoutFlags)
        octets.append(incarnation.bits)
        octets.appendRoundedUp(abstentionEnd)
        octets.append(voterSet)
        if maintenance { octets.append(Flag.maintenance) }
    }
}

extension GroupRecord {
    /// With a grant, and a tenure that counts nine voters.
    public static let longestLength =
        Offset.grant + GrantOffset.end + TenureOffset.counted
        + Settings.mostVoters * ContributionOffset.end
    public static let version: UInt8 = 1

    private enum Offset {
        static let version = 0
        static let flags = 1
        static let contributions = 2
        static let group = 3
        static let highestGranted = 11
        static let highestUsed = 19
        /// Grant and tenure follow in this order, as far as the flags say that they are there.
        static let grant = 27
    }

    private enum GrantOffset {
        static let holder = 0
        static let term = 16
        static let expiry = 24
        static let end = 32
    }

    private enum TenureOffset {
        static let term = 0
        static let deadline = 8
        static let counted = 24
    }

    private enum ContributionOffset {
        static let voter = 0
        static let stamp = 8
        static let length = 24
        static let end = 32
    }

    private enum Flag {
        static let grant: UInt8 = 1 << 0
        static let released: UInt8 = 1 << 1
        static let tenure: UInt8 = 1 << 2
        static let forced: UInt8 = 1 << 3
    }

    /// Exactly the octets that `serialize` wrote, without the slot's padding.
    public init(parsing octets: Span<UInt8>) throws(WireError) {
        guard octets.count >= Offset.grant else {
            throw .truncated(needed: Offset.grant, found: octets.count)
        }
        try octets.checkPageVersion(Self.version, at: Offset.version)
        let flags = octets[Offset.flags]
        let hasGrant = flags & Flag.grant != 0
        let hasTenure = flags & Flag.tenure != 0
        let meaningful =
            (hasGrant ? Flag.grant | Flag.released : 0)
            | (hasTenure ? Flag.tenure | Flag.forced : 0)
        guard flags & ~meaningful == 0 else {
            throw .reserved(.flags, UInt64(flags & ~meaningful))
        }
        let count = Int(octets[Offset.contributions])
        guard count <= (hasTenure ? Settings.mostVoters : 0) else {
            throw .outOfBounds(.contributions, UInt64(count))
        }

        let tenure = Offset.grant + (hasGrant ? GrantOffset.end : 0)
        let counted = tenure + (hasTenure ? TenureOffset.counted : 0)
        let end = counted + count * ContributionOffset.end
        guard octets.count >= end else { throw .truncated(needed: end, found: octets.count) }
        guard octets.count == end else { throw .trailing(octets.count - end) }

        self.init(
            group: octets.loadGroup(at: Offset.group),
            highestGranted: try octets.loadTermOrNone(at: Offset.highestGranted),
            highestUsed: try octets.loadTermOrNone(at: Offset.highestUsed)
        )
        if hasGrant {
            grant = Grant(
                holder: octets.loadHolder(at: Offset.grant + GrantOffset.holder),
                term: try octets.loadTerm(at: Offset.grant + GrantOffset.term),
                expiry: try octets.loadInstant(at: Offset.grant + GrantOffset.expiry, .instant),
                released: flags & Flag.released != 0
            )
        }
        if hasTenure {
            var contributions: [Contribution] = []
            for index in 0..<count {
                let offset = counted + index * ContributionOffset.end
                contributions.append(try octets.loadContribution(at: offset))
            }
            self.tenure = TenureRecord(
                term: try octets.loadTerm(at: tenure + TenureOffset.term),
                counted: contributions,
                deadline: Reading(
                    boottime: try octets.loadInstant(at: tenure + TenureOffset.deadline, .instant),
                    raw: try octets.loadInstant(at: tenure + TenureOffset.deadline + 8, .instant)
                ),
                forced: flags & Flag.forced != 0
            )
        }
    }

    /// Appends at most `longestLength` octets. Traps if the tenure counts more voters than there
    /// can be.
    public func serialize(into octets: inout [UInt8]) {
        let count = tenure?.counted.count ?? 0
        precondition(
            count <= Settings.mostVoters,
            "a tenure counts \(count) voters, and there are at most \(Settings.mostVoters)"
        )
        var flags: UInt8 = 0
        if let grant { flags |= Flag.grant | (grant.released ? Flag.released : 0) }
        if let tenure { flags |= Flag.tenure | (tenure.forced ? Flag.forced : 0) }
        octets.append(Self.version)
        octets.append(flags)
        octets.append(UInt8(count))
        octets.append(group.bits)
        octets.append(highestGranted.number)
        octets.append(highestUsed.number)
        if let grant {
            octets.append(grant.holder)
            octets.append(grant.term.number)
            octets.appendRoundedUp(grant.expiry)
        }
        guard let tenure else { return }
        octets.append(tenure.term.number)
        octets.append(tenure.deadline)
        for contribution in tenure.counted {
            octets.append(contribution.voter.bits)
            octets.append(contribution.stamp)
            octets.append(contribution.length)
        }
    }
}

extension Span<UInt8> {
    fileprivate func checkPageVersion(_ version: UInt8, at offset: Int) throws(WireError) {
        let found = self[offset]
        guard found <= version else { throw .futureVersion(found) }
        guard found == version else { throw .unsupported(.version, UInt64(found)) }
    }

    fileprivate func loadContribution(at offset: Int) throws(WireError) -> Contribution {
        Contribution(
            voter: HostID(loadUInt64(at: offset)),
            stamp: try loadStamp(at: offset + 8),
            length: try loadLength(at: offset + 24)
        )
    }
}

extension [UInt8] {
    /// A promise to others may end a nanosecond late, never early, so what an instant has beyond
    /// whole nanoseconds counts as one. An owner's own deadline loses it instead.
    fileprivate mutating func appendRoundedUp(_ instant: Instant) {
        let whole = instant.nanoseconds
        let rounds = Instant(nanoseconds: whole) < instant && whole < .max
        append(UInt64(bitPattern: rounds ? whole + 1 : whole))
    }
}
