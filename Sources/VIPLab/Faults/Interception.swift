import Synchronization

/// Somebody sits in a voter's cable: what its agent says to the others comes to him, and what he
/// makes of it goes on in its place. The agent is a shipped one, and does not notice.
///
///     agent --- port | ears ==> rewrite ==> mouth --- gap | switch --- the others
///
/// What comes to the voter, and all that its agent has not sent, passes as before; and the switch
/// does to what is sent on whatever it does to others' frames (see `Faults`).
package final class Interception: Sendable {
    private let stop = StopFlag()
    private let thread: WorkerThread
    private let ended = Atomic(false)

    /// Begins at once, on the first network.
    ///
    /// - Parameter rewrite: From one datagram's payload to another, in the order of sending.
    package init(
        in lab: Lab,
        of host: Host,
        rewrite: @escaping @Sendable ([UInt8]) -> [UInt8]
    ) throws(LabError) {
        let namespace = Lab.switchNamespace(of: lab.name)
        let (port, gap, mouth) = (Network.first.port(of: host), "\(host)-gap", "\(host)-mouth")
        try namespace.configure([
            "link add \(mouth) type veth peer name \(gap)",
            "link set \(gap) master \(Network.first.bridge) up",
            // The voter is behind its port, whatever comes from here with its address.
            "link set \(gap) type bridge_slave learning off flood off mcast_flood off",
            "link set \(mouth) up",
        ])
        let heard = try Socket.packets(of: namespace, interface: port, ethertype: Frames.every)
        let said = try Socket.packets(of: namespace, interface: mouth, ethertype: 0)
        try Command(
            "nft -f -",
            in: namespace,
            input: """
                add table bridge interception
                add chain bridge interception \(host) { type filter hook forward priority 0; }
                add rule bridge interception \(host) iifname "\(port)" udp dport \(Lab.voterPort) drop

                """
        ).runSuccessfully()

        let voter = host.macAddress()
        thread = try WorkerThread(.measuring) { [stop] in
            while !stop.isRaised {
                guard Socket.wait(for: [heard], atMost: 50)[0] else { continue }
                guard let frame = heard.receive(), let datagram = Frames.datagram(in: frame),
                    datagram.from.mac == voter, datagram.to.port == Lab.voterPort
                else { continue }
                let payload = rewrite(datagram.payload)
                said.send(Frames.datagram(payload, from: datagram.from, to: datagram.to))
            }
        }
    }

    /// The voter is cut off from the others then, which is for the end of a lab.
    package func end() {
        guard !ended.exchange(true, ordering: .acquiringAndReleasing) else { return }
        stop.raise()
        thread.join()
    }

    deinit {
        end()
    }
}
