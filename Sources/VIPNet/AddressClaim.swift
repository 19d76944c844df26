/// What somebody says to all who hear it: that address is at this MAC address. Neighbours believe
/// it, and send there from then on.
///
///  - ARP of any operation: its sender. A probe (RFC 5227) has no sender, and claims nothing.
///  - A Neighbor Advertisement: its target. A Neighbor Solicitation: its source.
///
/// Duplicate address detection, which has no source, is a question: the kernel answers it, and the
/// host that asks does not take the address.
package struct AddressClaim: Equatable, Sendable {
    package var address: IPAddress
    package var mac: MACAddress

    package init(address: IPAddress, mac: MACAddress) {
        self.address = address
        self.mac = mac
    }

    /// - Parameter octets: the ARP packet. Nil if it claims nothing.
    package init?(arp octets: Span<UInt8>) throws(PacketError) {
        let packet = try ARPPacket(parsing: octets)
        guard packet.senderIP.bits != 0 else { return nil }
        self.init(address: .v4(packet.senderIP.bits), mac: packet.senderMAC)
    }

    /// - Parameters:
    ///   - octets: the ICMPv6 message. Nil if it claims nothing, or names no MAC address: then
    ///     nothing can be learned from it.
    ///   - source: of the IPv6 packet.
    package init?(
        neighborDiscovery octets: Span<UInt8>,
        from source: IPv6Address
    ) throws(PacketError) {
        let message = try NeighborDiscovery(parsing: octets)
        guard let mac = message.linkLayerAddress else { return nil }
        let address =
            switch message.kind {
            case .advertisement: message.target
            case .solicitation: source
            }
        guard address != IPv6Address(high: 0, low: 0) else { return nil }
        self.init(address: .v6(high: address.high, low: address.low), mac: mac)
    }
}

/// A Neighbor Solicitation or Advertisement (RFC 4861, sections 4.3 and 4.4) from its ICMPv6 header
/// on, as far as it tells who has which address. The checksum is the receiver's business.
package struct NeighborDiscovery: Equatable, Sendable {
    package enum Kind: UInt8, Sendable {
        case solicitation = 135
        case advertisement = 136

        /// The option with the MAC address: of the source, or of the target.
        fileprivate var linkLayerOption: UInt8 {
            switch self {
            case .solicitation: 1
            case .advertisement: 2
            }
        }
    }

    package var kind: Kind
    package var target: IPv6Address
    package var linkLayerAddress: MACAddress?

    private enum Offset {
        static let type = 0
        static let target = 8
        static let options = 24
    }

    package init(parsing octets: Span<UInt8>) throws(PacketError) {
        guard octets.count >= Offset.options else {
            throw .truncated(needed: Offset.options, found: octets.count)
        }
        let type = octets.loadUInt16(at: Offset.type)
        guard type & 0xff == 0, let kind = Kind(rawValue: UInt8(type >> 8)) else {
            throw .unsupported(.messageType, type)
        }
        self.kind = kind
        target = octets.loadIPv6Address(at: Offset.target)
        linkLayerAddress = try Self.linkLayerAddress(kind.linkLayerOption, in: octets)
    }

    /// Options have their length in units of eight octets; zero would make us read it for ever.
    private static func linkLayerAddress(
        _ option: UInt8,
        in octets: Span<UInt8>
    ) throws(PacketError) -> MACAddress? {
        var offset = Offset.options
        while offset < octets.count {
            guard offset + 8 <= octets.count else {
                throw .truncated(needed: offset + 8, found: octets.count)
            }
            let units = octets[offset + 1]
            guard units > 0 else { throw .unsupported(.optionLength, 0) }
            if octets[offset] == option && units == 1 {
                return MACAddress(bits: octets.loadBigEndian(at: offset + 2, count: 6))
            }
            offset += Int(units) * 8
        }
        return nil
    }
}
