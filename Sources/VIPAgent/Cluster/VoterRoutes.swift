import VIPConfiguration
import VIPCore
import VIPNet
import VIPPlatform

/// The ways to the other voters of one cluster: frames out over their routes, and only frames in
/// that come from the address that the configuration gives their sender.
final class VoterRoutes {
    /// Why the shell drops a datagram before the core sees it.
    enum ShellDrop: String, CaseIterable {
        /// Authentic, but its sender's address is another: two hosts with one name, or a host that
        /// sends from an address that is not configured.
        case unexpectedSource = "unexpected_source"
        /// The kernel refused it for the socket: by its length and beginning it is no frame (one in
        /// some hundred of those is let through, and counted by its own reason), or there was no
        /// room.
        case inKernel = "in_kernel"
    }

    enum Arrival {
        case frame(Frame)
        /// Not put into words here: a flood of them must not cost more than it has to.
        case unreadable(OpenError)
        case unexpected(Frame)
    }

    private let cluster: LocalCluster
    private let seal: FrameSeal
    /// By voter and path, as the cluster's routes.
    private let sockets: [[DatagramPort]]
    private var buffer: [UInt8] = []
    /// Voter and path by source, for the look at the door.
    private var sources: [(endpoint: Endpoint, voter: Int, path: Int)] = []

    private(set) var framesSent: UInt64 = 0
    private(set) var framesReceived: UInt64 = 0
    private(set) var sendErrors: UInt64 = 0
    /// By voter and path: the errno of the last frame, 0 if it left.
    private(set) var lastErrors: [[Int32]]

    init(cluster: LocalCluster, keys: ClusterKeys, ports: VoterPorts) {
        self.cluster = cluster
        seal = FrameSeal(
            cluster: cluster.settings.cluster,
            key: keys.signing.octets,
            other: keys.accepted.dropFirst().first?.octets
        )
        sockets = cluster.routes.map { $0.map { ports.port(for: $0.local) } }
        lastErrors = cluster.routes.map { Array(repeating: 0, count: $0.count) }
        for (voter, routes) in cluster.routes.enumerated() {
            for (path, route) in routes.enumerated() {
                sources.append((route.remote, voter, path))
            }
        }
        buffer.reserveCapacity(Frame.octetLimit)
    }

    /// Sends over the frame's own path. Losing one is the network's right; errors are counted.
    func send(_ frame: Frame) {
        guard let voter = cluster.settings.voters.firstIndex(where: { $0.id == frame.receiver })
        else {
            return
        }
        let path = Int(frame.path)
        let route = cluster.routes[voter][path]
        seal.seal(frame, into: &buffer)
        let octets = buffer
        let outcome = sockets[voter][path].send(
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

    /// Opens a datagram that claims to be of this cluster.
    ///
    /// A stranger's is still looked at: one that is authentic tells of a second host with a voter's
    /// name, which an operator has to hear of.
    func open(_ octets: Span<UInt8>, from source: Endpoint) -> Arrival {
        framesReceived &+= 1
        do throws(OpenError) {
            let frame = try seal.open(octets)
            guard isExpected(frame, from: source) else {
                return .unexpected(frame)
            }
            return .frame(frame)
        } catch {
            return .unreadable(error)
        }
    }

    private func isExpected(_ frame: Frame, from source: Endpoint) -> Bool {
        sources.contains { entry in
            entry.endpoint == source && entry.path == Int(frame.path)
                && cluster.settings.voters[entry.voter].id == frame.sender
        }
    }
}
