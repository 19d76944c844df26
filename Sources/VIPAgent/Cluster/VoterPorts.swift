import Glibc
import VIPConfiguration
import VIPNet
import VIPPlatform

/// The sockets that frames come and go by: one for each family and port that any cluster here uses,
/// shared by all of them. Whose a datagram is stands in the datagram.
///
/// The service manager keeps them too: while the agent is dead they are nobody else's, and the
/// frames that come meanwhile wait for its successor.
final class VoterPorts {
    private(set) var ports: [DatagramPort] = []
    private let tokens: UInt64
    /// What the kernel had dropped at each of them before this process was there.
    private var dropsBefore: [UInt32] = []

    /// What the service manager keeps of ours, by its names.
    private(set) var stored: Set<String>
    /// Whether it was told what of them to keep: they stay the same until the end.
    private var hasStored = false

    /// Datagrams read per wake-up: a flood must not keep the thread from its deadlines.
    static let mostPerWake = 64

    /// Ports that the service manager is asked to keep. Only a witness of many clusters that each
    /// have a port of their own has more, and those are bound anew after its death. The gate and
    /// these find place in the `FileDescriptorStoreMax=` of the unit.
    static let mostStored = 32

    /// - Parameters:
    ///   - tokens: the first of the loop's tokens that are taken, one for each socket.
    ///   - inherited: what was left to this process; sockets that are still needed are taken out.
    ///   - stored: what the service manager keeps, by its names.
    ///   - notifier: is told which of those are of no use.
    init(
        clusters: [LocalCluster],
        loop: EventLoop,
        tokens: UInt64,
        inherited: inout InheritedDescriptors,
        stored: Set<String>,
        notifier: ServiceNotifier?
    ) throws(SystemError) {
        self.tokens = tokens
        self.stored = stored
        for local in Self.needed(by: clusters) {
            let port: DatagramPort
            if let found = inherited.port(for: local) {
                port = found
                // Another version may have made it.
                port.improve()
            } else {
                port = try Self.bind(local, stored: &self.stored, notifier)
            }
            port.filter(by: .frames)
            try loop.add(port.fileDescriptor, token: tokens + UInt64(ports.count))
            dropsBefore.append(port.dropsInKernel ?? 0)
            ports.append(port)
        }
    }

    /// Binds a port that was not left to this process, or not as it has to be.
    private static func bind(
        _ local: Endpoint,
        stored: inout Set<String>,
        _ notifier: ServiceNotifier?
    ) throws(SystemError) -> DatagramPort {
        let name = DatagramPort.storeName(for: local)
        guard stored.remove(name) != nil else {
            return try DatagramPort(family: local.family, port: local.port)
        }
        // What the service manager has of it may be what holds the port.
        notifier?.discard(name)
        for _ in 0..<mostAttempts {
            do throws(SystemError) {
                return try DatagramPort(family: local.family, port: local.port)
            } catch {
                guard error.errno == EADDRINUSE else { throw error }
                notifier?.flush()
                usleep(pause)
            }
        }
        return try DatagramPort(family: local.family, port: local.port)
    }

    /// How often, and after how many microseconds, a port is tried that the service manager is to
    /// let go.
    private static let mostAttempts = 20
    private static let pause: UInt32 = 5000

    /// One of our own addresses for each socket that is needed.
    static func needed(by clusters: [LocalCluster]) -> [Endpoint] {
        var needed: [Endpoint] = []
        for route in clusters.flatMap({ $0.routes.joined() }) {
            let isThere = needed.contains {
                $0.family == route.local.family && $0.port == route.local.port
            }
            if !isThere { needed.append(route.local) }
        }
        return needed
    }

    /// Sockets that other clusters need and that there are none of yet.
    func open(missingFor clusters: [LocalCluster]) throws(SystemError) -> [DatagramPort] {
        var opened: [DatagramPort] = []
        for local in Self.needed(by: clusters) where !ports.contains(where: { $0.serves(local) }) {
            let port = try DatagramPort(family: local.family, port: local.port)
            port.filter(by: .frames)
            opened.append(port)
        }
        return opened
    }

    /// Has the service manager keep what it does not keep yet, and no more than that.
    func store(with notifier: ServiceNotifier) {
        guard !hasStored else { return }
        hasStored = true
        let kept = ports.prefix(Self.mostStored)
        let names = Set(kept.map(\.storeName))
        for name in stored.subtracting(names).sorted() { notifier.discard(name) }
        for port in kept where !stored.contains(port.storeName) {
            notifier.discard(port.storeName)
            notifier.store(port.fileDescriptor, name: port.storeName)
        }
        stored = names
    }

    /// Has the service manager let go of all of them: this host serves nothing any more.
    func discard(with notifier: ServiceNotifier) {
        for name in stored.sorted() { notifier.discard(name) }
        stored = []
    }

    /// Datagrams that the kernel has dropped since this process is there: they were too short, too
    /// long or did not begin like a frame, or there was no room for them.
    var dropsInKernel: UInt64 {
        var sum: UInt64 = 0
        for (port, before) in zip(ports, dropsBefore) {
            sum += UInt64((port.dropsInKernel ?? before) &- before)
        }
        return sum
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
