import Testing
import VIPCore

/// A record and its octets, written out by hand: whatever may differ in every octet does, so that a
/// swapped or shifted field cannot go unnoticed.
struct RecordSample: Sendable, CustomTestStringConvertible {
    let name: String
    let octets: [UInt8]
    let record: Record

    var testDescription: String { name }
}

enum WireSample {
    static let group = GroupID(0x1112_1314_1516_1718)
    static let term = Term(0x2122_2324_2526_2728)
    static let holder = Holder(
        host: HostID(0x3132_3334_3536_3738),
        incarnation: Incarnation(0x4142_4344_4546_4748)
    )
    /// 0x5_5152_5354 nanoseconds.
    static let length = Duration.nanoseconds(22_839_186_260)
    static let stamp = Stamp(
        boottime: Instant(nanoseconds: 0x6162_6364_6566_6768),
        raw: Instant(nanoseconds: 0x7172_7374_7576_7778)
    )

    static let groupOctets: [UInt8] = [0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18]
    static let termOctets: [UInt8] = [0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28]
    static let holderOctets: [UInt8] = [
        0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38,
        0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,
    ]
    static let lengthOctets: [UInt8] = [0x00, 0x00, 0x00, 0x05, 0x51, 0x52, 0x53, 0x54]
    static let stampOctets: [UInt8] = [
        0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68,
        0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78,
    ]
    static let numberOctets: [UInt8] = [0xD1, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8]
    static let number: UInt64 = 0xD1D2_D3D4_D5D6_D7D8
    /// Of request and granted.
    static let questionOctets =
        groupOctets + termOctets + holderOctets + lengthOctets + stampOctets

    static let granted = Granted(
        group: group,
        term: term,
        holder: holder,
        length: length,
        stamp: stamp
    )
    static let request = Request(
        group: group,
        term: term,
        holder: holder,
        length: length,
        stamp: stamp
    )

    static let records: [RecordSample] = lease + switchover + presence

    private static let lease: [RecordSample] = [
        RecordSample(
            name: "request",
            octets: [0, 1, 0, 56] + questionOctets,
            record: .request(request)
        ),
        RecordSample(
            name: "granted",
            octets: [0, 2, 0, 56] + questionOctets,
            record: .granted(granted)
        ),
        RecordSample(
            name: "refused, nobody holds it",
            octets: [0, 3, 0, 65] + refusedOctets,
            record: .refused(refused(current: nil))
        ),
        RecordSample(
            name: "refused, held by another",
            octets: [0, 3, 0, 81] + refusedOctets + [
                0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8,
                0xB1, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8,
            ],
            record: .refused(
                refused(
                    current: Holder(
                        host: HostID(0xA1A2_A3A4_A5A6_A7A8),
                        incarnation: Incarnation(0xB1B2_B3B4_B5B6_B7B8)
                    )
                )
            )
        ),
        RecordSample(
            name: "release",
            octets: [0, 4, 0, 32] + groupOctets + termOctets + holderOctets,
            record: .release(Release(group: group, term: term, holder: holder))
        ),
        RecordSample(
            name: "release with a vote",
            octets: [0, 4, 0, 88] + groupOctets
                + [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08]
                + [
                    0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8,
                    0xB1, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8,
                ] + questionOctets,
            record: .release(
                Release(
                    group: group,
                    term: Term(0x0102_0304_0506_0708),
                    holder: Holder(
                        host: HostID(0xA1A2_A3A4_A5A6_A7A8),
                        incarnation: Incarnation(0xB1B2_B3B4_B5B6_B7B8)
                    ),
                    vote: granted
                )
            )
        ),
        RecordSample(
            name: "released",
            octets: [0, 5, 0, 32] + groupOctets + termOctets + holderOctets,
            record: .released(group: group, term: term, holder: holder)
        ),
    ]

    private static let switchover: [RecordSample] = [
        RecordSample(
            name: "inquiry",
            octets: [0, 6, 0, 24] + groupOctets + numberOctets + termOctets,
            record: .inquiry(Inquiry(group: group, number: number, highestTerm: term))
        ),
        RecordSample(
            name: "offer",
            octets: [0, 7, 0, 64] + numberOctets + questionOctets,
            record: .offer(Offer(number: number, request: request))
        ),
        RecordSample(
            name: "declined",
            octets: [0, 8, 0, 17] + groupOctets + numberOctets + [3],
            record: .declined(group: group, number: number, because: .maintenance)
        ),
        RecordSample(
            name: "appeal to whoever is ready",
            octets: [0, 9, 0, 16] + groupOctets + numberOctets,
            record: .appeal(Appeal(group: group, number: number, successor: nil))
        ),
        RecordSample(
            name: "appeal to one host",
            octets: [0, 9, 0, 24] + groupOctets + numberOctets
                + [0xE1, 0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8],
            record: .appeal(
                Appeal(group: group, number: number, successor: HostID(0xE1E2_E3E4_E5E6_E7E8))
            )
        ),
        RecordSample(
            name: "appeal granted",
            octets: [0, 10, 0, 17] + groupOctets + numberOctets + [0],
            record: .appealAnswered(group: group, number: number, refusal: nil)
        ),
        RecordSample(
            name: "appeal refused",
            octets: [0, 10, 0, 17] + groupOctets + numberOctets + [7],
            record: .appealAnswered(group: group, number: number, refusal: .underWay)
        ),
    ]

