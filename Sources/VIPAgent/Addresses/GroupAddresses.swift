import VIPConfiguration
import VIPNet
import VIPPlatform

/// A group's floating addresses, and where the kernel has them. Made for thousands: what comes with
/// each notification takes the same time for any number.
package struct GroupAddresses {
    let floating: [FloatingAddress]
    /// The first of each family.
    let samples: [FloatingAddress]
    private let wanted: Set<IPAddress>
    private var places: [InterfaceAddress.Place: InterfaceAddress] = [:]

    init(_ floating: [FloatingAddress]) {
        self.floating = floating
        wanted = Set(floating.map(\.address))
        samples = [AddressTrial.Family.v4, .v6].compactMap { family in
            floating.first { AddressTrial.Family($0.address) == family }
        }
    }

    /// Whether it is one of the group's: on any interface, loopback too, with any prefix. Linux
    /// answers ARP for whatever address it has anywhere.
    func contains(_ address: InterfaceAddress) -> Bool { wanted.contains(address.address) }

    /// The kernel has none of them anywhere.
    package var areAbsent: Bool { places.isEmpty }

    /// All that the kernel has, in no order.
    package var present: [InterfaceAddress] { Array(places.values) }

    /// As the kernel has it on that interface.
    func found(_ floating: FloatingAddress, on interface: Int32) -> InterfaceAddress? {
        places[floating.place(on: interface)]
    }

    /// Whether the kernel has it, in just this shape, as far as it has told.
    func has(_ address: InterfaceAddress) -> Bool { places[address.place] != nil }

    /// What is in the way of an address on that interface. Of IPv6 the kernel has an address once
    /// on each: one with another prefix length would be kept as it is.
    func obstacles(on interface: Int32) -> [InterfaceAddress] {
        places.values.filter { found in
            guard found.interface == interface, case .v6 = found.address else { return false }
            return !floating.contains { $0.place(on: interface) == found.place }
        }
    }

    /// After a look: these were doubtful, and all those were found.
    mutating func correct(_ doubtful: [InterfaceAddress], by found: [InterfaceAddress]) {
        for address in doubtful { forget(address) }
        for address in found where contains(address) { note(address) }
    }

    /// Whether that interface has all of them.
    func areComplete(on interface: Int32) -> Bool {
        floating.allSatisfy { places[$0.place(on: interface)] != nil }
    }

    mutating func note(_ address: InterfaceAddress) { places[address.place] = address }

    mutating func forget(_ address: InterfaceAddress) { places[address.place] = nil }

    mutating func forgetAll(on interface: Int32) {
        places = places.filter { $0.key.interface != interface }
    }

    mutating func replaceAll(by found: [InterfaceAddress]) {
        places.removeAll()
        for address in found where contains(address) { note(address) }
    }
}

extension FloatingAddress {
    /// Where the kernel has it if an agent has put it there.
    fileprivate func place(on interface: Int32) -> InterfaceAddress.Place {
        InterfaceAddress.Place(
            interface: interface,
            address: address,
            prefixLength: UInt8(prefixLength),
            peer: nil
        )
    }
}
