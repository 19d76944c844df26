import Glibc
import Synchronization

/// A host's cable on the first network, made longer: each frame takes this much more time, each
/// way.
///
/// The host's port is taken out of the bridge, and frames are carried between the two by a thread.
/// It waits for the moment of each in microseconds, and a loaded machine makes the way longer.
public final class LongCable: Sendable {
    private struct Carried {
        var due: Moment
        var octets: [UInt8]
    }

    private let stop = StopFlag()
    private let record = Record()
    private let thread: WorkerThread

    private final class Record: Sendable {
        let carried = Atomic(0)
    }

    /// Frames that were carried so far, both ways together.
    public var carried: Int { record.carried.load(ordering: .relaxed) }

    /// Until `end`.
    public init(of host: Host, in lab: Lab, eachWay delay: Duration) throws(LabError) {
        let port = Network.first.port(of: host)
        // The first end is in the bridge, the second in the thread's hands.
        let ends = ["\(port)-far", "\(port)-near"]
        let lines = [
            "link set \(port) nomaster",
            "link add \(ends[0]) type veth peer \(ends[1])",
            "link set \(ends[1]) up",
            "link set \(ends[0]) master \(Network.first.bridge) up",
        ]
        let namespace = Lab.switchNamespace(of: lab.name)
        try namespace.configure(lines)
        let sockets = try namespace.run { () throws(LabError) in
            [
                try Socket.arrivals(at: port, relays: true),
                try Socket.arrivals(at: ends[1], relays: true),
            ]
        }
        thread = try WorkerThread(.measuring) { [stop, record] in
            var waiting: [[Carried]] = [[], []]
            while !stop.isRaised {
                let due = waiting.compactMap(\.first?.due).min() ?? Moment.now + .milliseconds(20)
                // Late by less than a millisecond, which is the resolution of the wait.
                let patience = max(0, min(20, Int32((due - .now) / .milliseconds(1))))
                _ = Socket.wait(for: sockets, atMost: patience)
                for (side, socket) in sockets.enumerated() {
                    while let octets = socket.receive(atMost: 70_000) {
                        waiting[side].append(Carried(due: .now + delay, octets: octets))
                    }
                    let ready = waiting[side].prefix { $0.due <= .now }
                    for carried in ready { sockets[1 - side].send(carried.octets) }
                    record.carried.add(ready.count, ordering: .relaxed)
                    waiting[side].removeFirst(ready.count)
                }
            }
        }
    }

    deinit {
        stop.raise()
    }

    /// The host is cut off then.
    public func end() {
        stop.raise()
        thread.join()
    }
}
