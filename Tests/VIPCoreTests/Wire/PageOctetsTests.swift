import Testing
import VIPCore

enum PageSample {
    /// A record with nothing in it, one with a grant, one with a tenure, one with both.
    static let octets: [[UInt8]] = [
        [1, 0, 0] + start,
        [1, 0b0011, 0] + start + grant,
        [1, 0b1100, 1] + start + tenure + contribution,
        [1, 0b0101, 2] + start + grant + tenure + contribution + contribution,
    ]

    static let start: [UInt8] = [
        0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
        0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28,
        0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38,
    ]
    static let grant: [UInt8] = [
        0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,
        0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58,
        0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68,
        0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78,
    ]
    static let tenure: [UInt8] = [
        0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88,
        0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
        0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x10,
    ]
    static let contribution: [UInt8] = [
        0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98,
        0x19, 0x1A, 0x1B, 0x1C, 0x1D, 0x1E, 0x1F, 0x20,
        0x29, 0x2A, 0x2B, 0x2C, 0x2D, 0x2E, 0x2F, 0x30,
        0x00, 0x00, 0x00, 0x05, 0x39, 0x3A, 0x3B, 0x3C,
    ]

    static let counted = Contribution(
        voter: HostID(0x9192_9394_9596_9798),
        stamp: Stamp(
            boottime: Instant(nanoseconds: 0x191A_1B1C_1D1E_1F20),
            raw: Instant(nanoseconds: 0x292A_2B2C_2D2E_2F30)
        ),
        length: .nanoseconds(0x5_393A_3B3C)
    )

    static func record(released: Bool?, forced: Bool?, counted count: Int) -> GroupRecord {
        GroupRecord(
            group: GroupID(0x1112_1314_1516_1718),
            grant: released.map { released in
                Grant(
                    holder: Holder(
                        host: HostID(0x4142_4344_4546_4748),
                        incarnation: Incarnation(0x5152_5354_5556_5758)
                    ),
                    term: Term(0x6162_6364_6566_6768),
                    expiry: Instant(nanoseconds: 0x7172_7374_7576_7778),
                    released: released
                )
            },
            highestGranted: Term(0x2122_2324_2526_2728),
            highestUsed: Term(0x3132_3334_3536_3738),
            tenure: forced.map { forced in
                TenureRecord(
                    term: Term(0x8182_8384_8586_8788),
                    counted: Array(repeating: counted, count: count),
                    deadline: Reading(
                        boottime: Instant(nanoseconds: 0x0102_0304_0506_0708),
                        raw: Instant(nanoseconds: 0x090A_0B0C_0D0E_0F10)
                    ),
                    forced: forced
                )
            }
        )
    }

    static let records: [GroupRecord] = [
        record(released: nil, forced: nil, counted: 0),
        record(released: true, forced: nil, counted: 0),
        record(released: nil, forced: true, counted: 1),
        record(released: false, forced: false, counted: 2),
    ]
}

@Suite("The page's octets")
struct PageOctetsTests {
    private func serialized(_ record: GroupRecord) -> [UInt8] {
        var octets: [UInt8] = []
        record.serialize(into: &octets)
        return octets
    }

    private func refusal(of octets: [UInt8]) -> WireError? {
        do throws(WireError) {
            _ = try GroupRecord(parsing: octets.span)
            return nil
        } catch {
            return error
        }
    }

    private func refusal(ofHeader octets: [UInt8]) -> WireError? {
        do throws(WireError) {
            _ = try PageHeader(parsing: octets.span)
            return nil
        } catch {
            return error
        }
    }

    @Test("a record parses to what it says and serializes to the same octets", arguments: 0..<4)
    func roundTrip(index: Int) throws {
        let octets = PageSample.octets[index]
        let record = try GroupRecord(parsing: octets.span)
        #expect(record == PageSample.records[index])
        #expect(serialized(record) == octets)
    }

    @Test("the longest record has 371 octets")
    func longest() throws {
        let record = PageSample.record(released: false, forced: false, counted: 9)
        let octets = serialized(record)
        #expect(octets.count == 371)
        #expect(GroupRecord.longestLength == 371)
        #expect(try GroupRecord(parsing: octets.span) == record)
    }

