/// What the kernel is asked about addresses and links. It may take its time over each: as long as
/// its configuration lock is busy, and some microseconds for each address.
package enum AddressRequest: Equatable, Sendable {
    /// Takes the obstacles off, and then adds the addresses, or renews their lifetimes, in order.
    case add(Addition)
    /// Takes all of these off, also after a refusal.
    case remove([InterfaceAddress])
    /// Changes nothing: all that the kernel has of these, on whatever interface. Sorted.
    case look([IPAddress])
    /// Changes nothing: all links; and of the addresses those that an agent has put there, and all
    /// that the kernel has of these. Sorted.
    case survey([IPAddress])
    /// Changes nothing: whether the kernel would take each of these now.
    case tryOut([Trial])

    package struct Addition: Equatable, Sendable {
        package var addresses: [FloatingAddress]
        package var obstacles: [InterfaceAddress]
        /// Index of the interface.
        package var interface: Int32
        /// In seconds, at least 1.
        package var lifetime: UInt32
        /// In nanoseconds of CLOCK_BOOTTIME: none is added at this instant or later.
        package var before: Int64?

        package init(
            _ addresses: [FloatingAddress],
            obstacles: [InterfaceAddress] = [],
            on interface: Int32,
            lifetime: UInt32,
            before: Int64? = nil
        ) {
            (self.addresses, self.obstacles) = (addresses, obstacles)
            (self.interface, self.lifetime, self.before) = (interface, lifetime, before)
        }
    }

    package struct Trial: Equatable, Sendable {
        package var address: InterfaceAddress
        /// Of the interface, in octets.
        package var mtu: UInt32

        package init(_ address: InterfaceAddress, mtu: UInt32) {
            (self.address, self.mtu) = (address, mtu)
        }
    }
}
