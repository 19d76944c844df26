import CNetlink
import Glibc
import VIPConfiguration
import VIPCore

/// The sockets to the other voters: frames out over their routes, and only frames in that come from
/// the address that the configuration gives their sender.
final class VoterPorts {
    /// Why the shell drops a datagram before the core sees it.
    enum ShellDrop: String, CaseIterable {
        /// No voter has this address on any path: a stranger, or a voter whose address is missing from
        /// the configuration.
        case unknownSource = "unknown_source"
        /// Authentic, but its sender's address is another: two hosts with one name, or a host that
        /// sends from an address that is not configured.
        case unexpectedSource = "unexpected_source"
    }

    enum Arrival {
        case frame(Frame)
        case dropped(reason: String, detail: String)
    }

    private struct Port {
        let socket: DatagramPort
        let token: UInt64
    }

    private let site: Site
    private let seal: FrameSeal
    private var ports: [Port] = []
    private var buffer: [UInt8] = []
    /// Voter and path by source, for the look at the door.
    private var sources: [(endpoint: Endpoint, voter: Int, path: Int)] = []

    private(set) var framesSent: UInt64 = 0
    private(set) var framesReceived: UInt64 = 0
    private(set) var sendErrors: UInt64 = 0
    /// By voter and path: the errno of the last frame, 0 if it left.
    private(set) var lastErrors: [[Int32]]

    /// Datagrams read per wake-up: a flood must not keep the thread from its deadlines.
    static let mostPerWake = 64

    init(site: Site, seal: FrameSeal, loop: EventLoop, tokens: UInt64) throws(SystemError) {
        self.site = site
        self.seal = seal
        lastErrors = site.routes.map { Array(repeating: 0, count: $0.count) }
        var wanted: [(family: DatagramPort.Family, port: UInt16)] = []
        for (voter, routes) in site.routes.enumerated() {
            for (path, route) in routes.enumerated() {
                sources.append((route.remote, voter, path))
                let family: DatagramPort.Family = route.local.address.isIPv6 ? .v6 : .v4
                if !wanted.contains(where: { $0 == (family, route.local.port) }) {
                    wanted.append((family, route.local.port))
                }
            }
        }
        for (index, port) in wanted.enumerated() {
            let socket = try DatagramPort(family: port.family, port: port.port)
            let token = tokens + UInt64(index)
            try loop.add(socket.fileDescriptor, token: token)
            ports.append(Port(socket: socket, token: token))
        }
        buffer.reserveCapacity(Frame.octetLimit)
    }

    func owns(token: UInt64) -> Bool { ports.contains { $0.token == token } }

    /// Sends over the frame's own path. Losing one is the network's right; errors are counted.
    func send(_ frame: Frame) {
        guard let voter = site.settings.voters.firstIndex(where: { $0.id == frame.receiver }) else {
            return
        }
        let path = Int(frame.path)
        let route = site.routes[voter][path]
        let family: DatagramPort.Family = route.local.address.isIPv6 ? .v6 : .v4
        guard
            let port = ports.first(where: {
                $0.socket.family == family && $0.socket.port == route.local.port
            })
        else { return }
        seal.seal(frame, into: &buffer)
        let octets = buffer
        let outcome = port.socket.send(
            octets.span,
            from: route.local.address,
            to: route.remote
        )
        switch outcome {
        case .sent:
            framesSent &+= 1
            lastErrors[voter][path] = 0
        case .failed(let errno):
            sendErrors &+= 1
            lastErrors[voter][path] = errno
        }
    }

    /// The next datagram on that socket, nil when there is none.
    func receive(token: UInt64) throws(SystemError) -> Arrival? {
        guard let port = ports.first(where: { $0.token == token }),
            let datagram = try port.socket.receive()
        else { return nil }
        framesReceived &+= 1
        let source = datagram.source
        guard sources.contains(where: { $0.endpoint == source }) else {
            return unknown(datagram, port.socket)
        }
        do throws(OpenError) {
            let frame = try port.socket.withOctets(of: datagram) {
                octets throws(OpenError) in try seal.open(octets)
            }
            guard isExpected(frame, from: source) else {
                return .dropped(
                    reason: ShellDrop.unexpectedSource.rawValue,
                    detail: "\(site.name(of: frame.sender)) sends from \(source)"
                )
            }
            return .frame(frame)
        } catch {
            return .dropped(reason: error.reason.rawValue, detail: "from \(source): \(error)")
        }
    }

    /// A stranger's datagram is still looked at: one that is authentic tells of a second host with a
    /// voter's name, which an operator has to hear of.
    private func unknown(_ datagram: DatagramPort.Datagram, _ socket: DatagramPort) -> Arrival {
        do throws(OpenError) {
            let frame = try socket.withOctets(of: datagram) {
                octets throws(OpenError) in try seal.open(octets)
            }
            return .dropped(
                reason: ShellDrop.unexpectedSource.rawValue,
                detail: "\(site.name(of: frame.sender)) sends from \(datagram.source)"
            )
        } catch {
            return .dropped(
                reason: error.reason.rawValue,
                detail: "from \(datagram.source): \(error)"
            )
        }
    }

    private func isExpected(_ frame: Frame, from source: Endpoint) -> Bool {
        sources.contains { entry in
            entry.endpoint == source && entry.path == Int(frame.path)
                && site.settings.voters[entry.voter].id == frame.sender
        }
    }
}
