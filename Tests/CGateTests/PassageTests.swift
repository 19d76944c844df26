import CGate
import Glibc
import Testing
import VIPTestSupport

/// A standby's host forwards and bridges for others, and does not answer.
@Suite("Behind a closed gate", .enabled(if: isRoot, "network namespaces take root"))
struct PassageTests {
    typealias Family = ForwardingNetwork.Family

    private static func network(bridgeNetfilter: Bool = false) throws -> ForwardingNetwork {
        let network = try ForwardingNetwork()
        network.setBridgeNetfilter(bridgeNetfilter)
        return network
    }

    private static func expectNothingDropped(_ gate: Gate) {
        for slot in 0...Gate.slot6 {
            let dropped = gate.dropped(slot)
            #expect(dropped.leaving == 0 && dropped.arriving == 0, "slot \(slot): \(dropped)")
        }
    }

    // MARK: What passes

    @Test(
        "a container is routed to the owner and back, in fragments too",
        arguments: Family.both,
        [false, true]
    )
    func routed(family: Family, bridgeNetfilter: Bool) throws {
        let network = try Self.network(bridgeNetfilter: bridgeNetfilter)
        #expect(try network.answers(to: network.container, family, count: 100) == 100)
        #expect(try network.answers(to: network.container, family, size: 4000) == 20)
        Self.expectNothingDropped(network.gate)
    }

    @Test(
        "a container is masqueraded to the owner and back, in fragments too",
        arguments: Family.both,
        [false, true]
    )
    func masqueraded(family: Family, bridgeNetfilter: Bool) throws {
        let network = try Self.network(bridgeNetfilter: bridgeNetfilter)
        try network.standby.load(
            rules: """
                table inet nat { chain out { type nat hook postrouting priority 100
                oifname "br0" masquerade
                }
                }
                """
        )
        for family in Family.both {
            network.owner.run("ip route del \(family.isIPv6 ? "fd99::/64" : "198.51.100.0/24")")
        }
        #expect(try network.answers(to: network.container, family, count: 100) == 100)
        #expect(try network.answers(to: network.container, family, size: 4000) == 20)
        Self.expectNothingDropped(network.gate)
    }

    @Test(
        "a guest on a bridge finds the owner and is answered",
        arguments: Family.both,
        [false, true]
    )
    func bridged(family: Family, bridgeNetfilter: Bool) throws {
        let network = try Self.network(bridgeNetfilter: bridgeNetfilter)
        #expect(try network.answers(to: network.guest, family, count: 100) == 100)
        #expect(try network.answers(to: network.guest, family, size: 4000) == 20)
        Self.expectNothingDropped(network.gate)
        // Also while the address is installed behind the closed gate.
        try network.install(family)
        #expect(try network.answers(to: network.guest, family) == 20)
    }

    @Test("what the owner begins comes to a container", arguments: Family.both)
    func begunByOwner(family: Family) throws {
        let network = try Self.network()
        let port = DatagramSocket.port
        let listener = try network.container.socket(port: port, isIPv6: family.isIPv6)
        let owner = try network.owner.socket(family.floating, isIPv6: family.isIPv6)
        for number: UInt8 in 0..<20 {
            owner.send([number], to: family.container)
            #expect(listener.receive(within: 3000)?.octets == [number])
        }
        Self.expectNothingDropped(network.gate)
    }

    @Test("the standby itself reaches the owner", arguments: Family.both)
    func itself(family: Family) throws {
        let network = try Self.network()
        #expect(try network.answers(to: network.standby, family) == 20)
    }

    // MARK: What does not

    @Test(
        "who still takes the standby for the owner gets nothing in, and nothing out",
        arguments: Family.both,
        [false, true]
    )
    func staleNeighbour(family: Family, bridgeNetfilter: Bool) throws {
        let network = try Self.network(bridgeNetfilter: bridgeNetfilter)
        try network.mislead(network.client, family)
        #expect(try network.questions(from: network.client, at: network.owner, family) == 0)
        try network.install(family)
        for asker in [network.client, network.container] {
            #expect(try network.questions(from: asker, at: network.standby, family) == 0)
        }
        let slot = family.isIPv6 ? Gate.slot6 : Gate.slot
        #expect(network.gate.dropped(slot).arriving == 15)
    }

    @Test(
        "the address is neither redirected to the standby nor to anybody behind it",
        arguments: Family.both,
        [false, true]
    )
    func destinationRewritten(family: Family, bridgeNetfilter: Bool) throws {
        let network = try Self.network(bridgeNetfilter: bridgeNetfilter)
        try network.mislead(network.client, family)
        // From inside, a rule of this host's own takes the question without a bridge's help:
        // it is not answered, as the next test shows.
        let redirected =
            bridgeNetfilter ? [network.client, network.container] : [network.client]
        for (rule, service, askers) in [
            ("redirect", network.standby, redirected),
            (
                "dnat to \(family.backend)", network.backend,
                [network.client, network.container]
            ),
            ("dnat to \(family.guest)", network.guest, [network.client, network.container]),
        ] {
            try network.standby.load(
                rules: """
                    table \(family.rule) nat { chain in { type nat hook prerouting priority -100
                    \(family.rule) daddr \(family.floating) \(rule)
                    }
                    chain out { type nat hook postrouting priority 100
                    \(family.rule) daddr { \(family.backend), \(family.guest) } masquerade
                    }
                    }
                    """
            )
            for asker in askers {
                let count = try network.questions(from: asker, at: service, family)
                #expect(count == 0, "\(rule)")
            }
        }
    }

