import CNetlink
import Glibc
import VIPPlatform

/// A netlink message in octets, written and read without the library: header, fixed part,
/// attributes.
struct NetlinkOctets: Equatable {
    var type: UInt16
    var flags: UInt16 = 0
    var number: UInt32 = 0
    var fixed: [UInt8]
    var attributes: [UInt16: [UInt8]] = [:]

    static func octets<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }

    /// An `ifaddrmsg`, on interface 7.
    static func address(
        _ family: Int32,
        prefix: UInt8,
        flags: UInt8 = 0,
        scope: UInt8 = 0
    ) -> [UInt8] {
        [UInt8(family), prefix, flags, scope, 7, 0, 0, 0]
    }

    /// Little-endian, as this machine.
    var octets: [UInt8] {
        var content = fixed
        for (kind, value) in attributes.sorted(by: { $0.key < $1.key }) {
            content += Self.octets(UInt16(value.count + 4)) + Self.octets(kind) + value
            content += Array(repeating: 0, count: (4 - value.count % 4) % 4)
        }
        return Self.octets(UInt32(content.count + 16)) + Self.octets(type) + Self.octets(flags)
            + Self.octets(number) + Self.octets(UInt32(0)) + content
    }

    /// As the agent would read it, cut to that many octets.
    func read<Result>(cutTo length: Int? = nil, _ body: (RouteMessage) -> Result?) -> Result? {
        var octets = octets
        let length = length ?? octets.count
        octets.replaceSubrange(0..<4, with: Self.octets(UInt32(length)))
        return unsafe octets.withUnsafeMutableBytes { octets in
            let header = unsafe octets.baseAddress!.assumingMemoryBound(to: nlmsghdr.self)
            guard let message = unsafe nlmsg_convert(header) else { return nil }
            defer { unsafe nlmsg_free(message) }
            unsafe nlmsg_set_proto(message, NETLINK_ROUTE)
            return unsafe body(RouteMessage(message))
        }
    }

    /// What libnl's message says; frees it.
    init(_ message: OpaquePointer, fixed count: Int) {
        let header = unsafe nlmsg_hdr(message)!
        let all = unsafe Array(
            UnsafeRawBufferPointer(start: header, count: Int(header.pointee.nlmsg_len))
        )
        unsafe nlmsg_free(message)
        func number(_ offset: Int) -> UInt16 { UInt16(all[offset]) | UInt16(all[offset + 1]) << 8 }
        (type, flags) = (number(4), number(6))
        fixed = Array(all[16..<16 + count])
        var next = 16 + count
        while next + 4 <= all.count {
            let length = Int(number(next))
            attributes[number(next + 2)] = Array(all[next + 4..<next + length])
            next += (length + 3) / 4 * 4
        }
    }

    init(
        type: UInt16,
        flags: UInt16 = 0,
        number: UInt32 = 0,
        fixed: [UInt8],
        attributes: [UInt16: [UInt8]] = [:]
    ) {
        (self.type, self.flags, self.number) = (type, flags, number)
        (self.fixed, self.attributes) = (fixed, attributes)
    }
}
