import CNetlink
import Glibc
import VIPNet

extension InterfaceAddress {
    init?(message header: UnsafeMutablePointer<nlmsghdr>) {
        guard
            unsafe Int32(header.pointee.nlmsg_type) == Int32(RTM_NEWADDR)
                || Int32(header.pointee.nlmsg_type) == Int32(RTM_DELADDR)
        else { return nil }
        var shim = vip_address()
        guard unsafe vip_address_parse(header, &shim) == 0, let ip = IPAddress(shim.ip) else {
            return nil
        }
        self.init(
            address: ip,
            peer: IPAddress(shim.peer),
            prefixLength: shim.prefix,
            interface: shim.interface,
            scope: shim.scope,
            flags: Flags(rawValue: shim.flags),
            owner: shim.protocol,
            valid: Lifetime(shim.valid),
            preferred: Lifetime(shim.preferred)
        )
    }

    var shim: vip_address {
        var shim = vip_address()
        shim.ip = address.shim
        shim.scope = scope
        if let peer { shim.peer = peer.shim }
        shim.interface = interface
        shim.prefix = prefixLength
        shim.protocol = owner
        shim.flags = flags.rawValue
        shim.valid = valid.shim
        shim.preferred = preferred.shim
        return shim
    }
}

extension InterfaceAddress.Lifetime {
    package init(_ seconds: UInt32) { self = seconds == .max ? .forever : .seconds(seconds) }

    var shim: UInt32 {
        switch self {
        case .forever: .max
        case .seconds(let seconds): min(seconds, .max - 1)
        }
    }
}
