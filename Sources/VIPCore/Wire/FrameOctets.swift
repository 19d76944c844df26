/// A frame's octets: header, records, and behind them the shell's tag. Numbers are big-endian.
///
///     0        4  5  6     8  9 10    12                                            92
///     | "VIPA" |v |k | len |p |n |flags| cluster | voter set | sender | … | echo (10 x 8) |
///     records
///
/// What has been parsed serializes to the same octets: there is one way to write every frame.
/// `docs/frames.md` has the tables.
extension Frame {
    /// What a datagram may have with its tag. With IPv6 and UDP these are 1,448 octets, so that
    /// Ethernet carries it whole, a tunnel's header of 52 octets included: no heartbeat is ever
    /// lost because half of it was.
    public static let octetLimit = 1_400
    /// The whole HMAC-SHA-256; it stands behind the records.
    public static let tagLength = 32
    public static let headerLength = Offset.end
    /// What all records of a frame may have together, by their `encodedLength`.
    public static let recordRoom = octetLimit - tagLength - headerLength
    /// The same for a *small* frame: a datagram of 576 octets (RFC 791) passes everywhere, and of
    /// that the IP and UDP headers are not ours.
    public static let smallRecordRoom = 576 - 28 - tagLength - headerLength

    /// It has more records than a small frame has room for.
    public var isLarge: Bool {
        records.reduce(0) { $0 + $1.encodedLength } > Self.smallRecordRoom
    }

    /// "VIPA".
    public static let magic: UInt32 = 0x5649_5041
    public static let version: UInt8 = 1

    /// Octet offsets, from the beginning of the datagram.
    public enum Offset {
        public static let magic = 0
        public static let version = 4
        /// Says which key made the tag. The shell's to set and to read.
        public static let key = 5
        /// Of header and records, in octets; the tag is not counted.
        public static let length = 6
        public static let path = 8
        public static let recordCount = 9
        public static let flags = 10
        public static let cluster = 12
        public static let voterSet = 20
        public static let sender = 28
        public static let receiver = 36
        public static let session = 44
        public static let sequence = 52
        public static let proof = 60
        public static let challenge = 68
        public static let sentAt = 76
        public static let echo = 84
        public static let end = 92
    }

    /// Reads the authenticated part of a datagram: all but the tag, which was verified.
    public init(parsing octets: Span<UInt8>) throws(WireError) {
        let length = try Self.checkHeader(octets)
        let path = octets[Offset.path]
        guard path < Settings.mostPaths else { throw .outOfBounds(.path, UInt64(path)) }

        self.init(
            cluster: octets.loadUInt64(at: Offset.cluster),
            voterSet: octets.loadUInt64(at: Offset.voterSet),
            sender: HostID(octets.loadUInt64(at: Offset.sender)),
            receiver: HostID(octets.loadUInt64(at: Offset.receiver)),
            session: octets.loadUInt64(at: Offset.session),
            sequence: octets.loadUInt64(at: Offset.sequence),
            proof: octets.loadUInt64(at: Offset.proof),
            challenge: octets.loadUInt64(at: Offset.challenge),
            path: path,
            sentAt: octets.loadUInt64(at: Offset.sentAt),
            echo: octets.loadUInt64(at: Offset.echo),
            records: []
        )

        let count = Int(octets[Offset.recordCount])
        let leastLength = Offset.end + count * Record.shortestLength
        guard leastLength <= length else { throw .truncated(needed: leastLength, found: length) }
        records.reserveCapacity(count)
        var offset = Offset.end
        for _ in 0..<count {
            let body = offset + Record.headerLength
            guard body <= length else { throw .truncated(needed: body, found: length) }
            let type = octets.loadUInt16(at: offset)
            offset = body + Int(octets.loadUInt16(at: offset + 2))
            guard offset <= length else { throw .truncated(needed: offset, found: length) }
            records.append(try Record(type: type, parsing: octets.extracting(body..<offset)))
        }
        guard offset == length else { throw .trailing(length - offset) }
    }

    /// Everything that says whether these octets are a frame of this version at all.
    private static func checkHeader(_ octets: Span<UInt8>) throws(WireError) -> Int {
        guard octets.count >= Offset.end else {
            throw .truncated(needed: Offset.end, found: octets.count)
        }
        let magic = octets.loadUInt32(at: Offset.magic)
        guard magic == Self.magic else { throw .wrongMagic(magic) }
        let version = octets[Offset.version]
        guard version <= Self.version else { throw .futureVersion(version) }
        guard version == Self.version else { throw .unsupported(.version, UInt64(version)) }
        let length = Int(octets.loadUInt16(at: Offset.length))
        guard length <= octetLimit - tagLength else { throw .outOfBounds(.length, UInt64(length)) }
        guard octets.count >= length else {
            throw .truncated(needed: length, found: octets.count)
        }
        guard octets.count == length else { throw .trailing(octets.count - length) }
        let flags = octets.loadUInt16(at: Offset.flags)
        guard flags == 0 else { throw .reserved(.flags, UInt64(flags)) }
        return length
    }

    /// Appends header and records; the tag is the shell's to append. Allocates nothing if `octets`
    /// has room for `Frame.octetLimit` more.
    ///
    /// Traps if the records exceed `Frame.recordRoom`: whoever fills a frame counts.
    ///
    /// - Parameter key: says to the receiver which key made the tag.
    public func serialize(into octets: inout [UInt8], key: UInt8 = 0) {
        let length = records.reduce(Self.headerLength) { $0 + $1.encodedLength }
        precondition(
            length <= Self.octetLimit - Self.tagLength,
            "the records of a frame have \(length - Self.headerLength) octets, "
                + "and no more than \(Self.recordRoom) fit"
        )
        let start = octets.count
        octets.appendBigEndian(UInt64(Self.magic), count: 4)
        octets.append(Self.version)
        octets.append(key)
        octets.appendBigEndian(UInt64(length), count: 2)
        octets.append(path)
        octets.append(UInt8(records.count))
        octets.appendBigEndian(0, count: 2)
        octets.append(cluster)
        octets.append(voterSet)
        octets.append(sender.bits)
        octets.append(receiver.bits)
        octets.append(session)
        octets.append(sequence)
        octets.append(proof)
        octets.append(challenge)
        octets.append(sentAt)
        octets.append(echo)
        for record in records {
            record.serialize(into: &octets)
        }
        precondition(octets.count - start == length, "a frame is as long as its header says")
    }
}
