import CNetlink
import Glibc
import VIPNet

extension Link {
    init?(message header: UnsafeMutablePointer<nlmsghdr>) {
        guard
            unsafe Int32(header.pointee.nlmsg_type) == Int32(RTM_NEWLINK)
                || Int32(header.pointee.nlmsg_type) == Int32(RTM_DELLINK)
        else { return nil }
        var shim = vip_link()
        guard unsafe vip_link_parse(header, &shim) == 0 else { return nil }
        self.init(
            index: shim.interface,
            name: Self.text(shim.name),
            otherNames: Self.texts(shim.alternatives),
            mac: shim.mac < 0 ? nil : MACAddress(bits: UInt64(shim.mac)),
            isUp: shim.flags & 0x1 != 0,
            hasCarrier: shim.flags & 0x1_0000 != 0,
            isLoopback: shim.flags & 0x8 != 0,
            isPointToPoint: shim.flags & 0x10 != 0,
            asksNobody: shim.flags & 0x80 != 0,
            mtu: shim.mtu,
            operationalState: shim.operational_state,
            hardwareType: shim.type,
            kind: Self.text(shim.kind),
            master: shim.master
        )
    }

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