    @Test("every truncation of a record is refused, and none traps", arguments: 0..<4)
    func truncation(index: Int) {
        let octets = PageSample.octets[index]
        for length in 0..<octets.count {
            let needed = length < 27 ? 27 : octets.count
            let error = refusal(of: Array(octets.prefix(length)))
            #expect(error == .truncated(needed: needed, found: length))
        }
        #expect(refusal(of: octets + [0]) == .trailing(1))
    }

    @Test("any change of one octet is refused, or is a record of its own", arguments: 0..<4)
    func mutation(index: Int) {
        let octets = PageSample.octets[index]
        for position in octets.indices {
            for value in UInt8.min...UInt8.max {
                var changed = octets
                changed[position] = value
                guard let record = try? GroupRecord(parsing: changed.span) else { continue }
                guard serialized(record) == changed else {
                    Issue.record("octet \(position) = \(value) is written differently than read")
                    return
                }
            }
        }
    }

    @Test("flags without what they speak of, too many voters and other versions are refused")
    func bounds() {
        let start = PageSample.start
        #expect(refusal(of: [1, 0b0010, 0] + start) == .reserved(.flags, 0b0010))
        #expect(refusal(of: [1, 0b1000, 0] + start) == .reserved(.flags, 0b1000))
        #expect(refusal(of: [1, 0x10, 0] + start) == .reserved(.flags, 0x10))
        #expect(refusal(of: [1, 0, 1] + start) == .outOfBounds(.contributions, 1))
        let tenure = start + PageSample.tenure
        #expect(refusal(of: [1, 0b0100, 10] + tenure) == .outOfBounds(.contributions, 10))
        #expect(refusal(of: [2, 0, 0] + start) == .futureVersion(2))
        #expect(refusal(of: [0, 0, 0] + start) == .unsupported(.version, 0))
    }

