import Glibc

/// An IPv4 or IPv6 address as the kernel takes it.
package struct InternetAddress: Hashable, Sendable {
    /// 4 or 16, in network order.
    let octets: [UInt8]

    package init(_ text: String) throws(LabError) {
        var octets = [UInt8](repeating: 0, count: 16)
        if unsafe inet_pton(AF_INET, text, &octets) == 1 {
            self.octets = Array(octets[0..<4])
        } else if unsafe inet_pton(AF_INET6, text, &octets) == 1 {
            self.octets = octets
        } else {
            throw LabError("read the address '\(text)'", found: "it is neither IPv4 nor IPv6")
        }
    }

    init(octets: [UInt8]) {
        precondition(octets.count == 4 || octets.count == 16, "\(octets.count) octets")
        self.octets = octets
    }

    var isIPv6: Bool { octets.count == 16 }
    var family: Int32 { isIPv6 ? AF_INET6 : AF_INET }

    var text: String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard unsafe inet_ntop(family, octets, &buffer, socklen_t(buffer.count)) != nil else {
            preconditionFailure("\(octets.count) octets fit into \(buffer.count) characters")
        }
        return String(
            decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
    }

    /// `sockaddr_in` or `sockaddr_in6`, octet by octet: they have had this form for forty years.
    func socketAddress(port: UInt16) -> [UInt8] {
        let family = UInt16(family)
        var address = [UInt8(truncatingIfNeeded: family), UInt8(truncatingIfNeeded: family >> 8)]
        address += [UInt8(port >> 8), UInt8(port & 0xff)]
        if isIPv6 {
            return address + [0, 0, 0, 0] + octets + [0, 0, 0, 0]
        }
        return address + octets + [0, 0, 0, 0, 0, 0, 0, 0]
    }

    /// From a `sockaddr` of the kernel's; nil if it is of another family.
    init?(socketAddress: UnsafePointer<sockaddr>) {
        let offset: Int
        let count: Int
        switch unsafe Int32(socketAddress.pointee.sa_family) {
        case AF_INET: (offset, count) = (4, 4)
        case AF_INET6: (offset, count) = (8, 16)
        default: return nil
        }
        let raw = unsafe UnsafeRawBufferPointer(start: socketAddress, count: offset + count)
        octets = unsafe Array(raw[offset...])
    }
}

/// An address on an interface, as the kernel reports it.
struct AssignedAddress: Hashable, Sendable {
    let interface: String
    let address: InternetAddress

    var text: String { address.text }

    /// All of the calling thread's namespace.
    static func all() throws(LabError) -> [AssignedAddress] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&list) == 0 else { throw .system("list the addresses") }
        defer { unsafe freeifaddrs(list) }
        var found: [AssignedAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe entry.pointee.ifa_addr,
                let parsed = unsafe InternetAddress(socketAddress: address)
            {
                let interface = unsafe String(cString: entry.pointee.ifa_name)
                found.append(AssignedAddress(interface: interface, address: parsed))
            }
            unsafe next = entry.pointee.ifa_next
        }
        return found
    }
}
