import CNetlink
import Glibc
import VIPNet

/// Where claims of one family are heard, on every interface of this host.
protocol ClaimSource: Sendable {
    /// Readable while there is something.
    var fileDescriptor: Int32 { get }

    /// The next claim; `.some(nil)` for what is none, nil when there is nothing.
    func next() -> HeardClaim??
}

struct HeardClaim: Equatable {
    var claim: AddressClaim
    /// The index of the interface.
    var interface: Int32
}

/// ARP, by the announcer's own socket.
final class ARPClaims: ClaimSource {
    private let announcer: Announcer

    var fileDescriptor: Int32 { announcer.fileDescriptor }

    init(_ announcer: Announcer, _ filter: ClaimFilter) throws(SystemError) {
        self.announcer = announcer
        try announcer.listen(through: filter)
    }

    func next() -> HeardClaim?? {
        var octets = [UInt8](repeating: 0, count: 128)
        guard let (count, source) = announcer.receive(into: &octets) else { return nil }
        // Links without Ethernet addresses have none to claim with.
        guard source.mac >= 0, count >= EthernetHeader.length else { return .some(nil) }
        let packet = octets.span.extracting(EthernetHeader.length..<count)
        guard let claim = try? AddressClaim(arp: packet) else { return .some(nil) }
        return HeardClaim(claim: claim, interface: source.interface)
    }
}

/// Neighbor Discovery, by a raw ICMPv6 socket: a packet socket would see every IPv6 frame, and cost
/// a process that ends 10 ms and more. The kernel has looked at hop limit and checksum.
final class NeighborClaims: ClaimSource {
    private let descriptor: Descriptor

    var fileDescriptor: Int32 { descriptor.number }

    init(_ filter: ClaimFilter) throws(SystemError) {
        let number = try SystemCall.check("socket", on: "ICMPv6") { vip_neighbor_socket() }
        descriptor = Descriptor(owning: number)
        _ = vip_set_option(number, SOL_SOCKET, SO_RCVBUF, Announcer.receiveBuffer)
        try filter.attach(to: number)
    }

    func next() -> HeardClaim?? {
        var octets = [UInt8](repeating: 0, count: 512)
        var source = vip_endpoint()
        var local = vip_ip()
        var interface: UInt32 = 0
        let number = descriptor.number
        let count = SystemCall.repeating {
            unsafe vip_datagram_receive(
                number,
                &octets,
                octets.count,
                &source,
                &local,
                &interface
            )
        }
        guard count >= 0 else { return nil }
        let message = octets.span.extracting(0..<min(count, octets.count))
        let address = IPv6Address(high: source.ip.high, low: source.ip.low)
        guard let claim = try? AddressClaim(neighborDiscovery: message, from: address)
        else { return .some(nil) }
        return HeardClaim(claim: claim, interface: Int32(bitPattern: interface))
    }
}
