/// The bodies of the records that the lease is made of.
///
/// Request and granted are the same 56 octets: the answer repeats the whole question.
extension Request {
    enum Offset {
        static let group = 0
        static let term = 8
        static let holder = 16
        static let length = 32
        static let stamp = 40
        static let end = 56
    }

    static let encodedLength = Offset.end

    init(parsing body: Span<UInt8>, as record: WireError.Field) throws(WireError) {
        guard body.count == Offset.end else { throw .wrongLength(record, body.count) }
        self.init(
            group: body.loadGroup(at: Offset.group),
            term: try body.loadTerm(at: Offset.term),
            holder: body.loadHolder(at: Offset.holder),
            length: try body.loadLength(at: Offset.length),
            stamp: try body.loadStamp(at: Offset.stamp)
        )
    }

    func serialize(into octets: inout [UInt8]) {
        octets.append(group.bits)
        octets.append(term.number)
        octets.append(holder)
        octets.append(length)
        octets.append(stamp)
    }
}

extension Granted {
    init(parsing body: Span<UInt8>) throws(WireError) {
        let question = try Request(parsing: body, as: .granted)
        self.init(
            group: question.group,
            term: question.term,
            holder: question.holder,
            length: question.length,
            stamp: question.stamp
        )
    }

    func serialize(into octets: inout [UInt8]) {
        let question = Request(
            group: group,
            term: term,
            holder: holder,
            length: length,
            stamp: stamp
        )
        question.serialize(into: &octets)
    }
}

extension Refused {
    enum Offset {
        static let group = 0
        static let term = 8
        static let holder = 16
        static let stamp = 32
        static let reason = 48
        static let remaining = 49
        static let highestGranted = 57
        static let current = 65
        static let end = 81
    }

    /// A grant runs for no more than 30 s, and so does what a new incarnation abstains for; the
    /// rest is room for what either adds for the drift.
    public static let longestRemaining: Duration = .seconds(40)

    init(parsing body: Span<UInt8>) throws(WireError) {
        guard body.count == Offset.current || body.count == Offset.end else {
            throw .wrongLength(.refused, body.count)
        }
        let code = body[Offset.reason]
        guard let reason = RefusalReason(rawValue: code) else {
            throw .unsupported(.reason, UInt64(code))
        }
        let nanoseconds = body.loadUInt64(at: Offset.remaining)
        guard let remaining = Int64(exactly: nanoseconds).map(Duration.nanoseconds),
            remaining <= Self.longestRemaining
        else { throw .outOfBounds(.remaining, nanoseconds) }
        self.init(
            group: body.loadGroup(at: Offset.group),
            term: try body.loadTerm(at: Offset.term),
            holder: body.loadHolder(at: Offset.holder),
            stamp: try body.loadStamp(at: Offset.stamp),
            reason: reason,
            current: body.count == Offset.end ? body.loadHolder(at: Offset.current) : nil,
            remaining: remaining,
            highestGranted: try body.loadTermOrNone(at: Offset.highestGranted)
        )
    }

    /// What remains is only ever a hint when to ask again, so it is brought within its bounds.
    func serialize(into octets: inout [UInt8]) {
        octets.append(group.bits)
        octets.append(term.number)
        octets.append(holder)
        octets.append(stamp)
        octets.append(reason.rawValue)
        octets.append(min(max(remaining, .zero), Self.longestRemaining))
        octets.append(highestGranted.number)
        if let current {
            octets.append(current)
        }
    }
}

extension Release {
    enum Offset {
        static let group = 0
        static let term = 8
        static let holder = 16
        static let vote = 32
        static let end = 88
    }

    init(parsing body: Span<UInt8>) throws(WireError) {
        guard body.count == Offset.vote || body.count == Offset.end else {
            throw .wrongLength(.release, body.count)
        }
        self.init(
            group: body.loadGroup(at: Offset.group),
            term: try body.loadTerm(at: Offset.term),
            holder: body.loadHolder(at: Offset.holder)
        )
        guard body.count == Offset.end else { return }
        let vote = try Granted(parsing: body.extracting(Offset.vote..<Offset.end))
        guard vote.group == group else { throw .foreignVote(vote.group) }
        self.vote = vote
    }

    func serialize(into octets: inout [UInt8]) {
        octets.append(group.bits)
        octets.append(term.number)
        octets.append(holder)
        vote?.serialize(into: &octets)
    }
}
