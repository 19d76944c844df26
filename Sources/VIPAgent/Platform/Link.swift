import CNetlink
import Glibc

/// A network interface, as the kernel has it.
package struct Link: Equatable, Sendable {
    package var index: Int32
    package var name: String
    /// Its alternative names, by which it can be asked for as well.
    package var otherNames: [String]
    /// nil where its addresses aren't Ethernet's.
    package var mac: MACAddress?
    /// Somebody has set it up (IFF_UP).
    package var isUp: Bool
    /// The driver reports a carrier (IFF_LOWER_UP).
    package var hasCarrier: Bool
    package var isLoopback: Bool
    /// It has one other end and no neighbours (IFF_POINTOPOINT).
    package var isPointToPoint: Bool
    /// Nobody asks there who has an address (IFF_NOARP).
    package var asksNobody: Bool
    /// The largest packet, in octets.
    package var mtu: UInt32
    /// RFC 2863's state, as a number; 6 is up, 0 is what drivers leave that don't say.
    package var operationalState: UInt8
    /// ARPHRD_…; 1 is Ethernet.
    package var hardwareType: UInt16
    /// Such as "veth" or "bond"; empty for hardware.
    package var kind: String
    /// Index of the bridge, bond or VRF that it belongs to; 0 if there is none.
    package var master: Int32 = 0

    /// Frames can be expected to pass.
    package var isUsable: Bool { isUp && hasCarrier }

    /// Whether it goes by that name, be it an alternative one. No two links share any.
    package func isCalled(_ name: String) -> Bool {
        self.name == name || otherNames.contains(name)
    }
}

extension Link {
    /// An Ethernet link that is up.
    package init(
        index: Int32,
        name: String,
        otherNames: [String] = [],
        isPointToPoint: Bool = false,
        asksNobody: Bool = false,
        mtu: UInt32 = 1500
    ) {
        (self.index, self.name, self.otherNames) = (index, name, otherNames)
        (self.isPointToPoint, self.asksNobody, self.mtu) = (isPointToPoint, asksNobody, mtu)
        (isUp, hasCarrier, isLoopback) = (true, true, false)
        (operationalState, hardwareType, kind) = (6, 1, "")
    }

    init?(message header: UnsafeMutablePointer<nlmsghdr>) {
        guard
            unsafe Int32(header.pointee.nlmsg_type) == Int32(RTM_NEWLINK)
                || Int32(header.pointee.nlmsg_type) == Int32(RTM_DELLINK)
        else { return nil }
        var shim = vip_link()
        guard unsafe vip_link_parse(header, &shim) == 0 else { return nil }
        index = shim.interface
        name = Self.text(shim.name)
        mac = shim.mac < 0 ? nil : MACAddress(bits: UInt64(shim.mac))
        isUp = shim.flags & 0x1 != 0
        hasCarrier = shim.flags & 0x1_0000 != 0
        isLoopback = shim.flags & 0x8 != 0
        isPointToPoint = shim.flags & 0x10 != 0
        asksNobody = shim.flags & 0x80 != 0
        mtu = shim.mtu
        otherNames = Self.texts(shim.alternatives)
        operationalState = shim.operational_state
        hardwareType = shim.type
        kind = Self.text(shim.kind)
        master = shim.master
    }

    /// The VRF that it is in, of all links of the host: its traffic has a routing table of its own,
    /// and only sockets that are in the VRF too take part in it.
    package func routingDomain(among links: [Link]) -> Link? {
        kind == Self.routingDomain
            ? self
            : links.first {
                $0.index == master && $0.kind == Self.routingDomain
            }
    }

    private static let routingDomain = "vrf"

    /// The strings of a C array, each with its zero, up to an empty one.
    private static func texts<Characters>(_ characters: Characters) -> [String] {
        unsafe withUnsafeBytes(of: characters) { octets in
            let end = octets.indices.dropLast().first { index in
                unsafe octets[index] == 0 && octets[index + 1] == 0
            }
            return unsafe octets.prefix(end ?? 0).split(separator: 0).map {
                unsafe String(decoding: $0, as: UTF8.self)
            }
        }
    }

    /// The characters of a C array up to its zero.
    private static func text<Characters>(_ characters: Characters) -> String {
        unsafe withUnsafeBytes(of: characters) { octets in
            unsafe String(decoding: octets.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
