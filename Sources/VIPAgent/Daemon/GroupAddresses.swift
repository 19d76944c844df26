import VIPConfiguration

/// A group's floating addresses, and where the kernel has them. Made for thousands: what comes with
/// each notification takes the same time for any number.
struct GroupAddresses {
    let floating: [FloatingAddress]
    private let wanted: Set<IPAddress>
    private var places: [Place: InterfaceAddress] = [:]

    /// The kernel tells addresses apart by these.
    private struct Place: Hashable {
        let interface: Int32
        let address: IPAddress
        let prefixLength: UInt8

        init(_ address: InterfaceAddress) {
            interface = address.interface
            self.address = address.address
            prefixLength = address.prefixLength
        }

        init(_ floating: FloatingAddress, on interface: Int32) {
            self.interface = interface
            address = floating.address
            prefixLength = UInt8(floating.prefixLength)
        }
    }

    init(_ floating: [FloatingAddress]) {
        self.floating = floating
        wanted = Set(floating.map(\.address))
    }

    /// Whether it is one of the group's: on any interface, loopback too, with any prefix. Linux
    /// answers ARP for whatever address it has anywhere.
    func contains(_ address: InterfaceAddress) -> Bool { wanted.contains(address.address) }

    /// The kernel has none of them anywhere.
    var areAbsent: Bool { places.isEmpty }

    /// All that the kernel has, in no order.
    var present: [InterfaceAddress] { Array(places.values) }

    /// As the kernel has it on that interface.
    func found(_ floating: FloatingAddress, on interface: Int32) -> InterfaceAddress? {
        places[Place(floating, on: interface)]
    }

    /// Whether that interface has all of them.
    func areComplete(on interface: Int32) -> Bool {
        floating.allSatisfy { places[Place($0, on: interface)] != nil }
    }

    mutating func note(_ address: InterfaceAddress) { places[Place(address)] = address }

    mutating func forget(_ address: InterfaceAddress) { places[Place(address)] = nil }

    mutating func forgetAll(on interface: Int32) {
        places = places.filter { $0.key.interface != interface }
    }

    mutating func replaceAll(by found: [InterfaceAddress]) {
        places.removeAll()
        for address in found where contains(address) { note(address) }
    }
}
