import CNetlink
import Glibc
import VIPNet

/// Tells the neighbours where an address is: gratuitous ARP and unsolicited Neighbor Advertisements
/// on AF_PACKET. One socket serves every interface. It also hears, where it is told to, the ARP
/// packets of others, see `ClaimWatch`: each packet socket costs a process that ends 10 ms and
/// more.
///
/// PACKET_QDISC_BYPASS stays off: it would lead these frames round the gate.
package final class Announcer: Sendable {
    /// What became of one announcement. A frame that was not sent does not count as one of its
    /// burst; ENOBUFS is what the gate's refusal looks like from here.
    package enum Outcome: Equatable, Sendable {
        case sent(from: MACAddress)
        case failed(SystemError)
    }

    private let descriptor: Descriptor

    /// As it is handed over. To close a packet socket the kernel waits for all of its processors,
    /// 10 ms and more, and an execve would wait for that.
    package static let name = "announcer"

    var fileDescriptor: Int32 { descriptor.number }

    package init() throws(SystemError) {
        let number = try SystemCall.check("socket", on: "AF_PACKET") { vip_packet_socket() }
        descriptor = Descriptor(owning: number)
    }

    /// Takes over the socket that the process had before execve.
    package init(inheriting number: Int32) throws(SystemError) {
        descriptor = Descriptor(owning: number)
        try descriptor.setCloseOnExec(true)
    }

    /// Frames that one announcement takes at most: IPv4 takes two, both forms that Linux believes
    /// at once.
    static let mostFrames = 2

    static func frameCount(_ address: IPAddress) -> Int { address.isIPv6 ? 1 : mostFrames }

    /// Announces the address once, by all its frames; all have to be sent.
    ///
    /// - Parameter interface: its index.
    package func announce(_ address: IPAddress, on interface: Int32) -> Outcome {
        var mac: MACAddress?
        for form in 0..<Self.frameCount(address) {
            if let failure = send(address, form, from: &mac, on: interface) {
                return .failed(failure)
            }
        }
        return mac.map { .sent(from: $0) }
            ?? .failed(
                SystemError(call: "sendto", on: "\(address)", errno: ENODEV)
            )
    }

    /// Sends one frame of an announcement; what the kernel said if it did not leave.
    ///
    /// - Parameters:
    ///   - form: which of the address's frames, from 0 on.
    ///   - mac: the interface's; nil: it is read now, since a bond may have changed it.
    func send(
        _ address: IPAddress,
        _ form: Int,
        from mac: inout MACAddress?,
        on interface: Int32
    ) -> SystemError? {
        do throws(SystemError) {
            let source: MACAddress
            if let mac { source = mac } else { source = try hardwareAddress(of: interface) }
            mac = source
            try send(Self.frame(announcing: address, form, at: source), on: interface)
            return nil
        } catch {
            return error
        }
    }

    /// The interface's MAC address as it is now.
    package func hardwareAddress(of interface: Int32) throws(SystemError) -> MACAddress {
        let bits = try SystemCall.check("SIOCGIFHWADDR", on: "interface \(interface)") {
            vip_interface_mac(descriptor.number, interface)
        }
        return MACAddress(bits: UInt64(bits))
    }

    /// A whole Ethernet frame.
    ///
    /// - Parameter form: of IPv4: 0 is the ARP request, 1 the reply.
    static func frame(announcing address: IPAddress, _ form: Int, at mac: MACAddress) -> [UInt8] {
        switch address {
        case .v4(let bits):
            let packet = ARPPacket(
                announcing: IPv4Address(bits: bits),
                at: mac,
                by: form == 0 ? .request : .reply
            )
            return EthernetHeader(destination: .broadcast, source: mac, type: .arp).serialized()
                + packet.serialized()
        case .v6(let high, let low):
            let packet = NeighborAdvertisement(
                announcing: IPv6Address(high: high, low: low),
                at: mac
            )
            let header = EthernetHeader(
                destination: NeighborAdvertisement.allNodesMAC,
                source: mac,
                type: .ipv6
            )
            return header.serialized() + packet.serialized()
        }
    }

    /// All frames of an announcement, in the order of sending.
    package static func frames(announcing address: IPAddress, at mac: MACAddress) -> [[UInt8]] {
        (0..<frameCount(address)).map { frame(announcing: address, $0, at: mac) }
    }

    // MARK: - Others

    /// Octets that the kernel may hold of what others say: some hundred frames.
    static let receiveBuffer: Int32 = 1 << 18

    /// Hears ARP on every interface from now on, as far as the filter lets it through.
    func listen(through filter: ClaimFilter) throws(SystemError) {
        _ = vip_set_option(descriptor.number, SOL_SOCKET, SO_RCVBUF, Self.receiveBuffer)
        // The filter first: otherwise what it would not let through may come before it.
        try filter.attach(to: descriptor.number)
        try SystemCall.check("bind", on: "AF_PACKET") {
            vip_packet_listen(descriptor.number, EthernetHeader.EtherType.arp.code)
        }
    }

    /// The next frame that was heard: its octets, and where it came in; nil when there is none.
    func receive(into octets: inout [UInt8]) -> (count: Int, source: vip_packet_source)? {
        var source = vip_packet_source()
        let count = SystemCall.repeating {
            unsafe vip_packet_receive(descriptor.number, &octets, octets.count, &source)
        }
        return count < 0 ? nil : (min(count, octets.count), source)
    }

    private func send(_ frame: [UInt8], on interface: Int32) throws(SystemError) {
        precondition(frame.count >= EthernetHeader.length, "a frame begins with its header")
        let result = SystemCall.repeating {
            unsafe vip_packet_send(descriptor.number, interface, frame, frame.count)
        }
        if result < 0 {
            let subject = "announcement on interface \(interface)"
            throw SystemError(call: "sendto", on: subject, errno: -result)
        }
    }
}
