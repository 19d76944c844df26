import CLab
import Glibc
import Synchronization

/// A TCP connection through the floating address that is kept for as long as it lives: a client in
/// the client's host sends steadily, and servers on both nodes send back whatever comes.
///
/// The servers listen on all addresses of their host, and belong to the lab: they outlive agents.
/// What ends or stalls a connection is then what became of the address.
public final class TransferProbe: Sendable {
    /// What a client has seen of its connections, since it began.
    public struct Report: Hashable, Sendable {
        /// That came back, in the order in which they were sent.
        public let octets: Int
        /// The longest time in which nothing came back, while a connection was up.
        public let longestStall: Duration
        /// Connections that were established.
        public let connections: Int
        /// Connections that were reset, or ended, by the other side or the kernel.
        public let resets: Int
        /// Octets that came back changed, or in another order. 0, unless TCP is broken.
        public let wrongOctets: Int
    }

    private struct State: Sendable {
        var octets = 0
        var connections = 0
        var resets = 0
        var wrong = 0
        var longest: Duration = .zero
        var last: Moment?
    }

    private let state = Locked(State())
    private let stop = StopFlag()
    private let threads: [WorkerThread]
    private let ended = Atomic(false)

    /// Of each message: every `interval` one is sent, which makes 2 MB/s both ways.
    static let messageLength = 4096

    /// Starts at once.
    public init(
        in lab: Lab,
        address: String = "10.77.0.100",
        port: UInt16 = 7003,
        interval: Duration = .milliseconds(2)
    ) throws(LabError) {
        let target = try InternetAddress(address)
        var threads: [WorkerThread] = []
        for node in Host.nodes {
            let listener = try Socket.listener(
                of: lab.namespace(of: node),
                ipv6: target.isIPv6,
                port: port
            )
            threads.append(
                try WorkerThread(.measuring) { [stop] in Self.serve(listener, until: stop) }
            )
        }
        let client = lab.namespace(of: .client)
        threads.append(
            try WorkerThread(.measuring) { [stop, state] in
                // Without its host it counts nothing, and a test that wants octets fails.
                guard (try? client.enter()) != nil else { return }
                while !stop.isRaised {
                    Self.transfer(to: target, port: port, every: interval, state, stop)
                    if !stop.isRaised { sleep(for: .milliseconds(5)) }
                }
            }
        )
        self.threads = threads
    }

    /// Sends back what comes, on every connection.
    private static func serve(_ listener: Socket, until stop: StopFlag) {
        var connections: [Socket] = []
        while !stop.isRaised {
            let ready = Socket.wait(for: [listener] + connections, atMost: 50)
            if ready[0], let new = listener.accept() { connections.append(new) }
            var ended: [Int32] = []
            for (connection, isReady) in zip(connections, ready.dropFirst()) where isReady {
                let octets = connection.receive(atMost: 65_536)
                guard let octets, !octets.isEmpty, connection.sendAll(octets) else {
                    ended.append(connection.number)
                    continue
                }
            }
            connections.removeAll { ended.contains($0.number) }
        }
    }

    /// One connection, for as long as it lives.
    private static func transfer(
        to target: InternetAddress,
        port: UInt16,
        every interval: Duration,
        _ state: Locked<State>,
        _ stop: StopFlag
    ) {
        guard let socket = Socket.connection(to: target, port: port),
            Socket.wait(for: [socket], until: POLLOUT, atMost: 1000)[0], socket.isConnected
        else { return }
        state.change { state in
            state.connections += 1
            state.last = .now
        }
        var sent = 0
        var received = 0
        var pending: ArraySlice<UInt8> = []
        var next = Moment.now
        while !stop.isRaised {
            let now = Moment.now
            if now >= next {
                next = now - next > .milliseconds(20) ? now + interval : next + interval
                if pending.isEmpty {
                    pending = (0..<messageLength).map { pattern(sent + $0) }[...]
                    sent += messageLength
                }
            }
            if !pending.isEmpty {
                guard let count = socket.sendSome(pending) else { break }
                pending = pending.dropFirst(count)
            }
            let left = max(0, (next - .now).milliseconds)
            guard Socket.wait(for: [socket], atMost: Int32(left.rounded(.up)))[0] else { continue }
            guard let octets = socket.receive(atMost: 65_536), !octets.isEmpty else { break }
            let begin = received
            let wrong = octets.indices.count { octets[$0] != pattern(begin + $0) }
            received += octets.count
            let count = octets.count
            state.change { state in
                let moment = Moment.now
                if let last = state.last { state.longest = max(state.longest, moment - last) }
                state.last = moment
                state.octets += count
                state.wrong += wrong
            }
        }
        let isOurs = stop.isRaised
        state.change { state in
            if !isOurs { state.resets += 1 }
            state.last = nil
        }
    }

    /// What the octet at that place of the stream is: with a period that no length of ours divides.
    private static func pattern(_ position: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: position % 251)
    }

    /// What was seen since it began. A stall that lasts is counted as long as it is now.
    public var report: Report {
        let state = state.value
        let current = state.last.map { Moment.now - $0 } ?? .zero
        return Report(
            octets: state.octets,
            longestStall: max(state.longest, current),
            connections: state.connections,
            resets: state.resets,
            wrongOctets: state.wrong
        )
    }

    /// Waits until there is a connection over which something came back.
    public func waitForTransfer(by deadline: Moment) -> Bool {
        let before = state.value.octets
        while Moment.now < deadline {
            let now = state.value
            if now.last != nil, now.octets > before { return true }
            sleep(for: .milliseconds(5))
        }
        return false
    }

    public func end() {
        guard !ended.exchange(true, ordering: .acquiringAndReleasing) else { return }
        stop.raise()
        for thread in threads { thread.join() }
    }

    deinit {
        end()
    }
}
