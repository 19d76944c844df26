// The judge shares no code with the judged: nothing of the product is imported in this folder, and
// a test sees to it. What an agent puts on the wire is read here by what the RFCs say.

import Glibc
import Synchronization

/// Asks all hosts at once who has the address, 500 times a second, and notes everyone who answers.
///
/// A client's own cache leads it to one host and hides a second owner. So the watch asks twice,
/// past every cache: by address resolution (an ARP broadcast, or a Neighbor Solicitation to the
/// address's group), which each owner answers, and by a datagram to the card of each node, which a
/// node answers that would serve the address.
public final class OwnerWatch: Sendable {
    private let byResolution: Recording
    private let byIP: Recording
    private let announced = Locked<[Announcement]>([])
    private let stop = StopFlag()
    private let threads: [WorkerThread]
    private let responders: [UDPResponder]
    private let ended = Atomic(false)

    /// A gratuitous ARP frame, or an unsolicited Neighbor Advertisement, for the address.
    public struct Announcement: Hashable, Sendable {
        public let received: Moment
        public let host: Host
    }

    public struct Report: Sendable {
        /// Whose cards answered for the address, by ARP or Neighbor Discovery.
        public let resolution: ProbeReport
        /// The answers to datagrams.
        public let ip: ProbeReport
        public let announcements: [Announcement]

        /// Answers that prove two owners at one instant: this has to be 0, always.
        public var answersFromTwoAtOnce: Int {
            resolution.answersFromTwoAtOnce.count + ip.answersFromTwoAtOnce.count
        }

        /// How often a host answered, either way, what was asked from a moment on.
        public func answers(by host: Host, since begin: Moment) -> Int {
            resolution.answers(by: host, since: begin) + ip.answers(by: host, since: begin)
        }
    }

    /// Starts at once.
    ///
    /// - Parameter port: Of the service that answers the datagrams, and of the client that asks.
    public init(
        in lab: Lab,
        address: String = "10.77.0.100",
        port: UInt16 = 7002,
        interval: Duration = .milliseconds(2)
    ) throws(LabError) {
        byResolution = Recording(lease: lab.options.configuration.lease)
        byIP = Recording(lease: lab.options.configuration.lease)
        let target = try InternetAddress(address)
        let own = try InternetAddress(
            target.isIPv6 ? Host.client.ipv6Address() : Host.client.address()
        )
        responders = [
            try UDPResponder(in: lab, host: .lb1, port: port),
            try UDPResponder(in: lab, host: .lb2, port: port),
        ]
        let client = lab.namespace(of: .client)
        let card = Network.first.interface
        let wire = try Socket.packets(
            of: client,
            interface: card,
            ethertype: target.isIPv6 ? Frames.ipv6 : Frames.arp
        )
        if target.isIPv6 { try wire.takeAdvertisementsOnly() }
        let nobody = try InternetAddress("\(Network.first.ipv6Prefix)::ee")
        let answers = try Socket.datagrams(of: client, ipv6: target.isIPv6, port: port)
        let from = Frames.End(mac: Host.client.macAddress(), address: own, port: port)

        threads = [
            try WorkerThread(.measuring) { [stop, byResolution, byIP] in
                var next = Moment.now
                while !stop.isRaised {
                    next = next + interval
                    next.sleepUntil()
                    let now = Moment.now
                    if now - next > .milliseconds(20) { next = now }
                    let number = UInt32(truncatingIfNeeded: byResolution.ask(at: now))
                    wire.send(
                        target.isIPv6
                            ? Frames.solicitation(
                                number: number,
                                for: target,
                                from: from.mac,
                                source: nobody
                            )
                            : Frames.arpProbe(number: number, for: target, from: from.mac)
                    )
                    for node in Host.nodes {
                        // A question of its own for each: between two sends the thread may sleep.
                        let question = Question(number: byIP.ask(at: .now)).octets
                        let to = Frames.End(mac: node.macAddress(), address: target, port: port)
                        wire.send(Frames.datagram(question, from: from, to: to))
                    }
                }
            },
            try WorkerThread(.measuring) { [stop, byResolution, byIP, announced] in
                while !stop.isRaised {
                    let ready = Socket.wait(for: [wire, answers], atMost: 50)
                    let now = Moment.now
                    if ready[0], let frame = wire.receive() {
                        Self.note(
                            Frames.claim(in: frame, about: target),
                            now,
                            byResolution,
                            announced
                        )
                    }
                    if ready[1], let answer = answers.receive().flatMap(Question.init),
                        let host = answer.answerer
                    {
                        byIP.answered(answer.number, at: now, by: host)
                    }
                }
            },
        ]
    }

    private static func note(
        _ claim: Frames.Claim?,
        _ moment: Moment,
        _ byResolution: Recording,
        _ announced: Locked<[Announcement]>
    ) {
        switch claim {
        case .answer(let number, let mac):
            guard let host = host(of: mac) else { return }
            byResolution.answered(Int(number), at: moment, by: host)
        case .announcement(let mac):
            guard let host = host(of: mac) else { return }
            announced.change { $0.append(Announcement(received: moment, host: host)) }
        case nil:
            return
        }
    }

    private static func host(of mac: MACAddress) -> Host? {
        Host.allCases.first { host in Network.allCases.contains { host.macAddress(on: $0) == mac } }
    }

    /// What was seen from a moment on until another one, or until now. Waits for late answers.
    public func report(since begin: Moment, until end: Moment = .now) -> Report {
        let window = begin..<max(begin, end)
        return Report(
            resolution: byResolution.report(window),
            ip: byIP.report(window),
            announcements: announced.value.filter { window.contains($0.received) }
        )
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
