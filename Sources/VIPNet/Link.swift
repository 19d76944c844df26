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

    package init(
        index: Int32,
        name: String,
        otherNames: [String],
        mac: MACAddress?,
        isUp: Bool,
        hasCarrier: Bool,
        isLoopback: Bool,
        isPointToPoint: Bool,
        asksNobody: Bool,
        mtu: UInt32,
        operationalState: UInt8,
        hardwareType: UInt16,
        kind: String,
        master: Int32
    ) {
        (self.index, self.name, self.otherNames, self.mac) = (index, name, otherNames, mac)
        (self.isUp, self.hasCarrier, self.isLoopback) = (isUp, hasCarrier, isLoopback)
        (self.isPointToPoint, self.asksNobody, self.mtu) = (isPointToPoint, asksNobody, mtu)
        (self.operationalState, self.hardwareType) = (operationalState, hardwareType)
        (self.kind, self.master) = (kind, master)
    }

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
}
