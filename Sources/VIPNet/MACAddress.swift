/// The 48 bits of an Ethernet address.
package struct MACAddress: Equatable, Hashable, Sendable, CustomStringConvertible {
    package var bits: UInt64

    package init(bits: UInt64) { self.bits = bits & 0xffff_ffff_ffff }

    package static let broadcast = MACAddress(bits: 0xffff_ffff_ffff)
    package static let zero = MACAddress(bits: 0)

    package var description: String {
        stride(from: 40, through: 0, by: -8)
            .map { shift in
                let text = String(bits >> UInt64(shift) & 0xff, radix: 16)
                return text.count == 1 ? "0" + text : text
            }
            .joined(separator: ":")
    }
}

package struct IPv4Address: Equatable, Hashable, Sendable, CustomStringConvertible {
    /// The first octet is the most significant.
    package var bits: UInt32

    package init(bits: UInt32) { self.bits = bits }

    package var description: String {
        "\(bits >> 24).\(bits >> 16 & 0xff).\(bits >> 8 & 0xff).\(bits & 0xff)"
    }
}

package struct IPv6Address: Equatable, Hashable, Sendable, CustomStringConvertible {
    /// The first octet is the most significant of `high`.
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// As RFC 5952 writes it.
    package var description: String { "\(IPAddress.v6(high: high, low: low))" }
}
