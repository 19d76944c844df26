import CNetlink
import Glibc

/// Hears of every change to links and addresses, whoever makes it.
@safe
package final class RouteMonitor {
    package enum Event: Equatable, Sendable {
        /// A link is new, or something about it has changed.
        case link(Link)
        case linkGone(index: Int32, name: String)
        /// An address is new, or its lifetime or its flags have changed.
        case address(InterfaceAddress)
        case addressGone(InterfaceAddress)
        /// The kernel had more to say than we had room for: what we know is no longer true. The
        /// caller asks for everything again.
        case overrun
    }

    /// Reads per call, so that a storm of changes leaves time for the lease. Level-triggered
    /// polling brings the rest.
    package static let mostReads = 16

    private static let capacity = 1 << 16

    private let socket: OpaquePointer
    private let storage: UnsafeMutableRawBufferPointer

    /// For the event loop.
    package var fileDescriptor: Int32 { unsafe vip_route_fd(socket) }

    /// - Parameter receiveBuffer: octets that the kernel may hold for us; beyond, it is an overrun.
    package init(receiveBuffer: Int32 = 1 << 20) throws(SystemError) {
        var failure: Int32 = 0
        guard let socket = unsafe vip_route_open(receiveBuffer, &failure) else {
            throw SystemError(call: "socket", on: "rtnetlink", errno: -failure)
        }
        let result = unsafe vip_route_subscribe(socket)
        guard result == 0 else {
            unsafe nl_socket_free(socket)
            throw SystemError(call: "subscribe to", on: "rtnetlink", errno: -result)
        }
        unsafe self.socket = unsafe socket
        unsafe storage = .allocate(byteCount: Self.capacity, alignment: 16)
    }

    deinit {
        unsafe nl_socket_free(socket)
        unsafe storage.deallocate()
    }

    /// What has happened since, in order. Empty when there is nothing.
    package func events() throws(SystemError) -> [Event] {
        var events: [Event] = []
        for _ in 0..<Self.mostReads {
            let count = SystemCall.repeating {
                unsafe vip_route_receive(socket, storage.baseAddress, storage.count)
            }
            switch count {
            case -Int(EAGAIN): return events
            case -Int(ENOMSG): continue
            case -Int(ENOBUFS), -Int(EMSGSIZE): events.append(.overrun)
            case ..<0: throw SystemError(call: "recv", on: "rtnetlink", errno: Int32(-count))
            default: read(count, into: &events)
            }
        }
        return events
    }

    private func read(_ count: Int, into events: inout [Event]) {
        var left = Int32(count)
        var next: UnsafeMutablePointer<nlmsghdr>? = unsafe storage.baseAddress?
            .assumingMemoryBound(to: nlmsghdr.self)
        while let header = unsafe next, unsafe nlmsg_ok(header, left) != 0 {
            if let event = unsafe Self.event(header) { events.append(event) }
            unsafe next = nlmsg_next(header, &left)
        }
    }

    /// nil for messages of other kinds, which our groups do not have.
    private static func event(_ header: UnsafeMutablePointer<nlmsghdr>) -> Event? {
        switch unsafe Int(header.pointee.nlmsg_type) {
        case RTM_NEWLINK: unsafe Link(message: header).map(Event.link)
        case RTM_DELLINK:
            unsafe Link(message: header).map { .linkGone(index: $0.index, name: $0.name) }
        case RTM_NEWADDR: unsafe InterfaceAddress(message: header).map(Event.address)
        case RTM_DELADDR: unsafe InterfaceAddress(message: header).map(Event.addressGone)
        default: nil
        }
    }
}
