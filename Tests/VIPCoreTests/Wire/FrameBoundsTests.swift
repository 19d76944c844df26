import Testing
import VIPCore

/// One octet, or a few, changed in an otherwise good frame: what is refused, and as what.
@Suite("What a frame may not say")
struct FrameBoundsTests {
    /// In a frame with one record, where its body begins.
    static let body = 96

    struct Change: Sendable, CustomTestStringConvertible {
        let says: String
        let record: String
        let at: Int
        let octets: [UInt8]
        let error: WireError

        var testDescription: String { says }
    }

    static let header: [Change] = [
        Change(
            says: "another magic",
            record: "inquiry",
            at: 0,
            octets: [0x56, 0x49, 0x50, 0x42],
            error: .wrongMagic(0x5649_5042)
        ),
        Change(
            says: "a future version",
            record: "inquiry",
            at: 4,
            octets: [2],
            error: .futureVersion(2)
        ),
        Change(
            says: "version 0",
            record: "inquiry",
            at: 4,
            octets: [0],
            error: .unsupported(.version, 0)
        ),
        Change(
            says: "more octets than a datagram has",
            record: "inquiry",
            at: 6,
            octets: [0x05, 0x59],
            error: .outOfBounds(.length, 1_369)
        ),
        Change(
            says: "fewer octets than a header has",
            record: "inquiry",
            at: 6,
            octets: [0, 3],
            error: .trailing(117)
        ),
        Change(
            says: "a fifth path",
            record: "inquiry",
            at: 8,
            octets: [4],
            error: .outOfBounds(.path, 4)
        ),
        Change(
            says: "more records than can be there",
            record: "inquiry",
            at: 9,
            octets: [255],
            error: .truncated(needed: 5_192, found: 120)
        ),
        Change(
            says: "more records than are there",
            record: "inquiry",
            at: 9,
            octets: [2],
            error: .truncated(needed: 132, found: 120)
        ),
        Change(
            says: "fewer records than are there",
            record: "inquiry",
            at: 9,
            octets: [0],
            error: .trailing(28)
        ),
        Change(
            says: "a reserved flag",
            record: "inquiry",
            at: 10,
            octets: [0x80, 0],
            error: .reserved(.flags, 0x8000)
        ),
        Change(
            says: "a type that version 1 has not",
            record: "inquiry",
            at: 92,
            octets: [0, 13],
            error: .unsupported(.recordType, 13)
        ),
        Change(
            says: "type 0",
            record: "inquiry",
            at: 92,
            octets: [0, 0],
            error: .unsupported(.recordType, 0)
        ),
        Change(
            says: "a record that ends behind the frame",
            record: "inquiry",
            at: 94,
            octets: [0xFF, 0xFF],
            error: .truncated(needed: 65_631, found: 120)
        ),
    ]

