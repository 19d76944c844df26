import Glibc

/// An IPv4 or IPv6 address. Prints in the canonical form (RFC 5952 for IPv6).
public enum IPAddress: Hashable, Sendable {
    /// The most significant bits are the first octet.
    case v4(UInt32)
    /// The most significant bits of `high` are the first octet.
    case v6(high: UInt64, low: UInt64)

    /// Nil unless the whole text is one address. There are no zones ("%eth0"), no names and no
    /// abbreviated IPv4 addresses ("10.1").
    public init?(parsing text: String) {
        // A null would end the text early for C.
        let length = text.utf8.count
        guard length > 0, length <= 45, !text.utf8.contains(0) else { return nil }

        var ipv4 = in_addr()
        if unsafe inet_pton(AF_INET, text, &ipv4) == 1 {
            self = .v4(UInt32(bigEndian: ipv4.s_addr))
            return
        }
        var octets: [16 of UInt8] = .init(repeating: 0)
        guard unsafe inet_pton(AF_INET6, text, &octets) == 1 else { return nil }
        var (high, low): (UInt64, UInt64) = (0, 0)
        for index in 0..<8 {
            high = high << 8 | UInt64(octets[index])
            low = low << 8 | UInt64(octets[index + 8])
        }
        self = .v6(high: high, low: low)
    }

    /// 4 octets or 16, first octet first; nil for any other count.
    public init?(octets: [UInt8]) {
        switch octets.count {
        case 4:
            self = .v4(octets.reduce(0) { $0 << 8 | UInt32($1) })
        case 16:
            self = .v6(
                high: octets.prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
                low: octets.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
            )
        default:
            return nil
        }
    }

    /// 4 octets or 16, first octet first: network byte order.
    public var octets: [UInt8] {
        switch self {
        case .v4(let bits):
            return stride(from: 24, through: 0, by: -8).map {
                UInt8(truncatingIfNeeded: bits >> UInt32($0))
            }
        case .v6(let high, let low):
            return [high, low].flatMap { half in
                stride(from: 56, through: 0, by: -8).map {
                    UInt8(truncatingIfNeeded: half >> UInt64($0))
                }
            }
        }
    }

    public var isIPv6: Bool {
        switch self {
        case .v4: false
        case .v6: true
        }
    }

    /// 32 or 128.
    public var bitWidth: Int { isIPv6 ? 128 : 32 }
}

extension IPAddress: CustomStringConvertible {
    public var description: String {
        switch self {
        case .v4: octets.map { String($0) }.joined(separator: ".")
        case .v6(let high, let low): Self.canonical(high: high, low: low)
        }
    }

    private static func canonical(high: UInt64, low: UInt64) -> String {
        let groups = [high, low].flatMap { half in
            stride(from: 48, through: 0, by: -16).map {
                UInt16(truncatingIfNeeded: half >> UInt64($0))
            }
        }
        if high == 0, low >> 32 == 0xffff {
            return "::ffff:\(IPAddress.v4(UInt32(truncatingIfNeeded: low)))"
        }
        let digits = groups.map { String($0, radix: 16) }
        guard let gap = longestRunOfZeros(in: groups) else {
            return digits.joined(separator: ":")
        }
        return digits[..<gap.lowerBound].joined(separator: ":") + "::"
            + digits[gap.upperBound...].joined(separator: ":")
    }

    /// The first of the longest; one group alone is not abbreviated (RFC 5952, 4.2.2 and 4.2.3).
    private static func longestRunOfZeros(in groups: [UInt16]) -> Range<Int>? {
        var longest = 0..<1
        var start = 0
        for index in 0...groups.count {
            guard index == groups.count || groups[index] != 0 else { continue }
            if index - start > longest.count {
                longest = start..<index
            }
            start = index + 1
        }
        return longest.count > 1 ? longest : nil
    }
}

extension IPAddress: Comparable {
    /// IPv4 before IPv6, then by number.
    public static func < (left: IPAddress, right: IPAddress) -> Bool {
        switch (left, right) {
        case (.v4(let a), .v4(let b)): a < b
        case (.v6(let highA, let lowA), .v6(let highB, let lowB)): (highA, lowA) < (highB, lowB)
        case (.v4, .v6): true
        case (.v6, .v4): false
        }
    }
}

extension [IPAddress] {
    /// Of a sorted array.
    package func sortedIndex(of address: IPAddress) -> Int? {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < address { low = middle + 1 } else { high = middle }
        }
        return low < count && self[low] == address ? low : nil
    }
}

extension IPAddress {
    /// What an address is for, where that matters to a configuration (RFC 6890, RFC 4291).
    package enum Scope: Equatable {
        case unspecified
        case loopback
        case multicast
        case broadcast
        case linkLocalIPv6
        /// ::ffff:0:0/96, an IPv4 address in disguise.
        case mappedIPv4
        case ordinary
    }

    package var scope: Scope {
        switch self {
        case .v4(let bits):
            switch bits >> 24 {
            case 0: .unspecified
            case 127: .loopback
            case 224...239: .multicast
            default: bits == .max ? .broadcast : .ordinary
            }
        case .v6(let high, let low):
            if high == 0, low == 0 {
                .unspecified
            } else if high == 0, low == 1 {
                .loopback
            } else if high >> 56 == 0xff {
                .multicast
            } else if high >> 54 == 0xfe80 >> 6 {
                .linkLocalIPv6
            } else if high == 0, low >> 32 == 0xffff {
                .mappedIPv4
            } else {
                .ordinary
            }
        }
    }
}
