import CNetlink
import Glibc
import Testing
import VIPTestSupport

/// A namespace where nothing leaves the veth pair but what the test sends.
func inNetworkNamespace(_ body: @escaping () throws -> Void) throws {
    try inNetworkNamespace(
        settings: ["disable_ipv6=1"],
        link: "arp off mtu 9000 up",
        body
    )
}

/// A packet socket of the thread's namespace that only sends.
final class PacketSender {
    private let socket: Int32

    init() throws {
        socket = vip_packet_socket()
        guard socket >= 0 else { throw Gate.Failure(call: "socket", code: socket) }
    }

    deinit { Glibc.close(socket) }

    /// 0, or a negative errno: -ENOBUFS for a frame that a filter has dropped.
    func send(_ frame: [UInt8], on interface: Int32) -> Int32 {
        unsafe vip_packet_send(socket, interface, frame, frame.count)
    }
}

/// Its number in the thread's namespace.
func interface(_ name: String) throws -> Int32 {
    let index = unsafe Int32(if_nametoindex(name))
    try #require(index > 0, "no interface \(name)")
    return index
}