    private static let presence: [RecordSample] = [
        RecordSample(
            name: "presence that hears nobody",
            octets: [0, 11, 0, 18, 0b0000_1010, 0] + digestOctets,
            record: .presence(
                Presence(
                    abstaining: false,
                    maintenance: true,
                    stopping: false,
                    suspended: true,
                    timingDigest: 0x0102_0304_0506_0708,
                    groupsDigest: 0x090A_0B0C_0D0E_0F10,
                    hearings: []
                )
            )
        ),
        RecordSample(
            name: "presence that hears over two paths",
            octets: [0, 11, 0, 50, 0b0000_0101, 2] + digestOctets
                + [0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 3, 1]
                + [0x91, 0x92, 0x93, 0x94, 0x95, 0x96]
                + [0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8, 2, 0]
                + [0xC1, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6],
            record: .presence(
                Presence(
                    abstaining: true,
                    maintenance: false,
                    stopping: true,
                    suspended: false,
                    timingDigest: 0x0102_0304_0506_0708,
                    groupsDigest: 0x090A_0B0C_0D0E_0F10,
                    hearings: [
                        Presence.Hearing(
                            voter: HostID(0x3132_3334_3536_3738),
                            path: 3,
                            heard: true,
                            ageMilliseconds: 0x9192,
                            roundTripMicroseconds: 0x9394_9596
                        ),
                        Presence.Hearing(
                            voter: HostID(0xA1A2_A3A4_A5A6_A7A8),
                            path: 2,
                            heard: false,
                            ageMilliseconds: 0xC1C2,
                            roundTripMicroseconds: 0xC3C4_C5C6
                        ),
                    ]
                )
            )
        ),
        RecordSample(
            name: "condition of an owner",
            octets: [0, 12, 0, 24] + groupOctets + termOctets + [0b01, 0]
                + [0x01, 0x42, 0xE1, 0xE2, 0xE3, 0xE4],
            record: .condition(
                Condition(
                    group: group,
                    owns: true,
                    forced: false,
                    term: term,
                    unready: nil,
                    votes: VoterMask(bits: 0b1_0100_0010),
                    digest: 0xE1E2_E3E4
                )
            )
        ),
        RecordSample(
            name: "condition of a forced owner that is not well",
            octets: [0, 12, 0, 24] + groupOctets + termOctets + [0b11, 2]
                + [0x00, 0x04, 0xE5, 0xE6, 0xE7, 0xE8],
            record: .condition(
                Condition(
                    group: group,
                    owns: true,
                    forced: true,
                    term: term,
                    unready: .unhealthy,
                    votes: VoterMask(bits: 0b100),
                    digest: 0xE5E6_E7E8
                )
            )
        ),
    ]

    private static let digestOctets: [UInt8] = [
        0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
        0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x10,
    ]

    private static let refusedOctets: [UInt8] =
        groupOctets + termOctets + holderOctets + stampOctets + [2]
        + [0x00, 0x00, 0x00, 0x07, 0x81, 0x82, 0x83, 0x84]
        + [0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98]

    /// 0x7_8182_8384 nanoseconds remain.
    private static func refused(current: Holder?) -> Refused {
        Refused(
            group: group,
            term: term,
            holder: holder,
            stamp: stamp,
            reason: .lowTerm,
            current: current,
            remaining: .nanoseconds(32_237_585_284),
            highestGranted: Term(0x9192_9394_9596_9798)
        )
    }

    /// A header with these records behind it.
    static func frame(_ records: [RecordSample]) -> [UInt8] {
        let body = records.flatMap(\.octets)
        let length = 92 + body.count
        let header: [UInt8] = [
            0x56, 0x49, 0x50, 0x41, 1, 0, UInt8(length / 256), UInt8(length % 256),
            2, UInt8(records.count), 0, 0,
            0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88,
            0x8A, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0x90, 0x91,
            0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99,
            0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1,
            0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8, 0xA9,
            0xAA, 0xAB, 0xAC, 0xAD, 0xAE, 0xAF, 0xB0, 0xB1,
            0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9,
            0xBA, 0xBB, 0xBC, 0xBD, 0xBE, 0xBF, 0xC0, 0xC1,
            0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9,
            0xCA, 0xCB, 0xCC, 0xCD, 0xCE, 0xCF, 0xD0, 0xD1,
        ]
        return header + body
    }

    /// What `frame` says.
    static func parsed(_ records: [RecordSample]) -> Frame {
        Frame(
            cluster: 0x8182_8384_8586_8788,
            voterSet: 0x8A8B_8C8D_8E8F_9091,
            sender: HostID(0x9293_9495_9697_9899),
            receiver: HostID(0x9A9B_9C9D_9E9F_A0A1),
            session: 0xA2A3_A4A5_A6A7_A8A9,
            sequence: 0xAAAB_ACAD_AEAF_B0B1,
            proof: 0xB2B3_B4B5_B6B7_B8B9,
            challenge: 0xBABB_BCBD_BEBF_C0C1,
            path: 2,
            sentAt: 0xC2C3_C4C5_C6C7_C8C9,
            echo: 0xCACB_CCCD_CECF_D0D1,
            records: records.map(\.record)
        )
    }

    static func named(_ name: String) -> RecordSample {
        guard let sample = records.first(where: { $0.name == name }) else {
            preconditionFailure("no sample is named \"\(name)\"")
        }
        return sample
    }
}

/// The error that parsing these octets throws; nil if they are a frame.
func refusal(of octets: [UInt8]) -> WireError? {
    do throws(WireError) {
        _ = try Frame(parsing: octets.span)
        return nil
    } catch {
        return error
    }
}

func parsed(_ octets: [UInt8]) throws -> Frame {
    try Frame(parsing: octets.span)
}

func serialized(_ frame: Frame, key: UInt8 = 0) -> [UInt8] {
    var octets: [UInt8] = []
    frame.serialize(into: &octets, key: key)
    return octets
}
