import Glibc
import Synchronization

/// Datagrams from the client to a host's voter port, one right after the other, for a limited time.
public final class Flood: Sendable {
    private final class Record: Sendable {
        let sent = Atomic(0)
    }

    private let stop = StopFlag()
    private let record = Record()
    private let thread: WorkerThread

    /// Starts at once.
    ///
    /// - Parameter octets: of each of them.
    public init(
        _ octets: [UInt8],
        in lab: Lab,
        to host: Host,
        port: UInt16 = Lab.voterPort,
        for duration: Duration
    ) throws(LabError) {
        let target = try InternetAddress(host.address())
        let socket = try Socket.datagrams(of: lab.namespace(of: .client), ipv6: false, port: 0)
        thread = try WorkerThread { [stop, record] in
            let end = Moment.now + duration
            while !stop.isRaised, Moment.now < end {
                for _ in 0..<64 where socket.send(octets, to: target, port: port) {
                    record.sent.add(1, ordering: .relaxed)
                }
            }
        }
    }

    public var sent: Int { record.sent.load(ordering: .relaxed) }

    /// Waits for its end.
    public func wait() { thread.join() }
}
