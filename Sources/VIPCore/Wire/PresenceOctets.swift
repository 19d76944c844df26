/// The bodies of the records that say how a host is, and how its groups are.
extension Presence {
    /// Nine voters, oneself included for simplicity, on four paths each.
    public static let mostHearings = Settings.mostVoters * Settings.mostPaths

    enum Offset {
        static let flags = 0
        static let count = 1
        static let timingDigest = 2
        static let groupsDigest = 10
        static let hearings = 18
    }

    private enum Flag {
        static let abstaining: UInt8 = 1 << 0
        static let maintenance: UInt8 = 1 << 1
        static let stopping: UInt8 = 1 << 2
        static let suspended: UInt8 = 1 << 3
        static let reserved: UInt8 = 0xF0
    }

    init(parsing body: Span<UInt8>) throws(WireError) {
        guard body.count >= Offset.hearings else { throw .wrongLength(.presence, body.count) }
        let flags = body[Offset.flags]
        guard flags & Flag.reserved == 0 else {
            throw .reserved(.presence, UInt64(flags & Flag.reserved))
        }
        let count = Int(body[Offset.count])
        guard count <= Self.mostHearings else { throw .outOfBounds(.hearings, UInt64(count)) }
        guard body.count == Offset.hearings + count * Hearing.encodedLength else {
            throw .wrongLength(.presence, body.count)
        }
        self.init(
            abstaining: flags & Flag.abstaining != 0,
            maintenance: flags & Flag.maintenance != 0,
            stopping: flags & Flag.stopping != 0,
            suspended: flags & Flag.suspended != 0,
            timingDigest: body.loadUInt64(at: Offset.timingDigest),
            groupsDigest: body.loadUInt64(at: Offset.groupsDigest),
            hearings: []
        )
        hearings.reserveCapacity(count)
        for index in 0..<count {
            let start = Offset.hearings + index * Hearing.encodedLength
            let octets = body.extracting(start..<start + Hearing.encodedLength)
            hearings.append(try Hearing(parsing: octets))
        }
    }

    /// Traps if it hears over more paths than there can be.
    func serialize(into octets: inout [UInt8]) {
        precondition(
            hearings.count <= Self.mostHearings,
            "a presence tells of \(hearings.count) paths, and there are at most "
                + "\(Self.mostHearings)"
        )
        var flags: UInt8 = 0
        if abstaining { flags |= Flag.abstaining }
        if maintenance { flags |= Flag.maintenance }
        if stopping { flags |= Flag.stopping }
        if suspended { flags |= Flag.suspended }
        octets.append(flags)
        octets.append(UInt8(hearings.count))
        octets.append(timingDigest)
        octets.append(groupsDigest)
        for hearing in hearings {
            hearing.serialize(into: &octets)
        }
    }
}

extension Presence.Hearing {
    enum Offset {
        static let voter = 0
        static let path = 8
        static let heard = 9
        static let age = 10
        static let roundTrip = 12
        static let end = 16
    }

    /// In octets, within a presence.
    public static let encodedLength = Offset.end

    init(parsing octets: Span<UInt8>) throws(WireError) {
        let path = octets[Offset.path]
        guard path < Settings.mostPaths else { throw .outOfBounds(.path, UInt64(path)) }
        let heard = octets[Offset.heard]
        guard heard <= 1 else { throw .unsupported(.heard, UInt64(heard)) }
        self.init(
            voter: HostID(octets.loadUInt64(at: Offset.voter)),
            path: path,
            heard: heard == 1,
            ageMilliseconds: octets.loadUInt16(at: Offset.age),
            roundTripMicroseconds: octets.loadUInt32(at: Offset.roundTrip)
        )
    }

    func serialize(into octets: inout [UInt8]) {
        octets.append(voter.bits)
        octets.append(path)
        octets.append(UInt8(heard ? 1 : 0))
        octets.appendBigEndian(UInt64(ageMilliseconds), count: 2)
        octets.appendBigEndian(UInt64(roundTripMicroseconds), count: 4)
    }
}

extension Condition {
    enum Offset {
        static let group = 0
        static let term = 8
        static let flags = 16
        static let unready = 17
        static let votes = 18
        static let digest = 20
        static let end = 24
    }

    /// Bits of voters that there can't be.
    private static let reservedVotes = ~VoterMask.all(Settings.mostVoters).bits

    private enum Flag {
        static let owns: UInt8 = 1 << 0
        static let forced: UInt8 = 1 << 1
        static let reserved: UInt8 = 0xFC
    }

    init(parsing body: Span<UInt8>) throws(WireError) {
        guard body.count == Offset.end else { throw .wrongLength(.condition, body.count) }
        let flags = body[Offset.flags]
        guard flags & Flag.reserved == 0 else {
            throw .reserved(.condition, UInt64(flags & Flag.reserved))
        }
        let votes = body.loadUInt16(at: Offset.votes)
        guard votes & Self.reservedVotes == 0 else {
            throw .reserved(.condition, UInt64(votes & Self.reservedVotes))
        }
        let owns = flags & Flag.owns != 0
        let code = body[Offset.unready]
        let unready = Unreadiness(rawValue: code)
        guard code == 0 || unready != nil else { throw .unsupported(.unreadiness, UInt64(code)) }
        self.init(
            group: body.loadGroup(at: Offset.group),
            owns: owns,
            forced: flags & Flag.forced != 0,
            // Who owns has a term; a standby's voter may never have granted one.
            term: owns
                ? try body.loadTerm(at: Offset.term) : try body.loadTermOrNone(at: Offset.term),
            unready: unready,
            votes: VoterMask(bits: votes),
            digest: body.loadUInt32(at: Offset.digest)
        )
    }

    func serialize(into octets: inout [UInt8]) {
        octets.append(group.bits)
        octets.append(term.number)
        octets.append((owns ? Flag.owns : 0) | (forced ? Flag.forced : 0))
        octets.append(unready?.rawValue ?? 0)
        octets.appendBigEndian(UInt64(votes.bits), count: 2)
        octets.appendBigEndian(UInt64(digest), count: 4)
    }
}
