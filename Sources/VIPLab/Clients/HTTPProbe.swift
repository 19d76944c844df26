import Glibc
import Synchronization

/// A client that asks the web server at the floating address 50 times a second, by a connection of
/// its own each time, and notes which host's server answers.
public final class HTTPProbe: Sendable {
    private let recording: Recording
    private let stop = StopFlag()
    private let thread: WorkerThread
    private let ended = Atomic(false)

    /// A request under way.
    private struct Request {
        let number: Int
        let socket: Socket
        let begin: Moment
        var isSent = false
        var octets: [UInt8] = []
    }

    /// What a user waits for at most.
    private static let patience: Duration = .seconds(1)

    /// Starts at once. `WebServer` has to run on the nodes.
    public init(
        in lab: Lab,
        address: String = "10.77.0.100",
        interval: Duration = .milliseconds(20)
    ) throws(LabError) {
        recording = Recording(lease: lab.options.configuration.lease)
        let target = try InternetAddress(address)
        let client = lab.namespace(of: .client)
        thread = try WorkerThread(.measuring) { [stop, recording] in
            // The namespace is the thread's for good. If it cannot be entered, no answer is
            // recorded, and whoever reads the report sees a service that never was.
            guard (try? client.enter()) != nil else { return }
            var requests: [Request] = []
            var next = Moment.now
            while !stop.isRaised {
                let now = Moment.now
                if now >= next {
                    next = max(next + interval, now)
                    let number = recording.ask(at: now)
                    if let socket = Socket.connection(to: target, port: WebServer.port) {
                        requests.append(Request(number: number, socket: socket, begin: now))
                    }
                }
                requests.removeAll { now - $0.begin > Self.patience }
                Self.advance(&requests, recording)
            }
        }
    }

    /// Waits a millisecond at most, and takes every request as far as it gets.
    private static func advance(_ requests: inout [Request], _ recording: Recording) {
        let unsent = requests.filter { !$0.isSent }.map(\.socket)
        let sent = requests.filter(\.isSent).map(\.socket)
        let writable = Socket.wait(for: unsent, until: POLLOUT, atMost: sent.isEmpty ? 1 : 0)
        let readable = Socket.wait(for: sent, atMost: 1)
        var ready = Set<Int32>()
        for (socket, isReady) in zip(unsent + sent, writable + readable) where isReady {
            ready.insert(socket.number)
        }
        requests = requests.compactMap { request in
            ready.contains(request.socket.number) ? advance(request, recording) : request
        }
    }

    /// Nil when it is over, whichever way.
    private static func advance(_ request: Request, _ recording: Recording) -> Request? {
        var request = request
        guard request.isSent else {
            request.isSent = true
            return request.socket.send(question) ? request : nil
        }
        guard let octets = request.socket.receive() else { return nil }
        guard octets.isEmpty else {
            request.octets += octets
            return request
        }
        let text = String(decoding: request.octets, as: UTF8.self)
        let lines = text.split(whereSeparator: \.isNewline)
        if text.hasPrefix("HTTP/1.1 200"), let last = lines.last,
            let host = Host(rawValue: "\(last)")
        {
            recording.answered(request.number, at: .now, by: host)
        }
        return nil
    }

    private static let question = Array(
        "GET / HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n".utf8
    )

    /// What was seen from a moment on until another one, or until now. Waits for late answers.
    public func report(since begin: Moment, until end: Moment = .now) -> ProbeReport {
        recording.report(begin..<max(begin, end))
    }

    public func end() {
        guard !ended.exchange(true, ordering: .acquiringAndReleasing) else { return }
        stop.raise()
        thread.join()
    }

    deinit {
        end()
    }
}