    @Test(
        "what the standby makes of an answer of somebody else's does not leave",
        arguments: Family.both,
        [false, true]
    )
    func sourceRewritten(family: Family, bridgeNetfilter: Bool) throws {
        let network = try Self.network(bridgeNetfilter: bridgeNetfilter)
        let port = DatagramSocket.port
        // Two connections to the address that were there before the gate closed.
        network.gate.open()
        try network.mislead(network.client, family)
        let rules = ["dnat to \(family.backend)", "dnat to \(family.guest)", "redirect"]
        let services = [network.backend, network.guest, network.standby]
        for (rule, service) in zip(rules, services) {
            network.gate.open()
            try network.standby.load(
                rules: """
                    table \(family.rule) nat { chain in { type nat hook prerouting priority -100
                    \(family.rule) daddr \(family.floating) \(rule)
                    }
                    chain out { type nat hook postrouting priority 100
                    \(family.rule) daddr { \(family.backend), \(family.guest) } masquerade
                    }
                    }
                    """
            )
            for asker in [network.client, network.container] {
                network.gate.open()
                let listener = try service.socket(port: port, isIPv6: family.isIPv6)
                let socket = try asker.socket(isIPv6: family.isIPv6)
                socket.send([1], to: family.floating)
                let asked = try #require(listener.receive(within: 3000), "\(rule)")
                listener.send([2], to: asked.address, port: asked.port)
                let answer = try #require(socket.receive(within: 3000), "\(rule)")
                #expect(answer.address == family.floating)
                network.gate.close()
                listener.send([3], to: asked.address, port: asked.port)
                #expect(socket.receive(within: 100) == nil, "\(rule)")
            }
        }
    }

    @Test("what the standby sends as the owner does not leave", arguments: Family.both)
    func sourceClaimed(family: Family) throws {
        let network = try Self.network()
        let port = DatagramSocket.port
        let socket = try network.standby.socket(family.floating, isIPv6: family.isIPv6)
        for (station, address) in [
            (network.client, family.client), (network.guest, family.guest),
            (network.container, family.container),
        ] {
            let listener = try station.socket(port: port, isIPv6: family.isIPv6)
            for open in [false, true] {
                open ? network.gate.open() : network.gate.close()
                socket.send([7], to: address)
                #expect((listener.receive(within: open ? 3000 : 100) != nil) == open)
            }
            network.gate.close()
        }
        // Translated to the address, which others do on the way of somebody's.
        try network.standby.load(
            rules: """
                table \(family.rule) nat { chain out { type nat hook postrouting priority 100
                oifname "br0" snat to \(family.floating)
                }
                }
                """
        )
        let listener = try network.client.socket(port: port, isIPv6: family.isIPv6)
        let inner = try network.container.socket(isIPv6: family.isIPv6)
        inner.send([8], to: family.client)
        #expect(listener.receive(within: 200) == nil)
    }

    @Test("ARP that the standby rewrites to speak for the address does not leave")
    func senderRewritten() throws {
        let network = try Self.network()
        let guest = try network.guest.interface("eth0")
        func announce(_ sender: [UInt8]) throws {
            try network.guest.perform {
                let socket = try PacketSender()
                let frame = Frames.ethernet(0x0806, Frames.arp(sender: sender, target: sender))
                #expect(socket.send(frame, on: guest) == 0)
            }
        }
        func dropped() -> UInt64 { network.gate.dropped(Gate.slot).leaving }

        try announce(Frames.floating)
        #expect(dropped() == 0, "as the guest itself says it")
        try network.standby.load(
            rules: """
                table bridge nat { chain through { type filter hook forward priority 0
                arp saddr ip != 10.77.0.100 arp saddr ip set 10.77.0.100
                }
                }
                """
        )
        // One in its subnet, others wherever.
        let senders: [[UInt8]] = [Frames.other, [10, 77, 127, 100], [198, 51, 100, 2]]
        for (number, sender) in senders.enumerated() {
            try announce(sender)
            #expect(dropped() == UInt64(number + 1), "\(sender)")
        }
        network.gate.open()
        try announce(Frames.other)
        #expect(dropped() == UInt64(senders.count), "open")
    }

    @Test("a container that has the address itself is not routed", arguments: Family.both)
    func claimedBehind(family: Family) throws {
        let network = try Self.network()
        let listener = try network.client.socket(
            port: DatagramSocket.port,
            isIPv6: family.isIPv6
        )
        let socket = try network.container.socket(family.floating, isIPv6: family.isIPv6)
        socket.send([9], to: family.client)
        #expect(listener.receive(within: 200) == nil)
        let slot = family.isIPv6 ? Gate.slot6 : Gate.slot
        #expect(network.gate.dropped(slot).leaving > 0)
    }

    @Test("the standby answers no question where the address is", arguments: Family.both)
    func resolution(family: Family) throws {
        let network = try Self.network()
        try network.owner.require("ip link set eth0 down")
        try network.install(family)
        // Routed to by proxy, too.
        network.standby.run("sysctl -qw net.ipv4.conf.br0.proxy_arp=1")
        let socket = try network.client.socket(isIPv6: family.isIPv6)
        for open in [false, true] {
            open ? network.gate.open() : network.gate.close()
            network.client.run("ip neigh flush all")
            let listener = try network.standby.socket(
                port: DatagramSocket.port,
                isIPv6: family.isIPv6
            )
            socket.send([1], to: family.floating)
            #expect((listener.receive(within: open ? 3000 : 300) != nil) == open)
        }
    }
}
