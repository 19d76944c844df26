import Glibc
import Synchronization

/// A program on a host that wants a UDP port for itself, and tries for it without a pause.
public final class Squatter: Sendable {
    private final class Record: Sendable {
        let attempts = Atomic(0)
        let successes = Atomic(0)
    }

    private let stop = StopFlag()
    private let record = Record()
    private let thread = Mutex<WorkerThread?>(nil)

    /// Starts at once.
    public init(
        in lab: Lab,
        on host: Host,
        port: UInt16 = Lab.voterPort,
        ipv6: Bool = false
    ) throws(LabError) {
        let namespace = lab.namespace(of: host)
        let worker = try WorkerThread { [stop, record] in
            do throws(LabError) { try namespace.enter() } catch { return }
            while !stop.isRaised {
                record.attempts.add(1, ordering: .relaxed)
                Self.take(port, ipv6: ipv6, until: stop, record)
                sleep(for: .microseconds(50))
            }
        }
        thread.withLock { $0 = worker }
    }

    /// Keeps the port, if it can be had, until it is told to stop.
    private static func take(
        _ port: UInt16,
        ipv6: Bool,
        until stop: StopFlag,
        _ record: Record
    ) {
        let family = ipv6 ? AF_INET6 : AF_INET
        let number = socket(family, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { return }
        defer { close(number) }
        var one: Int32 = 1
        if ipv6 {
            unsafe setsockopt(number, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &one, 4)
        }
        let any = InternetAddress(octets: [UInt8](repeating: 0, count: ipv6 ? 16 : 4))
        let name = any.socketAddress(port: port)
        let outcome = unsafe name.withUnsafeBytes { raw in
            let pointer = unsafe raw.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            return unsafe bind(number, pointer, socklen_t(raw.count))
        }
        guard outcome == 0 else { return }
        record.successes.add(1, ordering: .relaxed)
        while !stop.isRaised { sleep(for: .milliseconds(5)) }
    }

    /// How often it has tried, and whether it has ever had the port.
    public var attempts: Int { record.attempts.load(ordering: .relaxed) }
    public var hasSucceeded: Bool { record.successes.load(ordering: .relaxed) > 0 }

    public func end() {
        stop.raise()
        let worker = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        worker?.join()
    }

    deinit { end() }
}
