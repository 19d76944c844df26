/// Why octets are not the packet that they were taken for.
package enum PacketError: Error, Equatable, Sendable {
    case truncated(needed: Int, found: Int)
    case unsupported(Field, UInt16)
    case checksum(found: UInt16)

    package enum Field: String, Sendable {
        case hardwareType, protocolType, addressLengths, operation
        case version, nextHeader, payloadLength, hopLimit, messageType, optionLength
    }
}

extension Span<UInt8> {
    /// Reads `count` octets, most significant first. Bounds are checked, here as everywhere.
    package func loadBigEndian(at offset: Int, count: Int) -> UInt64 {
        precondition(count <= 8, "\(count) octets do not fit in 64 bits")
        var value: UInt64 = 0
        for index in offset..<offset + count {
            value = value << 8 | UInt64(self[index])
        }
        return value
    }

    func loadUInt16(at offset: Int) -> UInt16 {
        UInt16(loadBigEndian(at: offset, count: 2))
    }

    func loadIPv6Address(at offset: Int) -> IPv6Address {
        IPv6Address(
            high: loadBigEndian(at: offset, count: 8),
            low: loadBigEndian(at: offset + 8, count: 8)
        )
    }
}

extension [UInt8] {
    /// Appends the low `count` octets of `value`, most significant first.
    mutating func appendBigEndian(_ value: UInt64, count: Int) {
        for shift in stride(from: (count - 1) * 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
        }
    }

    mutating func append(_ address: IPv6Address) {
        appendBigEndian(address.high, count: 8)
        appendBigEndian(address.low, count: 8)
    }
}
