import Testing
import VIPLab

/// The frames and the rules that the lab writes, octet by octet.
@Suite("What the lab puts on the wire")
struct WireTests {
    let client = MACAddress(bits: 0x1112_1314_1516)
    let node = MACAddress(bits: 0x2122_2324_2526)

    @Test("an ARP probe carries its number in the sender's hardware address")
    func arpProbe() throws {
        let target = try InternetAddress("10.77.0.100")
        let expected: [UInt8] = [
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x08, 0x06,
            0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01,
            0x0a, 0x76, 0x31, 0x32, 0x33, 0x34, 0x00, 0x00, 0x00, 0x00,
            0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0a, 0x4d, 0x00, 0x64,
        ]
        #expect(Frames.arpProbe(number: 0x3132_3334, for: target, from: client) == expected)
    }

    @Test("the answer to a probe is told from an announcement, and from everything else")
    func claims() throws {
        let target = try InternetAddress("10.77.0.100")
        let answer: [UInt8] = [
            0x0a, 0x76, 0x31, 0x32, 0x33, 0x34, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x08, 0x06,
            0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x02,
            0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x0a, 0x4d, 0x00, 0x64,
            0x0a, 0x76, 0x31, 0x32, 0x33, 0x34, 0x00, 0x00, 0x00, 0x00,
        ]
        #expect(Frames.claim(in: answer, about: target) == .answer(number: 0x3132_3334, by: node))

        var announcement = answer
        announcement.replaceSubrange(38..<42, with: [0x0a, 0x4d, 0x00, 0x64])
        #expect(Frames.claim(in: announcement, about: target) == .announcement(by: node))

        let other = try InternetAddress("10.77.0.101")
        #expect(Frames.claim(in: answer, about: other) == nil)
        for length in 0..<42 {
            #expect(Frames.claim(in: Array(answer[0..<length]), about: target) == nil)
        }
    }

    @Test("a solicitation carries its number in its source link-layer address")
    func solicitation() throws {
        let target = try InternetAddress("fd77::64")
        let source = try InternetAddress("fd77::ee")
        let expected: [UInt8] = [
            0x33, 0x33, 0xff, 0x00, 0x00, 0x64, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x86, 0xdd,
            0x60, 0x00, 0x00, 0x00, 0x00, 0x20, 0x3a, 0xff,
            0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xee,
            0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff, 0x00, 0x00, 0x64,
            0x87, 0x00, 0x0e, 0x1d, 0, 0, 0, 0,
            0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x64,
            0x01, 0x01, 0x0a, 0x76, 0x31, 0x32, 0x33, 0x34,
        ]
        let frame = Frames.solicitation(
            number: 0x3132_3334,
            for: target,
            from: client,
            source: source
        )
        #expect(frame == expected)
    }

    @Test("a solicited advertisement is told from an announcement, and from everything else")
    func advertisements() throws {
        let target = try InternetAddress("fd77::64")
        let answer: [UInt8] = [
            0x0a, 0x76, 0x31, 0x32, 0x33, 0x34, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x86, 0xdd,
            0x60, 0x00, 0x00, 0x00, 0x00, 0x20, 0x3a, 0xff,
            0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x64,
            0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xee,
            0x88, 0x00, 0x51, 0x52, 0x60, 0, 0, 0,
            0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x64,
            0x02, 0x01, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26,
        ]
        #expect(Frames.claim(in: answer, about: target) == .answer(number: 0x3132_3334, by: node))
        let bare = Array(answer[0..<78])
        #expect(Frames.claim(in: bare, about: target) == .answer(number: 0x3132_3334, by: node))
        var unsolicited = answer
        unsolicited[58] = 0x20
        #expect(Frames.claim(in: unsolicited, about: target) == .announcement(by: node))
        var solicitation = answer
        solicitation[54] = 135
        #expect(Frames.claim(in: solicitation, about: target) == nil)
        #expect(Frames.claim(in: answer, about: try InternetAddress("fd77::65")) == nil)
        for length in 0..<78 {
            #expect(Frames.claim(in: Array(answer[0..<length]), about: target) == nil)
        }
    }

    @Test("an IPv4 datagram has the checksums of RFC 791 and RFC 768")
    func ipv4() throws {
        let from = Frames.End(mac: client, address: try InternetAddress("10.77.0.9"), port: 0x1b5a)
        let to = Frames.End(mac: node, address: try InternetAddress("10.77.0.100"), port: 0x1b5b)
        let expected: [UInt8] = [
            0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x08, 0x00,
            0x45, 0x00, 0x00, 0x1f, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0x25, 0xc8,
            0x0a, 0x4d, 0x00, 0x09, 0x0a, 0x4d, 0x00, 0x64,
            0x1b, 0x5a, 0x1b, 0x5b, 0x00, 0x0b, 0x2f, 0xda, 0x41, 0x42, 0x43,
        ]
        #expect(Frames.datagram([0x41, 0x42, 0x43], from: from, to: to) == expected)

        // Ethernet padding behind it is no part of it.
        let found = try #require(Frames.datagram(in: expected + [0, 0]))
        #expect(found.payload == [0x41, 0x42, 0x43] && found.from == from && found.to == to)
        for length in 0..<expected.count {
            #expect(Frames.datagram(in: Array(expected[0..<length])) == nil)
        }
        var tcp = expected
        tcp[23] = 6
        #expect(Frames.datagram(in: tcp) == nil)
    }

    @Test("an IPv6 datagram has a checksum over its pseudo header")
    func ipv6() throws {
        let from = Frames.End(mac: client, address: try InternetAddress("fd77::9"), port: 0x1b5a)
        let to = Frames.End(mac: node, address: try InternetAddress("fd77::64"), port: 0x1b5b)
        let expected: [UInt8] = [
            0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x86, 0xdd,
            0x60, 0x00, 0x00, 0x00, 0x00, 0x0b, 0x11, 0x40,
            0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x09,
            0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x64,
            0x1b, 0x5a, 0x1b, 0x5b, 0x00, 0x0b, 0x49, 0x84, 0x41, 0x42, 0x43,
        ]
        #expect(Frames.datagram([0x41, 0x42, 0x43], from: from, to: to) == expected)
    }

    @Test("faults are written as one transaction for nft")
    func rules() {
        var faults = Faults()
        faults.isolate(.w1, on: [.first])
        faults.block(from: .lb1, to: .lb2)
        faults.loseVoterFrames(percent: 20)
        #expect(
            faults.ruleset(port: 7694) == """
                add table bridge faults
                add chain bridge faults wire { type filter hook forward priority 0; policy accept; }
                flush chain bridge faults wire
                add rule bridge faults wire iifname "w1-0" drop
                add rule bridge faults wire oifname "w1-0" drop
                add rule bridge faults wire iifname "lb1-0" oifname "lb2-0" drop
                add rule bridge faults wire iifname "lb1-1" oifname "lb2-1" drop
                add rule bridge faults wire udp dport 7694 numgen random mod 100 < 20 drop

                """
        )
    }
}
