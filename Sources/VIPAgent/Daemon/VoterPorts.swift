import VIPConfiguration

/// The sockets that frames come and go by: one for each family and port that any cluster here uses,
/// shared by all of them. Whose a datagram is stands in the datagram.
final class VoterPorts {
    private(set) var ports: [DatagramPort] = []
    private let tokens: UInt64

    /// Datagrams read per wake-up: a flood must not keep the thread from its deadlines.
    static let mostPerWake = 64

    /// - Parameters:
    ///   - tokens: the first of the loop's tokens that are taken, one for each socket.
    ///   - inherited: what was left to this process; sockets that are still needed are taken out.
    init(
        sites: [Site],
        loop: EventLoop,
        tokens: UInt64,
        inherited: inout InheritedDescriptors
    ) throws(SystemError) {
        self.tokens = tokens
        for local in Self.needed(by: sites) {
            let port: DatagramPort
            if let found = inherited.port(for: local) {
                port = found
                // Another version may have made it.
                port.improve()
            } else {
                port = try DatagramPort(family: local.family, port: local.port)
            }
            try loop.add(port.fileDescriptor, token: tokens + UInt64(ports.count))
            ports.append(port)
        }
    }

    /// One of our own addresses for each socket that is needed.
    static func needed(by sites: [Site]) -> [Endpoint] {
        var needed: [Endpoint] = []
        for route in sites.flatMap({ $0.routes.joined() }) {
            let isThere = needed.contains {
                $0.family == route.local.family && $0.port == route.local.port
            }
            if !isThere { needed.append(route.local) }
        }
        return needed
    }

    /// Sockets that other sites need and that there are none of yet.
    func open(missingFor sites: [Site]) throws(SystemError) -> [DatagramPort] {
        var opened: [DatagramPort] = []
        for local in Self.needed(by: sites) where !ports.contains(where: { $0.serves(local) }) {
            opened.append(try DatagramPort(family: local.family, port: local.port))
        }
        return opened
    }

    func owns(token: UInt64) -> Bool {
        token >= tokens && token - tokens < UInt64(ports.count)
    }

    /// The socket that frames from this address of ours leave by.
    func port(for local: Endpoint) -> DatagramPort {
        guard let port = ports.first(where: { $0.serves(local) }) else {
            preconditionFailure("there is a socket for every route, and none for \(local)")
        }
        return port
    }

    /// Hands over the next datagram on that socket, and says whether there was one.
    func receive(
        token: UInt64,
        _ deliver: (DatagramPort.Datagram, Span<UInt8>) -> Void
    ) throws(SystemError) -> Bool {
        let port = ports[Int(token - tokens)]
        guard let datagram = try port.receive() else { return false }
        port.withOctets(of: datagram) { deliver(datagram, $0) }
        return true
    }
}
