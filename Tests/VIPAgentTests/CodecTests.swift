import Testing
import VIPAgent
import VIPConfiguration
import VIPNet
import VIPPlatform

@Suite("ARP packet")
struct ARPPacketTests {
    /// Every field differs in every octet, so a swapped or shifted field cannot go unnoticed.
    let octets: [UInt8] = [
        0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x02,
        0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x21, 0x22, 0x23, 0x24,
        0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x41, 0x42, 0x43, 0x44,
    ]

    @Test("what was parsed serializes to the same octets")
    func roundTrip() throws {
        let packet = try ARPPacket(parsing: octets.span)
        #expect(packet.operation == .reply)
        #expect(packet.senderMAC == MACAddress(bits: 0x1112_1314_1516))
        #expect(packet.senderIP == IPv4Address(bits: 0x2122_2324))
        #expect(packet.targetMAC == MACAddress(bits: 0x3132_3334_3536))
        #expect(packet.targetIP == IPv4Address(bits: 0x4142_4344))
        #expect(packet.serialized() == octets)
    }

    @Test("every truncation is refused, and none traps", arguments: 0..<28)
    func truncation(length: Int) {
        let octets = Array(octets.prefix(length))
        #expect(throws: PacketError.truncated(needed: 28, found: length)) {
            try ARPPacket(parsing: octets.span)
        }
    }

    @Test("Ethernet padding is ignored")
    func padding() throws {
        let padded = octets + Array(repeating: 0, count: 18)
        #expect(try ARPPacket(parsing: padded.span).serialized() == octets)
    }

    @Test(
        "any other kind of hardware, protocol, length or operation is refused",
        arguments: [
            (0, PacketError.unsupported(.hardwareType, 0xff01)),
            (2, .unsupported(.protocolType, 0xff00)),
            (4, .unsupported(.addressLengths, 0xff04)),
            (5, .unsupported(.addressLengths, 0x06ff)),
            (6, .unsupported(.operation, 0xff02)),
            (7, .unsupported(.operation, 0x00ff)),
        ]
    )
    func unsupported(offset: Int, error: PacketError) {
        var octets = octets
        octets[offset] = 0xff
        #expect(throws: error) { try ARPPacket(parsing: octets.span) }
    }

    @Test("an announcement is a request with no target, and a reply whose target is the sender")
    func announcement() {
        let mac = MACAddress(bits: 0x0202_0304_0506)
        let address = IPv4Address(bits: 0x0a4d_0064)
        #expect(
            Announcer.frames(announcing: .v4(address.bits), at: mac) == [
                [
                    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x02, 0x03, 0x04, 0x05, 0x06,
                    0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01,
                    0x02, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x4d, 0x00, 0x64,
                    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0a, 0x4d, 0x00, 0x64,
                ],
                [
                    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x02, 0x03, 0x04, 0x05, 0x06,
                    0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x02,
                    0x02, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x4d, 0x00, 0x64,
                    0x02, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x4d, 0x00, 0x64,
                ],
            ]
        )
    }
}

@Suite("Neighbor Advertisement")
struct NeighborAdvertisementTests {
    /// fd77::64 at 02:02:03:04:05:06. The checksum was worked out by hand, outside of this code.
    let octets: [UInt8] = [
        0x60, 0x00, 0x00, 0x00, 0x00, 0x20, 0x3a, 0xff,
        0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x64,
        0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x01,
        0x88, 0x00, 0x50, 0xdc, 0x20, 0x00, 0x00, 0x00,
        0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x64,
        0x02, 0x01, 0x02, 0x02, 0x03, 0x04, 0x05, 0x06,
    ]

    let address = IPv6Address(high: 0xfd77_0000_0000_0000, low: 0x64)
    let mac = MACAddress(bits: 0x0202_0304_0506)

