import CNetlink
import Glibc
import Testing
import VIPAgent
import VIPConfiguration
import VIPNet
import VIPPlatform
import VIPTestSupport

/// Reads what arrives at an interface.
final class Wire {
    let descriptor: Descriptor

    private let interface: Int32

    init(on interface: Int32) {
        self.interface = interface
        let number = vip_socket(
            AF_PACKET,
            Int32(SOCK_RAW.rawValue),
            Int32(UInt16(ETH_P_ALL).bigEndian)
        )
        guard number >= 0 else { fatalError("no packet socket: errno \(-number)") }
        descriptor = Descriptor(owning: number)
        var address = sockaddr_ll()
        address.sll_family = UInt16(AF_PACKET)
        address.sll_protocol = UInt16(ETH_P_ALL).bigEndian
        address.sll_ifindex = interface
        let result = unsafe withUnsafeBytes(of: &address) { octets in
            unsafe bind(
                number,
                octets.baseAddress!.assumingMemoryBound(to: sockaddr.self),
                socklen_t(octets.count)
            )
        }
        #expect(result == 0)
    }

    /// The next frame that has arrived, whole; nil if there is none for so long.
    func next(within milliseconds: Int32) -> [UInt8]? {
        while true {
            var entry = pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&entry, 1, milliseconds) == 1 else { return nil }
            var octets = [UInt8](repeating: 0, count: 2048)
            var source = sockaddr_ll()
            var length = socklen_t(MemoryLayout<sockaddr_ll>.size)
            let count = unsafe withUnsafeMutableBytes(of: &source) { raw in
                unsafe recvfrom(
                    descriptor.number,
                    &octets,
                    octets.count,
                    0,
                    raw.baseAddress!.assumingMemoryBound(to: sockaddr.self),
                    &length
                )
            }
            // What leaves is seen, too.
            guard source.sll_pkttype != UInt8(PACKET_OUTGOING) else { continue }
            octets.removeLast(octets.count - max(count, 0))
            return octets
        }
    }

    /// Sends a whole frame.
    func send(_ frame: [UInt8]) {
        #expect(unsafe vip_packet_send(descriptor.number, interface, frame, frame.count) == 0)
    }

    /// The payload of the next frame of that type which comes from the address; others are the
    /// kernel's own business.
    func next(_ type: EthernetHeader.EtherType, from source: IPAddress) throws -> [UInt8]? {
        while waitReadable(descriptor.number) {
            var octets = [UInt8](repeating: 0, count: 2048)
            let count = unsafe recv(descriptor.number, &octets, octets.count, 0)
            octets.removeLast(octets.count - max(count, 0))
            guard try EthernetHeader(parsing: octets.span).type == type else { continue }
            let payload = Array(octets.dropFirst(14))
            switch source {
            case .v4(let bits):
                if try ARPPacket(parsing: payload.span).senderIP.bits == bits { return payload }
            case .v6(let high, _):
                let bytes = (0..<8).map { UInt8(truncatingIfNeeded: high >> (56 - 8 * $0)) }
                if Array(payload[8..<16]) == bytes { return payload }
            }
        }
        return nil
    }
}
