/// A Neighbor Advertisement (RFC 4861, section 4.4) with its IPv6 header.
package struct NeighborAdvertisement: Equatable, Sendable {
    package var source: IPv6Address
    package var destination: IPv6Address
    package var isRouter: Bool
    package var isSolicited: Bool
    /// Receivers replace what they have cached.
    package var overrides: Bool
    package var target: IPv6Address
    /// The target link-layer address option; without it, nothing can be learned.
    package var targetMAC: MACAddress?

    private enum Offset {
        static let version = 0
        static let payloadLength = 4
        static let nextHeader = 6
        static let hopLimit = 7
        static let source = 8
        static let destination = 24
        static let message = 40
        static let checksum = 42
        static let flags = 44
        static let target = 48
        static let options = 64
    }

    private enum Flag {
        static let router: UInt8 = 0x80
        static let solicited: UInt8 = 0x40
        static let override: UInt8 = 0x20
    }

    private static let icmpv6: UInt8 = 58
    private static let messageType: UInt16 = 136
    private static let targetLinkLayerAddress: UInt8 = 2
    /// An advertisement that has crossed a router isn't one (RFC 4861, section 7.1.2).
    private static let hopLimit: UInt8 = 255

    /// All nodes of the link, ff02::1, and its Ethernet address.
    package static let allNodes = IPv6Address(high: 0xff02_0000_0000_0000, low: 1)
    package static let allNodesMAC = MACAddress(bits: 0x3333_0000_0001)

    /// An unsolicited advertisement to all nodes, from the address that it is about.
    package init(announcing address: IPv6Address, at mac: MACAddress) {
        source = address
        destination = Self.allNodes
        isRouter = false
        isSolicited = false
        overrides = true
        target = address
        targetMAC = mac
    }

    /// Octets past the IPv6 payload are Ethernet padding, and ignored; so are options of other
    /// types. Extension headers are refused.
    package init(parsing octets: Span<UInt8>) throws(PacketError) {
        guard octets.count >= Offset.options else {
            throw .truncated(needed: Offset.options, found: octets.count)
        }
        try Self.expect(6, .version, octets[Offset.version] >> 4)
        try Self.expect(Self.icmpv6, .nextHeader, octets[Offset.nextHeader])
        try Self.expect(Self.hopLimit, .hopLimit, octets[Offset.hopLimit])

        let payloadLength = octets.loadUInt16(at: Offset.payloadLength)
        let end = Offset.message + Int(payloadLength)
        guard end >= Offset.options else { throw .unsupported(.payloadLength, payloadLength) }
        guard end <= octets.count else { throw .truncated(needed: end, found: octets.count) }
        let packet = octets.extracting(0..<end)

        let type = packet.loadUInt16(at: Offset.message)
        guard type == Self.messageType << 8 else { throw .unsupported(.messageType, type) }
        guard Self.checksum(of: packet) == 0 else {
            throw .checksum(found: packet.loadUInt16(at: Offset.checksum))
        }

        source = packet.loadIPv6Address(at: Offset.source)
        destination = packet.loadIPv6Address(at: Offset.destination)
        let flags = packet[Offset.flags]
        isRouter = flags & Flag.router != 0
        isSolicited = flags & Flag.solicited != 0
        overrides = flags & Flag.override != 0
        target = packet.loadIPv6Address(at: Offset.target)
        targetMAC = try Self.targetMAC(in: packet)
    }

    private static func expect(
        _ wanted: UInt8,
        _ field: PacketError.Field,
        _ found: UInt8
    ) throws(PacketError) {
        guard found == wanted else { throw .unsupported(field, UInt16(found)) }
    }

    /// Options have their length in units of eight octets; zero would make us read it for ever.
    private static func targetMAC(in packet: Span<UInt8>) throws(PacketError) -> MACAddress? {
        var offset = Offset.options
        while offset < packet.count {
            guard offset + 2 <= packet.count else {
                throw .truncated(needed: offset + 2, found: packet.count)
            }
            let units = packet[offset + 1]
            guard units > 0 else { throw .unsupported(.optionLength, 0) }
            let end = offset + Int(units) * 8
            guard end <= packet.count else { throw .truncated(needed: end, found: packet.count) }
            if packet[offset] == targetLinkLayerAddress && units == 1 {
                return MACAddress(bits: packet.loadBigEndian(at: offset + 2, count: 6))
            }
            offset = end
        }
        return nil
    }

    /// The IPv6 packet, without an Ethernet header.
    package func serialized() -> [UInt8] {
        let length = targetMAC == nil ? Offset.options : Offset.options + 8
        var octets: [UInt8] = []
        octets.reserveCapacity(length)
        octets.appendBigEndian(0x6000_0000, count: 4)
        octets.appendBigEndian(UInt64(length - Offset.message), count: 2)
        octets.append(Self.icmpv6)
        octets.append(Self.hopLimit)
        octets.append(source)
        octets.append(destination)
        octets.appendBigEndian(UInt64(Self.messageType), count: 1)
        octets.appendBigEndian(0, count: 1 + 2)
        octets.append(
            (isRouter ? Flag.router : 0) | (isSolicited ? Flag.solicited : 0)
                | (overrides ? Flag.override : 0)
        )
        octets.appendBigEndian(0, count: 3)
        octets.append(target)
        if let targetMAC {
            octets.append(Self.targetLinkLayerAddress)
            octets.append(1)
            octets.appendBigEndian(targetMAC.bits, count: 6)
        }
        precondition(octets.count == length, "this advertisement has \(length) octets")
        let checksum = Self.checksum(of: octets.span)
        octets[Offset.checksum] = UInt8(checksum >> 8)
        octets[Offset.checksum + 1] = UInt8(checksum & 0xff)
        return octets
    }

    /// The internet checksum over pseudo-header and message (RFC 8200, section 8.1): 0 where the
    /// packet holds a right one. The addresses of the pseudo-header are summed where they stand.
    private static func checksum(of packet: Span<UInt8>) -> UInt16 {
        var sum = UInt64(packet.count - Offset.message) + UInt64(icmpv6)
        for index in Offset.source..<packet.count {
            sum += index % 2 == 0 ? UInt64(packet[index]) << 8 : UInt64(packet[index])
        }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        return ~UInt16(sum)
    }
}
