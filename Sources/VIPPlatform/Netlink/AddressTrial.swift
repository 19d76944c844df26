import Glibc
import VIPNet

/// What the kernel's answer to a trial means: whether it would take an address now, and what there
/// is to do if not.
///
/// A trial (`RouteSocket.tryOut`) is a question that the kernel refuses in any case. The refusal
/// that comes last of all says that nothing else stands in the way. Why a trial, and not a look at
/// `disable_ipv6` and the like: nobody can list what a kernel may have against an address, and a
/// takeover has to know before it is one. Why not an address of our own for a second: everybody
/// who watches addresses would hear of it, on every node, again and again.
package enum AddressTrial {
    /// IPv6 takes no interface with smaller packets (RFC 8200, section 5).
    static let leastIPv6MTU: UInt32 = 1280

    /// The kernel's words for its last refusal, from Linux 6.6 on. Older ones say nothing.
    private static let lastRefusal = "Multicast auto join failed"

    /// Whether this answer to a trial is the last refusal, or that the kernel has the address.
    ///
    /// - Parameter mtu: of the interface; 0 where that is not known.
    static func isWilling(_ error: SystemError, to family: Family, mtu: UInt32) -> Bool {
        switch (error.errno, error.detail ?? "") {
        case (EEXIST, _): true
        case (_, let detail) where detail.contains(lastRefusal): true
        case (EINVAL, ""): family == .v4 || mtu == 0 || mtu >= leastIPv6MTU
        default: false
        }
    }

    package enum Family {
        case v4, v6

        package init(_ address: IPAddress) {
            switch address {
            case .v4: self = .v4
            case .v6: self = .v6
            }
        }
    }

    /// The same error with the interface's name, and with what there is to do about it.
    package static func advising(
        _ error: SystemError,
        about address: InterfaceAddress,
        on link: Link
    ) -> SystemError {
        var error = error
        error.subject = "\(address.text) on \(link.name)"
        error.advice = advice(error.errno, Family(address.address), link) ?? error.advice
        return error
    }

    private static func advice(_ errno: Int32, _ family: Family, _ link: Link) -> String? {
        switch (errno, family) {
        case (EACCES, .v6):
            "IPv6 is switched off on \(link.name): sysctl -w "
                + "net.ipv6.conf.\(link.name).disable_ipv6=0, and look for who switches it off; or "
                + "give IPv6 addresses a group of their own"
        case (EINVAL, .v6) where link.mtu < leastIPv6MTU:
            "\(link.name) has an MTU of \(link.mtu), and IPv6 needs \(leastIPv6MTU)"
        case (EOPNOTSUPP, .v6), (EAFNOSUPPORT, .v6):
            "this kernel runs without IPv6: look for ipv6.disable=1 in /proc/cmdline; or give IPv6 "
                + "addresses a group of their own"
        case (ENOBUFS, _), (ENOMEM, _):
            "the kernel has no memory for it, or \(link.name) has an MTU (\(link.mtu)) that is too "
                + "small for any address"
        case (EADDRINUSE, _):
            "another interface on the same device has the address (ipvlan allows one)"
        case (EEXIST, _):
            "the address is there in another shape: 'ip address show' lists it; remove it"
        default:
            nil
        }
    }
}
