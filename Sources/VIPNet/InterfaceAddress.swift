/// An address on an interface, as the kernel has it or is to have it.
package struct InterfaceAddress: Equatable, Sendable, CustomStringConvertible {
    /// How long the kernel keeps it on its own account.
    package enum Lifetime: Equatable, Sendable {
        case forever
        /// Whole seconds from the time of the request or answer.
        case seconds(UInt32)
    }

    package struct Flags: OptionSet, Equatable, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        package static let noDuplicateAddressDetection = Flags(rawValue: 0x02)
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
    package struct Key: Hashable, Sendable {
        package let interface: Int32
        package let address: IPAddress
        package let prefixLength: UInt8
        package let peer: IPAddress?

        package init(
            interface: Int32,
            address: IPAddress,
            prefixLength: UInt8,
            peer: IPAddress? = nil
        ) {
            (self.interface, self.address) = (interface, address)
            (self.prefixLength, self.peer) = (prefixLength, peer)
        }
    }

    package var key: Key {
        Key(interface: interface, address: address, prefixLength: prefixLength, peer: peer)
    }

    package init(
        address: IPAddress,
        peer: IPAddress?,
        prefixLength: UInt8,
        interface: Int32,
        scope: UInt8,
        flags: Flags,
        owner: UInt8,
        valid: Lifetime,
        preferred: Lifetime
    ) {
        (self.address, self.peer, self.prefixLength) = (address, peer, prefixLength)
        (self.interface, self.scope, self.flags) = (interface, scope, flags)
        (self.owner, self.valid, self.preferred) = (owner, valid, preferred)
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
