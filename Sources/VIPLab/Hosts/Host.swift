/// The hosts of a lab: a pair, its witness, and a client on the same network.
///
///        lb1   lb2   w1   client
///         |     |     |     |
///       --+-----+-----+-----+--   eth0: 10.77.0.0/24, fd77::/64
///         |     |     |
///       --+-----+-----+--         eth1: 10.78.0.0/24, if the lab has a second network
public enum Host: String, CaseIterable, Sendable, CustomStringConvertible {
    case lb1
    case lb2
    case w1
    case client

    public static let nodes: [Host] = [.lb1, .lb2]
    public static let voters: [Host] = [.lb1, .lb2, .w1]

    /// The last octet of its addresses.
    public var number: Int {
        switch self {
        case .lb1: 1
        case .lb2: 2
        case .w1: 3
        case .client: 9
        }
    }

    public var description: String { rawValue }

    /// The other node of the pair.
    public var peer: Host {
        switch self {
        case .lb1: .lb2
        case .lb2: .lb1
        case .w1, .client: preconditionFailure("\(self) has no peer: it is not a node")
        }
    }

    public func address(on network: Network = .first) -> String {
        "\(network.ipv4Prefix).\(number)"
    }

    public func ipv6Address(on network: Network = .first) -> String {
        "\(network.ipv6Prefix)::\(number)"
    }

    /// Given and not left to chance, so that frames tell at a glance whose they are.
    public func macAddress(on network: Network = .first) -> MACAddress {
        MACAddress(bits: network.macPrefix << 40 | UInt64(number))
    }
}

/// A switch with its cables.
public enum Network: Int, CaseIterable, Sendable {
    case first
    case second

    /// The name of a host's interface on this network.
    public var interface: String { "eth\(rawValue)" }

    var bridge: String { "br\(rawValue)" }

    /// The switch's end of the cable to a host.
    func port(of host: Host) -> String { "\(host.rawValue)-\(rawValue)" }

    var ipv4Prefix: String { "10.\(77 + rawValue).0" }
    var ipv6Prefix: String { "fd\(77 + rawValue)" }
    var hosts: [Host] { self == .first ? Host.allCases : Host.voters }

    /// The first octet; 02 is "locally administered".
    var macPrefix: UInt64 { self == .first ? 0x02 : 0x06 }
}

/// The address of a network card.
public struct MACAddress: Hashable, Sendable, CustomStringConvertible {
    /// 48 bits, the octet that is sent first is the most significant.
    public let bits: UInt64

    public init(bits: UInt64) {
        precondition(bits < 1 << 48, "a MAC address has 48 bits")
        self.bits = bits
    }

    public static let broadcast = MACAddress(bits: 0xffff_ffff_ffff)

    public var description: String {
        stride(from: 40, through: 0, by: -8)
            .map { shift in
                let octet = String(bits >> UInt64(shift) & 0xff, radix: 16)
                return octet.count < 2 ? "0" + octet : octet
            }
            .joined(separator: ":")
    }
}