    static let records: [Change] = [
        Change(
            says: "a request with term 0",
            record: "request",
            at: body + 8,
            octets: [0, 0, 0, 0, 0, 0, 0, 0],
            error: .outOfBounds(.term, 0)
        ),
        Change(
            says: "a term that leaves no room",
            record: "request",
            at: body + 8,
            octets: [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0],
            error: .outOfBounds(.term, 0xFFFF_FFFF_0000_0000)
        ),
        Change(
            says: "a lease of 0",
            record: "granted",
            at: body + 32,
            octets: [0, 0, 0, 0, 0, 0, 0, 0],
            error: .outOfBounds(.leaseLength, 0)
        ),
        Change(
            says: "a lease a nanosecond under 2 ms",
            record: "granted",
            at: body + 32,
            octets: [0, 0, 0, 0, 0, 0x1E, 0x84, 0x7F],
            error: .outOfBounds(.leaseLength, 1_999_999)
        ),
        Change(
            says: "a lease a nanosecond over 30 s",
            record: "offer",
            at: body + 40,
            octets: [0, 0, 0, 0x06, 0xFC, 0x23, 0xAC, 0x01],
            error: .outOfBounds(.leaseLength, 30_000_000_001)
        ),
        Change(
            says: "a lease below zero",
            record: "request",
            at: body + 32,
            octets: [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            error: .outOfBounds(.leaseLength, .max)
        ),
        Change(
            says: "a stamp below its clock's zero",
            record: "request",
            at: body + 48,
            octets: [0x80, 0, 0, 0, 0, 0, 0, 0],
            error: .outOfBounds(.stamp, 0x8000_0000_0000_0000)
        ),
        Change(
            says: "a refusal for no reason",
            record: "refused, nobody holds it",
            at: body + 48,
            octets: [0],
            error: .unsupported(.reason, 0)
        ),
        Change(
            says: "a refusal for more than 40 s",
            record: "refused, nobody holds it",
            at: body + 49,
            octets: [0, 0, 0, 0x09, 0x50, 0x2F, 0x90, 0x01],
            error: .outOfBounds(.remaining, 40_000_000_001)
        ),
        Change(
            says: "a vote for another group",
            record: "release with a vote",
            at: body + 39,
            octets: [0x99],
            error: .foreignVote(GroupID(0x1112_1314_1516_1799))
        ),
        Change(
            says: "not ready for a reason unknown",
            record: "declined",
            at: body + 16,
            octets: [12],
            error: .unsupported(.unreadiness, 12)
        ),
        Change(
            says: "declined without a reason",
            record: "declined",
            at: body + 16,
            octets: [0],
            error: .unsupported(.unreadiness, 0)
        ),
        Change(
            says: "an appeal refused for a reason unknown",
            record: "appeal refused",
            at: body + 16,
            octets: [12],
            error: .unsupported(.switchoverRefusal, 12)
        ),
        Change(
            says: "a presence with a reserved flag",
            record: "presence that hears nobody",
            at: body,
            octets: [0x1A],
            error: .reserved(.presence, 0x10)
        ),
        Change(
            says: "more hearings than there are paths",
            record: "presence that hears over two paths",
            at: body + 1,
            octets: [37],
            error: .outOfBounds(.hearings, 37)
        ),
        Change(
            says: "more hearings than follow",
            record: "presence that hears over two paths",
            at: body + 1,
            octets: [3],
            error: .wrongLength(.presence, 50)
        ),
        Change(
            says: "hearing over a fifth path",
            record: "presence that hears over two paths",
            at: body + 26,
            octets: [4],
            error: .outOfBounds(.path, 4)
        ),
        Change(
            says: "a Boolean that is neither",
            record: "presence that hears over two paths",
            at: body + 27,
            octets: [2],
            error: .unsupported(.heard, 2)
        ),
        Change(
            says: "a condition with a reserved flag",
            record: "condition of an owner",
            at: body + 16,
            octets: [0b101],
            error: .reserved(.condition, 0b100)
        ),
        Change(
            says: "an owner without a term",
            record: "condition of an owner",
            at: body + 8,
            octets: [0, 0, 0, 0, 0, 0, 0, 0],
            error: .outOfBounds(.term, 0)
        ),
        Change(
            says: "a condition that is not ready for a reason unknown",
            record: "condition of an owner",
            at: body + 17,
            octets: [200],
            error: .unsupported(.unreadiness, 200)
        ),
        Change(
            says: "a condition that counts on a tenth voter",
            record: "condition of an owner",
            at: body + 18,
            octets: [0x02],
            error: .reserved(.condition, 0x200)
        ),
    ]

    @Test("is refused with its own error", arguments: header + records)
    func refused(change: Change) {
        var octets = WireSample.frame([WireSample.named(change.record)])
        octets.replaceSubrange(change.at..<change.at + change.octets.count, with: change.octets)
        #expect(refusal(of: octets) == change.error)
    }

    @Test("a record whose length is not its type's is refused", arguments: WireSample.records)
    func wrongLength(sample: RecordSample) {
        for change in [-1, 1] {
            var longer = sample.octets
            longer[3] = UInt8(Int(longer[3]) + change)
            if change > 0 { longer.append(0) } else { longer.removeLast() }
            let changed = RecordSample(name: "", octets: longer, record: sample.record)
            let frame = WireSample.frame([changed, WireSample.named("offer")])
            guard case .wrongLength(_, let length) = refusal(of: frame) else {
                Issue.record("\(sample.name) with \(longer.count - 4) octets is not refused")
                continue
            }
            #expect(length == sample.octets.count - 4 + change)
        }
    }

    @Test("terms of 0 are fine where they mean none, and the longest lease and refusal are fine")
    func edges() throws {
        let records: [Record] = [
            .inquiry(Inquiry(group: WireSample.group, number: 1, highestTerm: .none)),
            .condition(
                Condition(
                    group: WireSample.group,
                    owns: false,
                    forced: false,
                    term: .none,
                    unready: .busy
                )
            ),
            .request(
                Request(
                    group: WireSample.group,
                    term: .greatest,
                    holder: WireSample.holder,
                    length: .seconds(30),
                    stamp: .zero
                )
            ),
            .refused(
                Refused(
                    group: WireSample.group,
                    term: Term(1),
                    holder: WireSample.holder,
                    stamp: .zero,
                    reason: .abstaining,
                    current: nil,
                    remaining: .seconds(40),
                    highestGranted: .none
                )
            ),
        ]
        var frame = WireSample.parsed([])
        frame.records = records
        #expect(try parsed(serialized(frame)) == frame)
    }

    @Test(
        "what remains is brought within its bounds before it is sent",
        arguments: [
            (Duration.seconds(-1), Duration.zero),
            (.seconds(41), .seconds(40)),
        ]
    )
    func remaining(own: Duration, sent: Duration) throws {
        guard case .refused(var refused) = WireSample.named("refused, nobody holds it").record
        else {
            preconditionFailure("the sample is a refusal")
        }
        var frame = WireSample.parsed([])
        refused.remaining = own
        frame.records = [.refused(refused)]
        let arrived = try parsed(serialized(frame))
        refused.remaining = sent
        #expect(arrived.records == [.refused(refused)])
    }
}