    @Test("no term, length, stamp or instant is taken from a page that no frame could have")
    func numbers() {
        let start = PageSample.start
        func big(_ octets: [UInt8], at offset: Int, _ first: UInt8 = 0xFF) -> [UInt8] {
            var changed = octets
            changed[offset] = first
            changed.replaceSubrange(offset + 1..<offset + 8, with: repeatElement(0xFF, count: 7))
            return changed
        }
        func zero(_ octets: [UInt8], at offset: Int) -> [UInt8] {
            var changed = octets
            changed.replaceSubrange(offset..<offset + 8, with: repeatElement(0, count: 8))
            return changed
        }
        let whole = PageSample.octets[3]
        // Highest granted and used; the grant's term; the tenure's.
        for offset in [11, 19, 27 + 16, 59] {
            #expect(refusal(of: big(whole, at: offset)) == .outOfBounds(.term, .max))
        }
        for offset in [27 + 16, 59] {
            #expect(refusal(of: zero(whole, at: offset)) == .outOfBounds(.term, 0))
        }
        // The grant's end; the deadline on both clocks.
        for offset in [27 + 24, 67, 75] {
            #expect(refusal(of: big(whole, at: offset)) == .outOfBounds(.instant, .max))
        }
        for offset in [83 + 8, 83 + 16] {
            #expect(refusal(of: big(whole, at: offset)) == .outOfBounds(.stamp, .max))
        }
        let longest = UInt64(Int64.max)
        #expect(
            refusal(of: big(whole, at: 83 + 24, 0x7F)) == .outOfBounds(.leaseLength, longest)
        )
        #expect(refusal(of: zero(whole, at: 83 + 24)) == .outOfBounds(.leaseLength, 0))
        #expect(refusal(of: [1, 0, 0] + start) == nil)
        let header = [UInt8](repeating: 1, count: 25)
        #expect(refusal(ofHeader: big(header, at: 9)) == .outOfBounds(.instant, .max))
    }

    @Test("a page that promises more than a lease from now, or counts what is to come, is not one")
    func plausible() throws {
        let now = Reading(boottime: .zero + .seconds(100), raw: .zero + .seconds(90))
        let (soon, late) = (Duration.seconds(30), Duration.seconds(30) + .nanoseconds(1))
        func isPlausible(
            abstains: Duration = .zero,
            _ change: (inout GroupRecord) -> Void = { _ in }
        ) -> Bool {
            var record = PageSample.record(released: false, forced: false, counted: 1)
            record.grant?.expiry = now.raw + soon
            record.tenure?.deadline = now + soon
            record.tenure?.counted[0].stamp = now
            change(&record)
            let header = PageHeader(
                incarnation: Incarnation(1),
                abstentionEnd: now.raw + abstains,
                voterSet: 1
            )
            return Page(header: header, records: [record]).isPlausible(at: now)
        }
        let later = Duration.nanoseconds(1)
        let verdicts = [
            isPlausible(abstains: soon),
            isPlausible(abstains: late),
            isPlausible { record in record.grant?.expiry = now.raw + late },
            isPlausible { record in record.tenure?.deadline.raw = now.raw + late },
            isPlausible { record in record.tenure?.deadline.boottime = now.boottime + late },
            isPlausible { record in record.tenure?.counted[0].stamp.raw = now.raw + later },
            isPlausible { record in
                record.tenure?.counted[0].stamp.boottime = now.boottime + later
            },
        ]
        #expect(verdicts == [true, false, false, false, false, false, false])
    }

    @Test("a promise to others is rounded up to nanoseconds, an owner's deadline down")
    func rounding() throws {
        let half = Duration(secondsComponent: 0, attosecondsComponent: 500_000_000)
        var record = PageSample.record(released: false, forced: false, counted: 0)
        record.grant?.expiry = Instant(.nanoseconds(7) + half)
        record.tenure?.deadline = Reading(
            boottime: Instant(.nanoseconds(8) + half),
            raw: Instant(.nanoseconds(9) + half)
        )
        let octets = serialized(record)
        let kept = try GroupRecord(parsing: octets.span)
        #expect(kept.grant?.expiry == Instant(nanoseconds: 8))
        #expect(kept.tenure?.deadline.boottime == Instant(nanoseconds: 8))
        #expect(kept.tenure?.deadline.raw == Instant(nanoseconds: 9))
    }

    @Test("a header in maintenance is of version 2, with flags at its end")
    func maintenance() throws {
        let octets: [UInt8] = [
            0x02,
            0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
            0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28,
            0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38,
            0x01,
        ]
        let header = PageHeader(
            incarnation: Incarnation(0x1112_1314_1516_1718),
            abstentionEnd: Instant(nanoseconds: 0x2122_2324_2526_2728),
            voterSet: 0x3132_3334_3536_3738,
            maintenance: true
        )
        var written: [UInt8] = []
        header.serialize(into: &written)
        #expect(written == octets)
        #expect(PageHeader.longestLength == 26)
        #expect(try PageHeader(parsing: octets.span) == header)
        #expect(refusal(ofHeader: Array(octets.prefix(25))) == .truncated(needed: 26, found: 25))
        #expect(refusal(ofHeader: octets + [0]) == .trailing(1))
        #expect(refusal(ofHeader: octets.dropLast() + [0x03]) == .reserved(.flags, 2))
    }

    @Test("a header parses to what it says, and every truncation is refused")
    func header() throws {
        let octets: [UInt8] = [
            0x01,
            0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
            0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28,
            0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38,
        ]
        let header = PageHeader(
            incarnation: Incarnation(0x1112_1314_1516_1718),
            abstentionEnd: Instant(nanoseconds: 0x2122_2324_2526_2728),
            voterSet: 0x3132_3334_3536_3738
        )
        var written: [UInt8] = []
        header.serialize(into: &written)
        #expect(written == octets)
        #expect(try PageHeader(parsing: octets.span) == header)
        for length in 0..<25 {
            let error = refusal(ofHeader: Array(octets.prefix(length)))
            #expect(error == .truncated(needed: 25, found: length))
        }
        #expect(refusal(ofHeader: octets + [0]) == .trailing(1))
        #expect(refusal(ofHeader: [3] + octets.dropFirst()) == .futureVersion(3))
        #expect(refusal(ofHeader: [0] + octets.dropFirst()) == .unsupported(.version, 0))
    }
}
