/// An ARP packet (RFC 826) for IPv4 over Ethernet, the one combination this agent speaks.
package struct ARPPacket: Equatable, Sendable {
    package enum Operation: UInt16, Sendable {
        case request = 1
        case reply = 2
    }

    package var operation: Operation
    package var senderMAC: MACAddress
    package var senderIP: IPv4Address
    package var targetMAC: MACAddress
    package var targetIP: IPv4Address

    /// Octet offsets. All lengths are fixed, so these are constants and one check covers them.
    private enum Offset {
        static let hardwareType = 0
        static let protocolType = 2
        static let addressLengths = 4
        static let operation = 6
        static let senderMAC = 8
        static let senderIP = 14
        static let targetMAC = 18
        static let targetIP = 24
        static let end = 28
    }

    private static let ethernet: UInt16 = 1
    private static let ipv4: UInt16 = 0x0800
    private static let sixAndFour: UInt16 = 0x0604

    /// A gratuitous packet that says `address` is at `mac`, in a form that Linux believes at once.
    /// Of replies it ignores, within a second of the last update, all but those whose target
    /// hardware address is the sender's (`arp_is_garp`); in requests that address means nothing
    /// and is zero, as RFC 5227 has it.
    package init(announcing address: IPv4Address, at mac: MACAddress, by operation: Operation) {
        self.operation = operation
        senderMAC = mac
        senderIP = address
        targetMAC = operation == .reply ? mac : .zero
        targetIP = address
    }

    /// Octets past the packet are Ethernet padding, and ignored.
    package init(parsing octets: Span<UInt8>) throws(PacketError) {
        guard octets.count >= Offset.end else {
            throw .truncated(needed: Offset.end, found: octets.count)
        }
        try Self.expect(Self.ethernet, .hardwareType, at: Offset.hardwareType, in: octets)
        try Self.expect(Self.ipv4, .protocolType, at: Offset.protocolType, in: octets)
        try Self.expect(Self.sixAndFour, .addressLengths, at: Offset.addressLengths, in: octets)

        let code = octets.loadUInt16(at: Offset.operation)
        guard let operation = Operation(rawValue: code) else {
            throw .unsupported(.operation, code)
        }

        self.operation = operation
        senderMAC = MACAddress(bits: octets.loadBigEndian(at: Offset.senderMAC, count: 6))
        senderIP = IPv4Address(bits: UInt32(octets.loadBigEndian(at: Offset.senderIP, count: 4)))
        targetMAC = MACAddress(bits: octets.loadBigEndian(at: Offset.targetMAC, count: 6))
        targetIP = IPv4Address(bits: UInt32(octets.loadBigEndian(at: Offset.targetIP, count: 4)))
    }

    private static func expect(
        _ wanted: UInt16,
        _ field: PacketError.Field,
        at offset: Int,
        in octets: Span<UInt8>
    ) throws(PacketError) {
        let found = octets.loadUInt16(at: offset)
        guard found == wanted else { throw .unsupported(field, found) }
    }

    package func serialized() -> [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity(Offset.end)
        octets.appendBigEndian(UInt64(Self.ethernet), count: 2)
        octets.appendBigEndian(UInt64(Self.ipv4), count: 2)
        octets.appendBigEndian(UInt64(Self.sixAndFour), count: 2)
        octets.appendBigEndian(UInt64(operation.rawValue), count: 2)
        octets.appendBigEndian(senderMAC.bits, count: 6)
        octets.appendBigEndian(UInt64(senderIP.bits), count: 4)
        octets.appendBigEndian(targetMAC.bits, count: 6)
        octets.appendBigEndian(UInt64(targetIP.bits), count: 4)
        precondition(octets.count == Offset.end, "an ARP packet has \(Offset.end) octets")
        return octets
    }
}
