import CNetlink
import Glibc
import VIPConfiguration

/// An address on an interface, as the kernel has it or is to have it.
package struct InterfaceAddress: Equatable, Sendable, CustomStringConvertible {
    /// How long the kernel keeps it on its own account.
    package enum Lifetime: Equatable, Sendable {
        case forever
        /// Whole seconds from the time of the request or answer.
        case seconds(UInt32)

        init(_ seconds: UInt32) { self = seconds == .max ? .forever : .seconds(seconds) }

        var shim: UInt32 {
            switch self {
            case .forever: .max
            case .seconds(let seconds): min(seconds, .max - 1)
            }
        }
    }

    package struct Flags: OptionSet, Equatable, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        package static let noDuplicateAddressDetection = Flags(rawValue: 0x02)
        package static let duplicateDetected = Flags(rawValue: 0x08)
        package static let deprecated = Flags(rawValue: 0x20)
        package static let tentative = Flags(rawValue: 0x40)
        package static let permanent = Flags(rawValue: 0x80)
        package static let noPrefixRoute = Flags(rawValue: 0x200)
    }

    /// What this agent writes into IFA_PROTO, so that it knows its own addresses again: 'V'. The
    /// kernel uses 1 to 3.
    package static let ownProtocol: UInt8 = 0x56

    /// How far an address is good for. Of a route that leads beyond a scope, the kernel does not
    /// take an address within it for its source.
    package enum Scope {
        package static let universe: UInt8 = 0
        package static let host: UInt8 = 254
    }

    package var address: IPAddress
    /// The other end's, where the link has one.
    package var peer: IPAddress?
    package var prefixLength: UInt8
    /// Index of the interface.
    package var interface: Int32
    package var scope: UInt8
    package var flags: Flags
    /// Who put it there (IFA_PROTO); 0 where nobody says.
    package var owner: UInt8
    package var valid: Lifetime
    package var preferred: Lifetime

    package var isOurs: Bool { owner == Self.ownProtocol }

    /// The kernel tells addresses apart by these.
    package struct Place: Hashable, Sendable {
        let interface: Int32
        let address: IPAddress
        let prefixLength: UInt8
        let peer: IPAddress?
    }

    package var place: Place {
        Place(interface: interface, address: address, prefixLength: prefixLength, peer: peer)
    }

    /// A floating address, as this agent installs it: it ends by itself when not renewed.
    ///
    /// IPv4 has the scope of this host, so that the host doesn't choose it as a source: not for a
    /// default route, nor for a neighbour. (With the scope of the link it would be the *first*
    /// choice for a route to a neighbour, since the kernel sorts by scope.) It is answered for like
    /// any other.
    ///
    /// IPv6 takes no part in duplicate address detection, since the lease says that nobody else
    /// has it; is never preferred, so that the host doesn't choose it as a source; and makes no
    /// route for its prefix, which the host's own address has made already, and which the kernel
    /// would keep for a while after an address that has a lifetime is taken off.
    ///
    /// - Parameter seconds: at least 1.
    package init(
        floating address: IPAddress,
        prefixLength: UInt8,
        on interface: Int32,
        lifetime seconds: UInt32
    ) {
        precondition(seconds > 0, "the kernel refuses a lifetime of zero")
        self.address = address
        self.prefixLength = prefixLength
        self.interface = interface
        owner = Self.ownProtocol
        valid = .seconds(seconds)
        switch address {
        case .v4:
            scope = Scope.host
            flags = []
            preferred = .seconds(seconds)
        case .v6:
            // The kernel works it out by itself.
            scope = Scope.universe
            flags = [.noDuplicateAddressDetection, .noPrefixRoute]
            preferred = .seconds(0)
        }
    }

    package var description: String { "\(text) on interface \(interface)" }

    /// As `ip address` writes it.
    package var text: String {
        (peer.map { "\(address) peer \($0)" } ?? "\(address)") + "/\(prefixLength)"
    }
}

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
        address = ip
        peer = IPAddress(shim.peer)
        scope = shim.scope
        prefixLength = shim.prefix
        interface = shim.interface
        flags = Flags(rawValue: shim.flags)
        owner = shim.protocol
        valid = Lifetime(shim.valid)
        preferred = Lifetime(shim.preferred)
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
