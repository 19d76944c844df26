/// An address that one node at a time answers for.
public struct FloatingAddress: Hashable, Sendable, CustomStringConvertible {
    public let address: IPAddress
    /// 32 for IPv4 and 128 for IPv6, unless the file says otherwise.
    public let prefixLength: Int

    public init(address: IPAddress, prefixLength: Int) {
        (self.address, self.prefixLength) = (address, prefixLength)
    }

    public var description: String { "\(address)/\(prefixLength)" }
}

extension FloatingAddress {
    /// Where the kernel has it if an agent has put it on that interface.
    package func key(on interface: Int32) -> InterfaceAddress.Key {
        InterfaceAddress.Key(
            interface: interface,
            address: address,
            prefixLength: UInt8(prefixLength)
        )
    }
}

extension InterfaceAddress {
    /// - Parameter seconds: at least 1.
    package init(_ floating: FloatingAddress, on interface: Int32, lifetime seconds: UInt32) {
        self.init(
            floating: floating.address,
            prefixLength: UInt8(floating.prefixLength),
            on: interface,
            lifetime: seconds
        )
    }
}
