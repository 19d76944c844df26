import CNetlink
import Glibc
import VIPNet

extension Link {
    /// nil for other messages, and for those that are not about a link as such.
    package init?(_ message: RouteMessage) {
        guard message.type == RTM_NEWLINK || message.type == RTM_DELLINK,
            unsafe nlmsg_valid_hdr(message.header, Int32(MemoryLayout<ifinfomsg>.size)) != 0
        else { return nil }
        // A bridge tells the same group about its ports, with its own family: an RTM_DELLINK of
        // that kind is a port that was taken out, not a link that is gone. libnl does not say so:
        // to it every bridge is of that family.
        let body = unsafe nlmsg_data(message.header).assumingMemoryBound(to: ifinfomsg.self)
        guard unsafe Int32(body.pointee.ifi_family) == AF_UNSPEC else { return nil }
        // An event of a wireless driver has the name and nothing else of the link.
        let wireless = Int32(IFLA_WIRELESS)
        guard unsafe message.withAttribute(wireless, after: ifinfomsg.self, { _ in true }) == nil
        else { return nil }
        guard var link = unsafe message.withObject({ object in unsafe Self(object: object) })
        else { return nil }
        link.otherNames = Self.otherNames(message)
        self = link
    }

    private init?(object: OpaquePointer) {
        guard let name = unsafe rtnl_link_get_name(object) else { return nil }
        let flags = unsafe rtnl_link_get_flags(object)
        self.init(
            index: unsafe rtnl_link_get_ifindex(object),
            name: unsafe String(cString: name),
            otherNames: [],
            mac: unsafe rtnl_link_get_addr(object).flatMap { unsafe MACAddress($0) },
            isUp: flags & 0x1 != 0,
            hasCarrier: flags & 0x1_0000 != 0,
            isLoopback: flags & 0x8 != 0,
            isPointToPoint: flags & 0x10 != 0,
            asksNobody: flags & 0x80 != 0,
            mtu: unsafe rtnl_link_get_mtu(object),
            operationalState: unsafe rtnl_link_get_operstate(object),
            hardwareType: UInt16(truncatingIfNeeded: unsafe rtnl_link_get_arptype(object)),
            kind: unsafe rtnl_link_get_type(object).map { unsafe String(cString: $0) } ?? "",
            master: unsafe rtnl_link_get_master(object)
        )
    }

    /// libnl 3.7 does not know them.
    private static func otherNames(_ message: RouteMessage) -> [String] {
        var names: [String] = []
        unsafe message.withAttribute(vip_ifla_prop_list, after: ifinfomsg.self) { list -> Void? in
            var left = unsafe nla_len(list)
            var next = unsafe nla_data(list).assumingMemoryBound(to: nlattr.self)
            while unsafe nla_ok(next, left) != 0 {
                if unsafe nla_type(next) == vip_ifla_alt_ifname {
                    let octets = unsafe UnsafeRawBufferPointer(
                        start: nla_data(next),
                        count: Int(nla_len(next))
                    )
                    unsafe names.append(String(decoding: octets.prefix { $0 != 0 }, as: UTF8.self))
                }
                unsafe next = nla_next(next, &left)
            }
            return nil
        }
        return names
    }
}

extension MACAddress {
    /// Of libnl's `nl_addr`; nil where it isn't as long as Ethernet's.
    fileprivate init?(_ address: OpaquePointer) {
        let octets = unsafe UnsafeRawBufferPointer(
            start: nl_addr_get_binary_addr(address),
            count: Int(nl_addr_get_len(address))
        )
        guard octets.count == 6 else { return nil }
        self.init(bits: unsafe octets.reduce(0) { $0 << 8 | UInt64($1) })
    }
}
