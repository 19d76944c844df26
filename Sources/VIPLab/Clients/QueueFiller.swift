import Synchronization

/// A client that asks a floating address for more than a slow card can carry, so that the owner's
/// queue is always full. Each answer says when its host gave it to the card.
final class QueueFiller: Sendable {
    private let stop = StopFlag()
    private let thread: WorkerThread
    private let responders: [UDPResponder]

    static let port: UInt16 = 7003
    /// Six answers and one of ARP every 2 ms are 35 Mbit/s.
    private static let burst = 6
    private static let interval: Duration = .milliseconds(2)
    private static let question = [UInt8](repeating: 0, count: 1400)

    init(in lab: Lab, address: String) throws(LabError) {
        let target = try InternetAddress(address)
        var responders: [UDPResponder] = []
        for host in Host.nodes {
            responders.append(
                try UDPResponder(in: lab, host: host, port: Self.port) {
                    Frames.octets(UInt64(Moment.now.nanoseconds), 8)
                }
            )
        }
        self.responders = responders
        let client = lab.namespace(of: .client)
        // Nobody reads the answers: they are looked at in the switch.
        let asker = try Socket.datagrams(of: client, ipv6: false, port: 0)
        let wire = try Socket.packets(
            of: client,
            interface: Network.first.interface,
            // None: it only sends.
            ethertype: 0
        )
        thread = try WorkerThread(.measuring) { [stop] in
            let probe = Frames.arpProbe(number: 0, for: target, from: Host.client.macAddress())
            var next = Moment.now
            while !stop.isRaised {
                next = next + Self.interval
                next.sleepUntil()
                if Moment.now - next > .milliseconds(20) { next = .now }
                for _ in 0..<Self.burst {
                    asker.send(Self.question, to: target, port: Self.port)
                }
                wire.send(probe)
            }
        }
    }

    func end() {
        stop.raise()
        thread.join()
        for responder in responders { responder.end() }
    }
}
