import VIPConfiguration

/// The sockets that frames come and go by: one for each family and port that any cluster here uses,
/// shared by all of them. Whose a datagram is stands in the datagram.
final class VoterPorts {
    private var ports: [DatagramPort] = []
    private let tokens: UInt64

    /// Datagrams read per wake-up: a flood must not keep the thread from its deadlines.
    static let mostPerWake = 64

    /// - Parameter tokens: the first of the loop's tokens that are taken, one for each socket.
    init(sites: [Site], loop: EventLoop, tokens: UInt64) throws(SystemError) {
        self.tokens = tokens
        for site in sites {
            for routes in site.routes {
                for route in routes where !ports.contains(where: { $0.serves(route.local) }) {
                    let socket = try DatagramPort(
                        family: route.local.family,
                        port: route.local.port
                    )
                    try loop.add(socket.fileDescriptor, token: tokens + UInt64(ports.count))
                    ports.append(socket)
                }
            }
        }
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

extension DatagramPort {
    fileprivate func serves(_ local: Endpoint) -> Bool {
        family == local.family && port == local.port
    }
}

extension Endpoint {
    fileprivate var family: DatagramPort.Family { address.isIPv6 ? .v6 : .v4 }
}
