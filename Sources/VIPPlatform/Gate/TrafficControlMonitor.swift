import CNetlink
import VIPNet

/// Hears of links that come and go, and of whatever anybody does where the gate sits: the qdisc and
/// the filters at both clsact hooks. tcx programs are not told of.
package final class TrafficControlMonitor {
    package enum Event: Equatable, Sendable {
        /// A link is new, or something about it has changed.
        case link(Link)
        case linkGone(index: Int32)
        /// A qdisc or filter at a hook of that interface has come, gone, or changed.
        case hooks(interface: Int32)
        /// The kernel had more to say than we had room for: all has to be looked at.
        case overrun
    }

    private let stream: RouteStream

    package var fileDescriptor: Int32 { stream.fileDescriptor }

    /// - Parameter receiveBuffer: octets that the kernel may hold for us; beyond, it is an overrun.
    package init(receiveBuffer: Int32 = 1 << 20) throws(SystemError) {
        stream = try RouteStream(
            of: [RTNLGRP_LINK, RTNLGRP_TC],
            receiveBuffer: receiveBuffer
        )
    }

    /// What has happened since, in order. Empty when there is nothing.
    package func events() throws(SystemError) -> [Event] {
        try stream.read(orAtOverrun: .overrun, Self.event)
    }

    private static func event(_ message: RouteMessage) -> Event? {
        switch message.type {
        case RTM_NEWLINK: return Link(message).map(Event.link)
        case RTM_DELLINK: return Link(message).map { .linkGone(index: $0.index) }
        default:
            let interface = unsafe vip_clsact_interface(message.header)
            return interface > 0 ? .hooks(interface: interface) : nil
        }
    }
}
