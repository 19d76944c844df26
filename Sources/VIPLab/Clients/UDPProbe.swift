import Glibc
import Synchronization

/// A client that asks the floating address a thousand times a second, and notes who answers when.
public final class UDPProbe: Sendable {
    private let recording: Recording
    private let stop = StopFlag()
    private let threads: [WorkerThread]
    private let responders: [UDPResponder]
    private let ended = Atomic(false)

    /// Starts at once.
    ///
    /// - Parameter port: Of the service, different for each probe of a lab.
    public init(
        in lab: Lab,
        address: String = "10.77.0.100",
        port: UInt16 = 7001,
        interval: Duration = .milliseconds(1)
    ) throws(LabError) {
        recording = Recording(lease: lab.options.configuration.lease)
        let target = try InternetAddress(address)
        responders = [
            try UDPResponder(in: lab, host: .lb1, port: port),
            try UDPResponder(in: lab, host: .lb2, port: port),
        ]
        let client = lab.namespace(of: .client)
        let socket = try Socket.datagrams(of: client, ipv6: target.isIPv6, port: 0)
        threads = [
            try WorkerThread(.measuring) { [stop, recording] in
                var next = Moment.now
                while !stop.isRaised {
                    next = next + interval
                    next.sleepUntil()
                    // After a stall the schedule goes on from now: no burst makes up for it.
                    let now = Moment.now
                    if now - next > .milliseconds(20) { next = now }
                    let number = recording.ask(at: now)
                    socket.send(Question(number: number).octets, to: target, port: port)
                }
            },
            try WorkerThread(.measuring) { [stop, recording] in
                while !stop.isRaised {
                    guard Socket.wait(for: [socket], atMost: 50)[0] else { continue }
                    let now = Moment.now
                    guard let octets = socket.receive(), let question = Question(octets),
                        let host = question.answerer
                    else { continue }
                    recording.answered(question.number, at: now, by: host)
                }
            },
        ]
    }

    /// What was seen from a moment on until another one, or until now. Waits for late answers.
    public func report(since begin: Moment, until end: Moment = .now) -> ProbeReport {
        recording.report(begin..<max(begin, end))
    }

    /// Waits until somebody answers for the address without interruption for a while.
    public func waitForService(by deadline: Moment) -> Bool {
        while Moment.now < deadline {
            let begin = Moment.now
            sleep(for: .milliseconds(20))
            let seen = recording.report(begin..<Moment.now)
            if seen.lost == 0, !seen.owners.isEmpty { return true }
        }
        return false
    }

    public func end() {
        guard !ended.exchange(true, ordering: .acquiringAndReleasing) else { return }
        stop.raise()
        for thread in threads { thread.join() }
        for responder in responders { responder.end() }
    }

    deinit {
        end()
    }
}

/// The content of a datagram: eight octets of a number, and in an answer the name of the host.
struct Question {
    let number: Int
    let answerer: Host?

    init(number: Int) {
        self.number = number
        answerer = nil
    }

    /// Nil for what cannot be one.
    init?(_ octets: [UInt8]) {
        guard octets.count >= 8 else { return nil }
        let bits = octets[0..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let number = Int(exactly: bits) else { return nil }
        self.number = number
        answerer = Host(rawValue: String(decoding: octets[8...], as: UTF8.self))
    }

    var octets: [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}
