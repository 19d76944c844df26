import CNetlink
import Glibc

/// What the kernel tells of its own accord over rtnetlink: the messages of some of its groups.
@safe
package final class RouteStream {
    /// Reads per call, so that a storm of changes leaves time for the lease. Level-triggered
    /// polling brings the rest.
    package static let mostReads = 64

    /// Whether the last `read` found the end of what there was.
    package private(set) var isDrained = false

    /// Messages were lost, and some that came before them are yet to be read.
    private var hasLost = false

    private let route: OpaquePointer

    /// For the event loop.
    package var fileDescriptor: Int32 { unsafe vip_route_fd(route) }

    /// - Parameter receiveBuffer: octets that the kernel may hold for us; beyond, it is an overrun.
    package init(
        of groups: [rtnetlink_groups],
        receiveBuffer: Int32
    ) throws(SystemError) {
        var failure: Int32 = 0
        guard let route = unsafe vip_route_open(receiveBuffer, 0, &failure) else {
            throw SystemError(call: "socket", on: "rtnetlink", errno: -failure)
        }
        let numbers = groups.map { Int32($0.rawValue) }
        let result = unsafe vip_route_subscribe(route, numbers, Int32(numbers.count))
        guard result == 0 else {
            unsafe vip_route_close(route)
            throw SystemError(call: "subscribe to", on: "rtnetlink", errno: -result)
        }
        unsafe self.route = unsafe route
    }

    deinit { unsafe vip_route_close(route) }

    /// What has been told since, in order. Empty when there is nothing.
    ///
    /// The kernel tells of a loss at once, before what it had told before the loss, and adds
    /// nothing until all of that is read. Whoever asked for everything right then, and read the
    /// older messages after it, would take them for newer than the answer.
    ///
    /// - Parameters:
    ///   - overrun: stands after all that was told before a loss, and before what was told later.
    ///   - parse: nil for a message that is of no interest.
    package func read<Event>(
        orAtOverrun overrun: Event,
        _ parse: (RouteMessage) -> Event?
    ) throws(SystemError) -> [Event] {
        var events: [Event] = []
        isDrained = false
        for _ in 0..<Self.mostReads {
            let result = unsafe lendingVisitor { message in
                if let event = parse(message) { events.append(event) }
            } to: { visit, context in
                unsafe vip_route_listen(route, visit, context)
            }
            switch result {
            case -EAGAIN:
                isDrained = true
                if hasLost { events.append(overrun) }
                hasLost = false
                return events
            case -ENOBUFS, -EMSGSIZE: hasLost = true
            case ..<0: throw SystemError(call: "recv", on: "rtnetlink", errno: -result)
            default: break
            }
        }
        return events
    }
}
