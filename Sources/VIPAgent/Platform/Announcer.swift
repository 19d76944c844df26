import CNetlink
import Glibc
import VIPConfiguration

/// Tells the neighbours where an address is: gratuitous ARP and unsolicited Neighbor Advertisements
/// on AF_PACKET. One socket serves every interface, and receives nothing.
///
/// PACKET_QDISC_BYPASS stays off: it would lead these frames round the gate.
package final class Announcer {
    /// What became of one announcement. A frame that was not sent does not count as one of its
    /// burst; ENOBUFS is what the gate's refusal looks like from here.
    package enum Outcome: Equatable, Sendable {
        case sent(from: MACAddress)
        case failed(SystemError)
    }

    private let descriptor: Descriptor

    /// As it is handed over. To close a packet socket the kernel waits for all of its processors,
    /// 10 ms and more, and an execve would wait for that.
    static let name = "announcer"

    var fileDescriptor: Int32 { descriptor.number }

    package init() throws(SystemError) {
        let number = try SystemCall.check("socket", on: "AF_PACKET") { vip_packet_socket() }
        descriptor = Descriptor(owning: number)
    }

    /// Takes over the socket that the process had before execve.
    init(inheriting number: Int32) throws(SystemError) {
        descriptor = Descriptor(owning: number)
        try descriptor.setCloseOnExec(true)
    }

    /// Announces the address once. IPv4 takes two frames, both forms that Linux believes at once;
    /// both have to be sent. The MAC address is read now, since a bond may have changed it.
    ///
    /// - Parameter interface: its index.
    package func announce(_ address: IPAddress, on interface: Int32) -> Outcome {
        do {
            let mac = try hardwareAddress(of: interface)
            for frame in Self.frames(announcing: address, at: mac) {
                try send(frame, on: interface)
            }
            return .sent(from: mac)
        } catch {
            return .failed(error)
        }
    }

    /// The interface's MAC address as it is now.
    package func hardwareAddress(of interface: Int32) throws(SystemError) -> MACAddress {
        let bits = try SystemCall.check("SIOCGIFHWADDR", on: "interface \(interface)") {
            vip_interface_mac(descriptor.number, interface)
        }
        return MACAddress(bits: UInt64(bits))
    }

    /// Whole Ethernet frames, in the order of sending.
    package static func frames(announcing address: IPAddress, at mac: MACAddress) -> [[UInt8]] {
        switch address {
        case .v4(let bits):
            let address = IPv4Address(bits: bits)
            let header = EthernetHeader(destination: .broadcast, source: mac, type: .arp)
            return [ARPPacket.Operation.request, .reply].map { operation in
                header.serialized()
                    + ARPPacket(announcing: address, at: mac, by: operation).serialized()
            }
        case .v6(let high, let low):
            let address = IPv6Address(high: high, low: low)
            let header = EthernetHeader(
                destination: NeighborAdvertisement.allNodesMAC,
                source: mac,
                type: .ipv6
            )
            return [
                header.serialized()
                    + NeighborAdvertisement(announcing: address, at: mac).serialized()
            ]
        }
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
