/// When frames from a floating address leave the nodes: what the switch gets from their cables, by
/// the kernel's own clock, which stands in no queue.
final class DepartureWatch: Sendable {
    /// A frame that a host sent from the address: an ARP frame about it, or an IP packet.
    struct Departure: Sendable {
        let host: Host
        let moment: Moment
        /// When the host gave it to its card; nil if it does not say.
        let queued: Moment?
    }

    private let seen = Locked<[Departure]>([])
    private let stop = StopFlag()
    private let thread: WorkerThread
    private let sockets: [Socket]

    init(in lab: Lab, address: String) throws(LabError) {
        let target = try InternetAddress(address)
        let network = Lab.switchNamespace(of: lab.name)
        let ears = try network.run { () throws(LabError) in
            var ears: [(host: Host, socket: Socket)] = []
            for host in Host.nodes {
                let socket = try Socket.arrivals(at: Network.first.port(of: host))
                try socket.stampFrames()
                ears.append((host, socket))
            }
            return ears
        }
        sockets = ears.map(\.socket)
        thread = try WorkerThread(.measuring) { [stop, seen, sockets, ears] in
            while !stop.isRaised {
                _ = Socket.wait(for: sockets, atMost: 50)
                for ear in ears {
                    while let (frame, moment) = ear.socket.receiveStamped() {
                        guard Self.isFrom(target, frame) else { continue }
                        let departure = Departure(
                            host: ear.host,
                            moment: moment,
                            queued: Self.queued(frame)
                        )
                        seen.change { $0.append(departure) }
                    }
                }
            }
        }
    }

    private static func isFrom(_ address: InternetAddress, _ frame: [UInt8]) -> Bool {
        guard frame.count >= 42 else { return false }
        // Where ARP has its sender, and IPv4 its source.
        let offset: Int
        switch Frames.number(frame, 12, 2) {
        case UInt64(Frames.arp): offset = 28
        case UInt64(Frames.ipv4): offset = 26
        default: return false
        }
        return Array(frame[offset..<offset + 4]) == address.octets
    }

    /// Of an answer to a `QueueFiller`, whose last octets say it.
    private static func queued(_ frame: [UInt8]) -> Moment? {
        guard Frames.number(frame, 12, 2) == UInt64(Frames.ipv4), frame[23] == 17,
            Frames.number(frame, 34, 2) == UInt64(QueueFiller.port)
        else { return nil }
        return Moment(nanoseconds: Int64(Frames.number(frame, frame.count - 8, 8)))
    }

    /// All since this was asked last, in the order of their moments.
    func drain() throws(LabError) -> [Departure] {
        for socket in sockets {
            let lost = try socket.lostFrames()
            guard lost == 0 else {
                throw LabError("see every frame", found: "\(lost) were lost in the lab itself")
            }
        }
        return seen.change { seen in
            defer { seen = [] }
            return seen.sorted { $0.moment < $1.moment }
        }
    }

    func end() {
        stop.raise()
        thread.join()
    }
}
