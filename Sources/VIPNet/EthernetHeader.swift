/// The first 14 octets of an Ethernet II frame without tags.
package struct EthernetHeader: Equatable, Sendable {
    /// What follows the header. A code that isn't ours is a value, not an error.
    package enum EtherType: Equatable, Sendable {
        case arp
        case ipv6
        case other(UInt16)

        package init(code: UInt16) {
            switch code {
            case 0x0806: self = .arp
            case 0x86dd: self = .ipv6
            default: self = .other(code)
            }
        }

        package var code: UInt16 {
            switch self {
            case .arp: 0x0806
            case .ipv6: 0x86dd
            case .other(let code): code
            }
        }
    }

    package var destination: MACAddress
    package var source: MACAddress
    package var type: EtherType

    private enum Offset {
        static let destination = 0
        static let source = 6
        static let type = 12
        static let end = 14
    }

    package static let length = Offset.end

    package init(destination: MACAddress, source: MACAddress, type: EtherType) {
        self.destination = destination
        self.source = source
        self.type = type
    }

    package init(parsing octets: Span<UInt8>) throws(PacketError) {
        guard octets.count >= Offset.end else {
            throw .truncated(needed: Offset.end, found: octets.count)
        }
        destination = MACAddress(bits: octets.loadBigEndian(at: Offset.destination, count: 6))
        source = MACAddress(bits: octets.loadBigEndian(at: Offset.source, count: 6))
        type = EtherType(code: octets.loadUInt16(at: Offset.type))
    }

    package func serialized() -> [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity(Offset.end)
        octets.appendBigEndian(destination.bits, count: 6)
        octets.appendBigEndian(source.bits, count: 6)
        octets.appendBigEndian(UInt64(type.code), count: 2)
        return octets
    }
}
