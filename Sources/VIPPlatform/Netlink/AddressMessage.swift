import CNetlink
import Glibc
import VIPNet

extension InterfaceAddress {
    /// nil for other messages, and for those that have no address.
    package init?(_ message: RouteMessage) {
        guard message.type == RTM_NEWADDR || message.type == RTM_DELADDR else { return nil }
        let address = unsafe message.withObject { object in unsafe Self(object: object) }
        guard var address else { return nil }
        // libnl 3.7 does not know it.
        let owner = unsafe message.withAttribute(vip_ifa_proto, after: ifaddrmsg.self) {
            attribute in
            unsafe nla_len(attribute) == 1 ? nla_get_u8(attribute) : nil
        }
        address.owner = owner ?? 0
        self = address
    }

    private init?(object: OpaquePointer) {
        // IPv4's 0.0.0.0 is what libnl says where the message has no address of this end.
        guard let local = unsafe rtnl_addr_get_local(object),
            let address = unsafe IPAddress(local), address != .v4(0)
        else { return nil }
        self.init(
            address: address,
            peer: unsafe rtnl_addr_get_peer(object).flatMap { unsafe IPAddress($0) },
            prefixLength: UInt8(truncatingIfNeeded: unsafe rtnl_addr_get_prefixlen(object)),
            interface: unsafe rtnl_addr_get_ifindex(object),
            scope: UInt8(truncatingIfNeeded: unsafe rtnl_addr_get_scope(object)),
            flags: Flags(rawValue: unsafe rtnl_addr_get_flags(object)),
            owner: 0,
            valid: Lifetime(unsafe rtnl_addr_get_valid_lifetime(object)),
            preferred: Lifetime(unsafe rtnl_addr_get_preferred_lifetime(object))
        )
    }

    /// What is asked of the kernel about an address.
    package enum Question: Sendable {
        /// To add it, or to renew lifetimes and owner of one that is there.
        case add
        case remove
        /// To add it in a way that the kernel never grants: it is to join the multicast group of an
        /// address that is none, which it finds out last, after all other reasons to refuse.
        case tryOut
    }

    /// The request as libnl's `nl_msg`; whoever has it sends or frees it.
    ///
    /// - Throws: where libnl can't say it.
    package func request(_ question: Question) throws(SystemError) -> OpaquePointer {
        let object = unsafe rtnl_addr_alloc()
        let (local, other) = unsafe (address.libraryAddress(), peer?.libraryAddress())
        var message: OpaquePointer?
        defer {
            unsafe nl_addr_put(local)
            unsafe nl_addr_put(other)
            unsafe rtnl_addr_put(object)
        }
        unsafe rtnl_addr_set_ifindex(object, interface)
        unsafe rtnl_addr_set_scope(object, Int32(scope))
        unsafe rtnl_addr_set_local(object, local)
        // libnl 3.7 takes no other end for IPv6, which the kernel doesn't look at when it removes
        // an address. None is added with one.
        let result = unsafe rtnl_addr_set_peer(object, other)
        // Addresses bring prefixes of their own: this one comes last.
        unsafe rtnl_addr_set_prefixlen(object, Int32(prefixLength))
        if question == .remove {
            // Without the address's flags, which would be an order: with IFA_F_MANAGETEMPADDR the
            // kernel removes the temporary addresses too.
            unsafe rtnl_addr_build_delete_request(object, 0, &message)
        } else if result == 0 {
            let join = question == .tryOut ? UInt32(vip_join_flag) : 0
            unsafe rtnl_addr_set_flags(object, flags.rawValue | join)
            unsafe rtnl_addr_set_valid_lifetime(object, valid.shim)
            unsafe rtnl_addr_set_preferred_lifetime(object, preferred.shim)
            let how = question == .tryOut ? NLM_F_EXCL : NLM_F_REPLACE
            unsafe rtnl_addr_build_add_request(object, how, &message)
        }
        guard let message = unsafe message else {
            throw SystemError(call: question.call, on: description, errno: EINVAL)
        }
        // libnl 3.7 does not know it.
        if question != .remove { unsafe nla_put_u8(message, vip_ifa_proto, owner) }
        return unsafe message
    }
}

extension InterfaceAddress.Question {
    var call: String { self == .remove ? "RTM_DELADDR" : "RTM_NEWADDR" }
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
