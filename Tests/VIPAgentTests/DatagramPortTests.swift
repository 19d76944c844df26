import CNetlink
import Glibc
import Testing
import VIPAgent
import VIPConfiguration
import VIPNet
import VIPPlatform
import VIPTestSupport

@Suite("Datagram port", .enabled(if: isRoot, "network namespaces take root"))
struct DatagramPortTests {
    static let loopback = IPAddress.v4(0x7f00_0001)
    static let other = IPAddress.v4(0x7f00_0002)
    static let loopback6 = IPAddress.v6(high: 0, low: 1)

    private static func send(
        _ octets: [UInt8],
        _ port: DatagramPort,
        from: IPAddress?,
        to: Endpoint
    ) -> DatagramPort.Outcome { port.send(octets.span, from: from, to: to) }

    private static func receive(
        _ port: DatagramPort
    ) throws -> (datagram: DatagramPort.Datagram, octets: [UInt8])? {
        guard waitReadable(port.fileDescriptor), let datagram = try port.receive() else {
            return nil
        }
        let octets = port.withOctets(of: datagram) { octets in
            octets.indices.map { octets[$0] }
        }
        return (datagram, octets)
    }

    @Test("a datagram says where it came from and which address it was sent to")
    func addresses() throws {
        try inNetworkNamespace {
            let (here, there) = (
                try DatagramPort(family: .v4, port: 7694), try DatagramPort(family: .v4, port: 0)
            )
            #expect(try here.receive() == nil)
            let sent = Self.send(
                [1, 2, 3],
                there,
                from: Self.other,
                to: Endpoint(address: Self.loopback, port: 7694)
            )
            #expect(sent == .sent)
            let received = try #require(try Self.receive(here))
            #expect(received.octets == [1, 2, 3])
            #expect(received.datagram.source == Endpoint(address: Self.other, port: there.port))
            #expect(received.datagram.local == Self.loopback)
            #expect(!received.datagram.isCut)
            #expect(try here.receive() == nil)
        }
    }

    @Test("IPv6 has the same port to itself")
    func ipv6() throws {
        try inNetworkNamespace {
            let four = try DatagramPort(family: .v4, port: 7694)
            let six = try DatagramPort(family: .v6, port: 7694)
            let sent = Self.send(
                [9],
                six,
                from: Self.loopback6,
                to: Endpoint(address: Self.loopback6, port: 7694)
            )
            #expect(sent == .sent)
            let received = try #require(try Self.receive(six))
            #expect(received.octets == [9])
            #expect(received.datagram.source == Endpoint(address: Self.loopback6, port: 7694))
            #expect(received.datagram.local == Self.loopback6)
            #expect(try four.receive() == nil)
        }
    }

    @Test("a port in use is refused, with a hint")
    func inUse() throws {
        try inNetworkNamespace {
            let first = try DatagramPort(family: .v4, port: 7694)
            #expect(
                throws: SystemError(call: "bind", on: "udp 0.0.0.0:7694", errno: EADDRINUSE)
            ) { try DatagramPort(family: .v4, port: 7694) }
            _ = first
        }
    }

    @Test("what the network does not take is a value")
    func failures() throws {
        try inNetworkNamespace {
            let port = try DatagramPort(family: .v4, port: 7694)
            let nowhere = Endpoint(address: .v4(0x0808_0808), port: 1)
            #expect(Self.send([1], port, from: nil, to: nowhere) == .failed(errno: ENETUNREACH))
            let foreign = IPAddress.v4(0x0a09_0908)
            let home = Endpoint(address: Self.loopback, port: 1)
            #expect(Self.send([1], port, from: foreign, to: home) == .failed(errno: ENETUNREACH))
            let long = [UInt8](repeating: 0, count: 70_000)
            #expect(Self.send(long, port, from: nil, to: home) == .failed(errno: EMSGSIZE))
        }
    }

    @Test("a closed port at the other end, and a firewall here, do not disturb receiving")
    func refusals() throws {
        try inNetworkNamespace {
            let port = try DatagramPort(family: .v4, port: 7694)
            let closed = Endpoint(address: Self.loopback, port: 9)
            #expect(Self.send([1], port, from: Self.loopback, to: closed) == .sent)
            #expect(try port.receive() == nil)
            let home = Endpoint(address: Self.loopback, port: 7694)
            #expect(Self.send([2], port, from: Self.loopback, to: home) == .sent)
            #expect(try Self.receive(port)?.octets == [2])
            let rules =
                "add table inet t; add chain inet t o { type filter hook output priority 0; policy drop; }"
            #expect(run("nft", rules) == 0)
            #expect(Self.send([3], port, from: Self.loopback, to: home) == .failed(errno: EPERM))
            #expect(try port.receive() == nil)
        }
    }

    @Test("a datagram longer than any frame is cut and says so")
    func cut() throws {
        try inNetworkNamespace {
            let port = try DatagramPort(family: .v4, port: 7694)
            let home = Endpoint(address: Self.loopback, port: 7694)
            let octets = [UInt8](repeating: 7, count: 3000)
            #expect(Self.send(octets, port, from: Self.loopback, to: home) == .sent)
            let received = try #require(try Self.receive(port))
            #expect(received.datagram.isCut && received.datagram.count == 3000)
            #expect(received.octets.count == 2048)
            #expect(Self.send([], port, from: Self.loopback, to: home) == .sent)
            #expect(try Self.receive(port)?.octets == [])
        }
    }
}
