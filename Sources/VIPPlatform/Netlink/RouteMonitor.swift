import CNetlink
import Glibc
import VIPNet

/// Hears of every change to links and addresses, whoever makes it.
package final class RouteMonitor {
    private let stream: RouteStream

    /// For the event loop.
    package var fileDescriptor: Int32 { stream.fileDescriptor }

    /// - Parameter receiveBuffer: octets that the kernel may hold for us; beyond, it is an overrun.
    package init(receiveBuffer: Int32 = 1 << 20) throws(SystemError) {
        stream = try RouteStream(
            of: [RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR],
            receiveBuffer: receiveBuffer
        )
    }

    /// Whether the last look found the end of what the kernel had told by then.
    package var isDrained: Bool { stream.isDrained }

    /// What has happened since, in order. Empty when there is nothing.
    package func events() throws(SystemError) -> [NetworkNotice] {
        try stream.read(orAtOverrun: .overrun, Self.event)
    }

    /// nil for messages of other kinds, which our groups do not have.
    private static func event(_ message: RouteMessage) -> NetworkNotice? {
        switch message.type {
        case RTM_NEWLINK: Link(message).map(NetworkNotice.link)
        case RTM_DELLINK: Link(message).map { .linkGone(index: $0.index, name: $0.name) }
        case RTM_NEWADDR: InterfaceAddress(message).map(NetworkNotice.address)
        case RTM_DELADDR: InterfaceAddress(message).map(NetworkNotice.addressGone)
        default: nil
        }
    }
}
