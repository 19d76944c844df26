import CGate
import Glibc
import VIPNet

/// The addresses that a gate knows: to which slot each belongs.
extension Gate {
    /// Has the address belong to that slot, and to no other.
    package func put(_ address: IPAddress, in slot: UInt32) throws(SystemError) {
        let octets = address.octets
        var gate = shim
        try SystemCall.check("put into the gate", on: "\(address)") {
            unsafe cgate_put_address(&gate, address.family, octets, slot)
        }
    }

    /// Has all these addresses belong to their slots, by two calls at most: so the lease plane can.
    ///
    /// - Throws: the first that was refused; the others are in.
    package func put(_ assignments: [GateGuard.Assignment]) throws(SystemError) {
        var ipv4: [UInt32] = []
        var ipv6: [UInt64] = []
        var (slots4, slots6): ([UInt32], [UInt32]) = ([], [])
        for assignment in assignments {
            for address in assignment.addresses {
                switch address {
                case .v4(let bits):
                    ipv4.append(bits.bigEndian)
                    slots4.append(assignment.slot)
                case .v6(let high, let low):
                    ipv6 += [high.bigEndian, low.bigEndian]
                    slots6.append(assignment.slot)
                }
            }
        }
        var gate = shim
        var refusal: SystemError?
        do throws(SystemError) {
            try SystemCall.check("put into the gate", on: "\(slots4.count) addresses") {
                unsafe cgate_put_addresses(&gate, AF_INET, ipv4, slots4, UInt32(slots4.count))
            }
        } catch {
            refusal = error
        }
        try SystemCall.check("put into the gate", on: "\(slots6.count) addresses") {
            unsafe cgate_put_addresses(&gate, AF_INET6, ipv6, slots6, UInt32(slots6.count))
        }
        if let refusal { throw refusal }
    }

    /// Forgets the address; one that it does not have is fine.
    package func remove(_ address: IPAddress) throws(SystemError) {
        let octets = address.octets
        var gate = shim
        do {
            try SystemCall.check("take out of the gate", on: "\(address)") {
                unsafe cgate_take_address(&gate, address.family, octets)
            }
        } catch  where error.errno == ENOENT {}
    }

    /// All that it knows, in no order.
    package func addresses() throws(SystemError) -> [(address: IPAddress, slot: UInt32)] {
        var found = Found()
        var gate = shim
        try SystemCall.check("read the addresses of", on: "the gate") {
            unsafe withUnsafeMutablePointer(to: &found) { found in
                unsafe cgate_visit_addresses(&gate, Self.visit, UnsafeMutableRawPointer(found))
            }
        }
        return found.list
    }

    private struct Found {
        var list: [(address: IPAddress, slot: UInt32)] = []
    }

    private static let visit: cgate_address_visitor = { family, octets, slot, context in
        guard let octets = unsafe octets, let context = unsafe context else { return 0 }
        let bytes = unsafe UnsafeRawBufferPointer(start: octets, count: family == AF_INET ? 4 : 16)
        if let address = unsafe IPAddress(octets: Array(bytes)) {
            unsafe context.assumingMemoryBound(to: Found.self).pointee.list.append((address, slot))
        }
        return 0
    }
}

extension IPAddress {
    fileprivate var family: Int32 {
        switch self {
        case .v4: AF_INET
        case .v6: AF_INET6
        }
    }
}
