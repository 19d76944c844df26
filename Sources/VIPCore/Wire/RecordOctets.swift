/// A record's octets: type (2), length of the body (2), body.
///
/// What is optional comes last, and the length tells whether it is there; where an enumeration is
/// optional, 0 is nil, for no case has that number.
extension Record {
    public static let headerLength = 4
    /// An appeal to whoever is ready.
    public static let shortestLength = headerLength + Appeal.Offset.successor
    /// A presence that tells of nine voters on four paths.
    public static let longestLength =
        headerLength + Presence.Offset.hearings
        + Presence.mostHearings * Presence.Hearing.encodedLength

    enum Code: UInt16 {
        case request = 1
        case granted = 2
        case refused = 3
        case release = 4
        case released = 5
        case inquiry = 6
        case offer = 7
        case declined = 8
        case appeal = 9
        case appealAnswered = 10
        case presence = 11
        case condition = 12
    }

    /// What the record takes in a frame, its header included.
    public var encodedLength: Int { Self.headerLength + bodyLength }

    private var bodyLength: Int {
        switch self {
        case .request, .granted: Request.encodedLength
        case .refused(let refused):
            refused.current == nil ? Refused.Offset.current : Refused.Offset.end
        case .release(let release):
            release.vote == nil ? Release.Offset.vote : Release.Offset.end
        case .released: Released.end
        case .inquiry: Inquiry.Offset.end
        case .offer: Offer.Offset.end
        case .declined, .appealAnswered: Answer.end
        case .appeal(let appeal):
            appeal.successor == nil ? Appeal.Offset.successor : Appeal.Offset.end
        case .presence(let presence):
            Presence.Offset.hearings + presence.hearings.count * Presence.Hearing.encodedLength
        case .condition: Condition.Offset.end
        }
    }

    private var code: Code {
        switch self {
        case .request: .request
        case .granted: .granted
        case .refused: .refused
        case .release: .release
        case .released: .released
        case .inquiry: .inquiry
        case .offer: .offer
        case .declined: .declined
        case .appeal: .appeal
        case .appealAnswered: .appealAnswered
        case .presence: .presence
        case .condition: .condition
        }
    }

    /// "Released" is a term's identity and nothing else.
    private enum Released {
        static let group = 0
        static let term = 8
        static let holder = 16
        static let end = 32
    }

    /// An answer names its question, and says why not.
    private enum Answer {
        static let group = 0
        static let number = 8
        static let reason = 16
        static let end = 17
    }

    init(type: UInt16, parsing body: Span<UInt8>) throws(WireError) {
        guard let code = Code(rawValue: type) else {
            throw .unsupported(.recordType, UInt64(type))
        }
        switch code {
        case .request: self = .request(try Request(parsing: body, as: .request))
        case .granted: self = .granted(try Granted(parsing: body))
        case .refused: self = .refused(try Refused(parsing: body))
        case .release: self = .release(try Release(parsing: body))
        case .released: self = try Self.released(parsing: body)
        case .inquiry: self = .inquiry(try Inquiry(parsing: body))
        case .offer: self = .offer(try Offer(parsing: body))
        case .declined: self = try Self.declined(parsing: body)
        case .appeal: self = .appeal(try Appeal(parsing: body))
        case .appealAnswered: self = try Self.appealAnswered(parsing: body)
        case .presence: self = .presence(try Presence(parsing: body))
        case .condition: self = .condition(try Condition(parsing: body))
        }
    }

    private static func released(parsing body: Span<UInt8>) throws(WireError) -> Record {
        guard body.count == Released.end else { throw .wrongLength(.released, body.count) }
        return .released(
            group: body.loadGroup(at: Released.group),
            term: try body.loadTerm(at: Released.term),
            holder: body.loadHolder(at: Released.holder)
        )
    }

    private static func declined(parsing body: Span<UInt8>) throws(WireError) -> Record {
        guard body.count == Answer.end else { throw .wrongLength(.declined, body.count) }
        let reason = body[Answer.reason]
        guard let unreadiness = Unreadiness(rawValue: reason) else {
            throw .unsupported(.unreadiness, UInt64(reason))
        }
        return .declined(
            group: body.loadGroup(at: Answer.group),
            number: body.loadUInt64(at: Answer.number),
            because: unreadiness
        )
    }

    private static func appealAnswered(parsing body: Span<UInt8>) throws(WireError) -> Record {
        guard body.count == Answer.end else { throw .wrongLength(.appealAnswered, body.count) }
        let reason = body[Answer.reason]
        let refusal = SwitchoverRefusal(rawValue: reason)
        guard reason == 0 || refusal != nil else {
            throw .unsupported(.switchoverRefusal, UInt64(reason))
        }
        return .appealAnswered(
            group: body.loadGroup(at: Answer.group),
            number: body.loadUInt64(at: Answer.number),
            refusal: refusal
        )
    }

    func serialize(into octets: inout [UInt8]) {
        octets.appendBigEndian(UInt64(code.rawValue), count: 2)
        octets.appendBigEndian(UInt64(bodyLength), count: 2)
        switch self {
        case .request(let request): request.serialize(into: &octets)
        case .granted(let granted): granted.serialize(into: &octets)
        case .refused(let refused): refused.serialize(into: &octets)
        case .release(let release): release.serialize(into: &octets)
        case .released(let group, let term, let holder):
            octets.append(group.bits)
            octets.append(term.number)
            octets.append(holder)
        case .inquiry(let inquiry): inquiry.serialize(into: &octets)
        case .offer(let offer): offer.serialize(into: &octets)
        case .declined(let group, let number, let unreadiness):
            octets.append(group.bits)
            octets.append(number)
            octets.append(unreadiness.rawValue)
        case .appeal(let appeal): appeal.serialize(into: &octets)
        case .appealAnswered(let group, let number, let refusal):
            octets.append(group.bits)
            octets.append(number)
            octets.append(refusal?.rawValue ?? 0)
        case .presence(let presence): presence.serialize(into: &octets)
        case .condition(let condition): condition.serialize(into: &octets)
        }
    }
}
