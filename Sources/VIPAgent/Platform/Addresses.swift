import CNetlink
import Glibc
import VIPConfiguration

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
    package var description: String {
        let groups = [high, low].flatMap { half in
            [48, 32, 16, 0].map { UInt16(truncatingIfNeeded: half >> UInt64($0)) }
        }
        let gap = Self.longestRunOfZeros(in: groups)
        func text(_ part: ArraySlice<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard gap.count > 1 else { return text(groups[...]) }
        return text(groups[..<gap.lowerBound]) + "::" + text(groups[gap.upperBound...])
    }

    private static func longestRunOfZeros(in groups: [UInt16]) -> Range<Int> {
        var best = 0..<0
        var start = 0
        for index in 0...groups.count where index == groups.count || groups[index] != 0 {
            if index - start > best.count { best = start..<index }
            start = index + 1
        }
        return best
    }
}

extension IPAddress {
    /// As the shims have it; nil for any other family.
    init?(_ ip: vip_ip) {
        switch ip.family {
        case AF_INET: self = .v4(UInt32(truncatingIfNeeded: ip.low))
        case AF_INET6: self = .v6(high: ip.high, low: ip.low)
        default: return nil
        }
    }

    var shim: vip_ip {
        switch self {
        case .v4(let bits): vip_ip(family: AF_INET, high: 0, low: UInt64(bits))
        case .v6(let high, let low): vip_ip(family: AF_INET6, high: high, low: low)
        }
    }
}

extension Endpoint {
    init?(_ endpoint: vip_endpoint) {
        guard let address = IPAddress(endpoint.ip) else { return nil }
        self.init(address: address, port: endpoint.port)
    }

    var shim: vip_endpoint { vip_endpoint(ip: address.shim, port: port, scope: 0) }
}
