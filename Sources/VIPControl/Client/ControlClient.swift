import Glibc

/// Asks the daemon over its control socket: connects, writes one line, reads one document until the
/// daemon closes. One question a connection, and one time limit for all of it.
public struct ControlClient: Sendable {
    public static let defaultPath = "/run/vip-agent/control.sock"

    public var path: String
    /// For the whole exchange, in seconds.
    public var timeout: Double

    public init(path: String = Self.defaultPath, timeout: Double = 5) {
        self.path = path
        self.timeout = timeout
    }

    /// What the daemon answered, a refusal included.
    public func ask(_ request: ControlRequest) throws(ControlClientError) -> ControlReply {
        let octets = try exchange(request.line)
        guard !octets.isEmpty else { throw .closedEarly(path: path, received: 0) }
        do {
            return try ControlReply(json: JSONReader(JSONValue(parsing: octets)))
        } catch let error as JSONError where error.problem == .unexpectedEnd {
            throw .closedEarly(path: path, received: octets.count)
        } catch {
            throw .notUnderstood(path: path, reason: "\(error)")
        }
    }

    /// The report in the answer to `status`.
    public func status() throws(ControlClientError) -> Result<StatusReport, ControlRefusal> {
        try report(for: .status)
    }

    /// The entries in the answer to `history`, oldest first.
    public func history() throws(ControlClientError) -> Result<[HistoryEntry], ControlRefusal> {
        try report(for: .history)
    }

    /// Reads the report that an answer carries.
    public func read<Report: JSONRepresentable>(
        _ payload: JSONValue?
    ) throws(ControlClientError) -> Report {
        do {
            return try Report(json: JSONReader(payload))
        } catch {
            throw .notUnderstood(path: path, reason: "\(error)")
        }
    }

    private func report<Report: JSONRepresentable>(
        for request: ControlRequest
    ) throws(ControlClientError) -> Result<Report, ControlRefusal> {
        switch try ask(request) {
        case .refused(let refusal): .failure(refusal)
        case .done(_, let payload): .success(try read(payload))
        }
    }

    // MARK: The exchange

    private func exchange(_ line: String) throws(ControlClientError) -> [UInt8] {
        let deadline = ContinuousClock.now.advanced(by: .seconds(timeout))
        let descriptor = socket(
            AF_UNIX,
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
                | Int32(SOCK_NONBLOCK.rawValue),
            0
        )
        guard descriptor >= 0 else { throw failure(of: "socket") }
        defer { close(descriptor) }
        try connect(descriptor, until: deadline)
        try send(Array(line.utf8) + [UInt8(ascii: "\n")], over: descriptor, until: deadline)
        return try receive(from: descriptor, until: deadline)
    }

    private func connect(
        _ descriptor: Int32,
        until deadline: ContinuousClock.Instant
    ) throws(ControlClientError) {
        var address = sockaddr_un()
        let limit = MemoryLayout.size(ofValue: address.sun_path) - 1
        guard path.utf8.count <= limit else { throw .pathTooLong(path: path, limit: limit) }
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) {
            unsafe $0.copyBytes(from: path.utf8)
        }

        while true {
            let result = unsafe withUnsafePointer(to: address) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            if result == 0 { return }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                // A full queue of a Unix socket can't be polled for; look again a little later.
                guard remaining(until: deadline) > 0 else { throw timedOut(.connecting) }
                usleep(20_000)
            case ENOENT, ENOTDIR, ECONNREFUSED: throw .noAgent(path: path, errno: errno)
            case EACCES, EPERM: throw .notPermitted(path: path)
            case EPROTOTYPE: throw .notUnderstood(path: path, reason: "not a stream socket")
            default: throw failure(of: "connect")
            }
        }
    }

    private func send(
        _ octets: [UInt8],
        over descriptor: Int32,
        until deadline: ContinuousClock.Instant
    ) throws(ControlClientError) {
        var sent = 0
        while sent < octets.count {
            let count = unsafe octets.withUnsafeBytes {
                unsafe Glibc.send(
                    descriptor,
                    $0.baseAddress! + sent,
                    octets.count - sent,
                    Int32(MSG_NOSIGNAL)
                )
            }
            if count >= 0 {
                sent += count
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: try wait(for: POLLOUT, on: descriptor, .sending, until: deadline)
            // Whoever closes without reading may have answered first, such as "too many clients".
            case EPIPE, ECONNRESET: return
            default: throw failure(of: "send")
            }
        }
    }

    private func receive(
        from descriptor: Int32,
        until deadline: ContinuousClock.Instant
    ) throws(ControlClientError) -> [UInt8] {
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            try wait(for: POLLIN, on: descriptor, .receiving, until: deadline)
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
            }
            if count > 0 {
                answer += buffer[..<count]
                guard answer.count <= JSONValue.lengthLimit else {
                    throw .tooLong(path: path, limit: JSONValue.lengthLimit)
                }
                continue
            }
            if count == 0 { return answer }
            switch errno {
            case EINTR, EAGAIN: continue
            // Who closes before it has read all that was asked may have answered first.
            case ECONNRESET where !answer.isEmpty: return answer
            case ECONNRESET: throw .closedEarly(path: path, received: 0)
            default: throw failure(of: "recv")
            }
        }
    }

    private func wait(
        for events: Int32,
        on descriptor: Int32,
        _ phase: ControlClientError.Phase,
        until deadline: ContinuousClock.Instant
    ) throws(ControlClientError) {
        var waiting = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        while true {
            let milliseconds = remaining(until: deadline)
            guard milliseconds > 0 else { throw timedOut(phase) }
            let ready = unsafe poll(&waiting, 1, milliseconds)
            if ready > 0 { return }
            guard ready == 0 || errno == EINTR else { throw failure(of: "poll") }
        }
    }

    /// In milliseconds, rounded up.
    private func remaining(until deadline: ContinuousClock.Instant) -> Int32 {
        let (seconds, attoseconds) = (deadline - .now).components
        return Int32(
            clamping: seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        )
    }

    private func timedOut(_ phase: ControlClientError.Phase) -> ControlClientError {
        .timedOut(path: path, phase: phase, seconds: timeout)
    }

    private func failure(of call: String) -> ControlClientError {
        .failed(path: path, call: call, errno: errno)
    }
}

/// The kernel's own words for an error.
func systemMessage(_ code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    let result = unsafe buffer.withUnsafeMutableBufferPointer {
        unsafe strerror_r(code, $0.baseAddress!, $0.count)
    }
    guard result == 0 else { return "error \(code)" }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