    @Test("an announcement overrides, is not solicited, and is not a router's")
    func announcement() {
        let header: [UInt8] = [
            0x33, 0x33, 0x00, 0x00, 0x00, 0x01, 0x02, 0x02, 0x03, 0x04, 0x05, 0x06, 0x86, 0xdd,
        ]
        #expect(
            Announcer.frames(announcing: .v6(high: address.high, low: address.low), at: mac) == [
                header + octets
            ]
        )
    }

    @Test("what was parsed serializes to the same octets")
    func roundTrip() throws {
        let packet = try NeighborAdvertisement(parsing: octets.span)
        #expect(packet == NeighborAdvertisement(announcing: address, at: mac))
        #expect(packet.serialized() == octets)
    }

    @Test("every truncation is refused, and none traps", arguments: 0..<72)
    func truncation(length: Int) {
        let octets = Array(octets.prefix(length))
        #expect(throws: PacketError.truncated(needed: length < 64 ? 64 : 72, found: length)) {
            try NeighborAdvertisement(parsing: octets.span)
        }
    }

    @Test("an octet that has changed is noticed, wherever it is", arguments: 0..<72)
    func damage(offset: Int) {
        // Traffic class and flow label may be anything.
        guard !(1...3).contains(offset) else { return }
        var octets = octets
        octets[offset] ^= 0x51
        #expect(throws: PacketError.self) { try NeighborAdvertisement(parsing: octets.span) }
    }

    @Test("an option of no length does not keep the parser for ever")
    func emptyOption() {
        var octets = octets
        octets[65] = 0
        octets[43] &+= 1
        #expect(throws: PacketError.unsupported(.optionLength, 0)) {
            try NeighborAdvertisement(parsing: octets.span)
        }
    }

    @Test("without the option the target's MAC is unknown, and padding is ignored")
    func noOption() throws {
        var packet = NeighborAdvertisement(announcing: address, at: mac)
        packet.targetMAC = nil
        let padded = packet.serialized() + [1, 2, 3]
        #expect(try NeighborAdvertisement(parsing: padded.span) == packet)
    }
}

@Suite("Ethernet header")
struct EthernetHeaderTests {
    let octets: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x88, 0xb5]

    @Test("an unknown type is a value, and serializes again")
    func roundTrip() throws {
        let header = try EthernetHeader(parsing: octets.span)
        #expect(header.destination == MACAddress(bits: 0x0102_0304_0506))
        #expect(header.source == MACAddress(bits: 0x0708_090a_0b0c))
        #expect(header.type == .other(0x88b5))
        #expect(header.serialized() == octets)
    }

    @Test("every truncation is refused, and none traps", arguments: 0..<14)
    func truncation(length: Int) {
        let octets = Array(octets.prefix(length))
        #expect(throws: PacketError.truncated(needed: 14, found: length)) {
            try EthernetHeader(parsing: octets.span)
        }
    }
}

@Suite("Addresses as text")
struct AddressTextTests {
    @Test(
        "IPv6 is written as RFC 5952 has it",
        arguments: [
            (UInt64(0), UInt64(0), "::"),
            (0, 1, "::1"),
            (0xfd77_0000_0000_0000, 0x64, "fd77::64"),
            (0x2001_0db8_0000_0001, 0x0001_0001_0001_0001, "2001:db8:0:1:1:1:1:1"),
            (0x2001_0db8_0000_0000, 0x0001_0000_0000_0001, "2001:db8::1:0:0:1"),
            (0x2001_0000_0000_0001, 0x0000_0000_0000_0001, "2001:0:0:1::1"),
            (0xfe80_0000_0000_0000, 0, "fe80::"),
        ]
    )
    func ipv6(high: UInt64, low: UInt64, text: String) {
        #expect(IPv6Address(high: high, low: low).description == text)
    }

    @Test("IPv4, MAC and endpoints")
    func others() {
        #expect(IPv4Address(bits: 0x0a4d_0064).description == "10.77.0.100")
        #expect(MACAddress(bits: 0x0002_a304_05ff).description == "00:02:a3:04:05:ff")
        let loopback = IPAddress.v6(high: 0, low: 1)
        #expect(Endpoint(address: loopback, port: 7694).description == "[::1]:7694")
    }
}
