import Testing
import VIPCore

@Suite("A frame's octets")
struct FrameOctetsTests {
    @Test(
        "a record parses to what it says and serializes to the same octets",
        arguments: WireSample.records
    )
    func roundTrip(sample: RecordSample) throws {
        let octets = WireSample.frame([sample])
        let frame = try Frame(parsing: octets.span)
        #expect(frame == WireSample.parsed([sample]))
        #expect(serialized(frame) == octets)
        #expect(sample.record.encodedLength == sample.octets.count)
    }

    @Test("a frame with three records is these 195 octets")
    func golden() throws {
        let frame = Frame(
            cluster: 0x0102_0304_0506_0708,
            voterSet: 0x1112_1314_1516_1718,
            sender: HostID(0x2122_2324_2526_2728),
            receiver: HostID(0x3132_3334_3536_3738),
            session: 0x4142_4344_4546_4748,
            sequence: 5,
            proof: 0x6162_6364_6566_6768,
            challenge: 0x7172_7374_7576_7778,
            path: 1,
            sentAt: 0x8182_8384_8586_8788,
            echo: 0x9192_9394_9596_9798,
            records: [
                .presence(
                    Presence(
                        abstaining: false,
                        maintenance: false,
                        stopping: false,
                        suspended: false,
                        timingDigest: 0xD1D2_D3D4_D5D6_D7D8,
                        groupsDigest: 0xE1E2_E3E4_E5E6_E7E8,
                        hearings: [
                            Presence.Hearing(
                                voter: HostID(0x3132_3334_3536_3738),
                                path: 1,
                                heard: true,
                                ageMilliseconds: 100,
                                roundTripMicroseconds: 250
                            )
                        ]
                    )
                ),
                .request(
                    Request(
                        group: GroupID(0xA1A2_A3A4_A5A6_A7A8),
                        term: Term(7),
                        holder: Holder(
                            host: HostID(0x2122_2324_2526_2728),
                            incarnation: Incarnation(0xB1B2_B3B4_B5B6_B7B8)
                        ),
                        length: .milliseconds(500),
                        stamp: Stamp(
                            boottime: Instant(.seconds(2)),
                            raw: Instant(.seconds(1))
                        )
                    )
                ),
                .declined(group: GroupID(0xC1C2), number: 9, because: .unhealthy),
            ]
        )
        let octets: [UInt8] = [
            0x56, 0x49, 0x50, 0x41, 0x01, 0x5A, 0x00, 0xD3, 0x01, 0x03, 0x00, 0x00,
            0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
            0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
            0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28,
            0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38,
            0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,
            0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05,
            0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68,
            0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78,
            0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88,
            0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98,
            // The presence.
            0x00, 0x0B, 0x00, 0x22, 0x00, 0x01,
            0xD1, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8,
            0xE1, 0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8,
            0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38,
            0x01, 0x01, 0x00, 0x64, 0x00, 0x00, 0x00, 0xFA,
            // The request.
            0x00, 0x01, 0x00, 0x38,
            0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8,
            0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07,
            0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28,
            0xB1, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8,
            0x00, 0x00, 0x00, 0x00, 0x1D, 0xCD, 0x65, 0x00,
            0x00, 0x00, 0x00, 0x00, 0x77, 0x35, 0x94, 0x00,
            0x00, 0x00, 0x00, 0x00, 0x3B, 0x9A, 0xCA, 0x00,
            // The refusal.
            0x00, 0x08, 0x00, 0x11,
            0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xC1, 0xC2,
            0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x09,
            0x02,
        ]
        #expect(serialized(frame, key: 0x5A) == octets)
        #expect(try Frame(parsing: octets.span) == frame)
    }

    @Test("serializing appends to what is there")
    func appends() {
        var octets: [UInt8] = [0xFE, 0xFF]
        WireSample.parsed([]).serialize(into: &octets)
        #expect(octets == [0xFE, 0xFF] + WireSample.frame([]))
    }

    @Test("every truncation is refused, and none traps", arguments: WireSample.records)
    func truncation(sample: RecordSample) {
        let octets = WireSample.frame([sample, WireSample.named("declined")])
        for length in 0..<octets.count {
            let error = refusal(of: Array(octets.prefix(length)))
            let needed = length < 92 ? 92 : octets.count
            #expect(error == .truncated(needed: needed, found: length))
        }
    }

    @Test(
        "every truncation whose header was made to agree is refused",
        arguments: WireSample.records
    )
    func agreeingTruncation(sample: RecordSample) {
        let octets = WireSample.frame([WireSample.named("declined"), sample])
        for length in 92..<octets.count {
            var truncated = Array(octets.prefix(length))
            truncated[6] = UInt8(length / 256)
            truncated[7] = UInt8(length % 256)
            #expect(refusal(of: truncated) != nil, "\(length) octets")
        }
    }

    @Test("trailing octets are refused, before and behind the announced end")
    func trailing() {
        var octets = WireSample.frame([WireSample.named("offer")]) + [0]
        #expect(refusal(of: octets) == .trailing(1))
        octets[7] += 1
        #expect(refusal(of: octets) == .trailing(1))
    }

    @Test(
        "any change of one octet is refused, or is a frame of its own",
        arguments: WireSample.records
    )
    func mutation(sample: RecordSample) {
        let octets = WireSample.frame([sample])
        var accepted = 0
        for index in octets.indices {
            for value in UInt8.min...UInt8.max {
                var changed = octets
                changed[index] = value
                guard let frame = try? Frame(parsing: changed.span) else { continue }
                accepted += 1
                guard serialized(frame, key: changed[5]) == changed else {
                    Issue.record("octet \(index) = \(value) is written differently than read")
                    return
                }
            }
        }
        #expect(accepted > 0)
    }

    @Test("the longest record fits a frame, and fills it with a known rest")
    func limits() throws {
        let hearing = Presence.Hearing(
            voter: HostID(.max),
            path: 3,
            heard: true,
            ageMilliseconds: .max,
            roundTripMicroseconds: .max
        )
        let longest = Record.presence(
            Presence(
                abstaining: true,
                maintenance: true,
                stopping: true,
                suspended: true,
                hearings: Array(repeating: hearing, count: 36)
            )
        )
        #expect(longest.encodedLength == 598)
        #expect(Record.longestLength == 598)
        #expect(Record.shortestLength == 20)
        #expect(Frame.octetLimit == 1_400)
        #expect(Frame.recordRoom == 1_276)

        var frame = WireSample.parsed([])
        frame.records = [longest, longest]
        frame.records += Array(repeating: WireSample.named("declined").record, count: 3)
        #expect(serialized(frame).count == 1_351)
        #expect(try parsed(serialized(frame)) == frame)
    }
}
