extension Span<UInt8> {
    /// Reads `count` octets, most significant first. Bounds are checked, here as everywhere.
    func loadBigEndian(at offset: Int, count: Int) -> UInt64 {
        precondition(count <= 8, "\(count) octets do not fit in 64 bits")
        var value: UInt64 = 0
        for index in offset..<offset + count {
            value = value << 8 | UInt64(self[index])
        }
        return value
    }

    func loadUInt16(at offset: Int) -> UInt16 {
        UInt16(truncatingIfNeeded: loadBigEndian(at: offset, count: 2))
    }

    func loadUInt32(at offset: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: loadBigEndian(at: offset, count: 4))
    }

    func loadUInt64(at offset: Int) -> UInt64 {
        loadBigEndian(at: offset, count: 8)
    }

    func loadGroup(at offset: Int) -> GroupID {
        GroupID(loadUInt64(at: offset))
    }

    func loadHolder(at offset: Int) -> Holder {
        Holder(
            host: HostID(loadUInt64(at: offset)),
            incarnation: Incarnation(loadUInt64(at: offset + 8))
        )
    }

    /// A term that somebody has, asks for or offers: never none.
    func loadTerm(at offset: Int) throws(WireError) -> Term {
        let term = try loadTermOrNone(at: offset)
        guard term != .none else { throw .outOfBounds(.term, 0) }
        return term
    }

    func loadTermOrNone(at offset: Int) throws(WireError) -> Term {
        let term = Term(loadUInt64(at: offset))
        guard term <= .greatest else { throw .outOfBounds(.term, term.number) }
        return term
    }

    /// The length of a lease, in nanoseconds.
    func loadLength(at offset: Int) throws(WireError) -> Duration {
        let nanoseconds = loadUInt64(at: offset)
        guard let length = Int64(exactly: nanoseconds).map(Duration.nanoseconds),
            Timing.leaseBounds.contains(length)
        else { throw .outOfBounds(.leaseLength, nanoseconds) }
        return length
    }

    /// Nobody but the host that took it reads a stamp; but no clock runs below its zero.
    func loadStamp(at offset: Int) throws(WireError) -> Stamp {
        Stamp(
            boottime: try loadInstant(at: offset, .stamp),
            raw: try loadInstant(at: offset + 8, .stamp)
        )
    }

    func loadInstant(at offset: Int, _ field: WireError.Field) throws(WireError) -> Instant {
        let nanoseconds = loadUInt64(at: offset)
        guard let signed = Int64(exactly: nanoseconds) else {
            throw .outOfBounds(field, nanoseconds)
        }
        return Instant(nanoseconds: signed)
    }
}

extension [UInt8] {
    /// Appends the low `count` octets of `value`, most significant first.
    mutating func appendBigEndian(_ value: UInt64, count: Int) {
        for shift in stride(from: (count - 1) * 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
        }
    }

    mutating func append(_ value: UInt64) {
        let start = count
        append(contentsOf: repeatElement(0, count: 8))
        var span = mutableSpan
        for index in 0..<8 {
            span[start + index] = UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * index))
        }
    }

    mutating func append(_ holder: Holder) {
        append(holder.host.bits)
        append(holder.incarnation.bits)
    }

    /// Nanoseconds, in two's complement: what is negative by our own mistake is refused where it
    /// arrives, and does not trap here.
    mutating func append(_ span: Duration) {
        append(UInt64(bitPattern: span.nanoseconds))
    }

    mutating func append(_ reading: Reading) {
        append(reading.boottime.sinceZero)
        append(reading.raw.sinceZero)
    }
}
