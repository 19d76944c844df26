import CNetlink
import Glibc
import Testing
import VIPAgent
import VIPConfiguration
import VIPCore
import VIPNet
import VIPPlatform
import VIPTestSupport

@Suite("Sockets that were left to a program", .enabled(if: isRoot, "network namespaces take root"))
struct InheritedSocketTests {
    /// The reason for which it is not taken over as that port; nil if it is.
    private func refusal(
        _ number: Int32,
        _ family: DatagramPort.Family = .v4,
        _ port: UInt16 = 7694
    ) -> String? {
        do throws(SystemError) {
            _ = try DatagramPort(inheriting: number, family: family, port: port)
            return nil
        } catch {
            return "\(error.subject): \(error.detail ?? SystemError.name(of: error.errno))"
        }
    }

    @Test(
        "a port is taken over as it is, again and again",
        arguments: [
            DatagramPort.Family.v4, .v6,
        ]
    )
    func ports(family: DatagramPort.Family) throws {
        try inNetworkNamespace {
            let first = try DatagramPort(family: family, port: 7694)
            for _ in 0..<3 {
                let port = try DatagramPort(
                    inheriting: dup(first.fileDescriptor),
                    family: family,
                    port: 7694
                )
                #expect(port.port == 7694)
                port.improve()
                port.filter(by: .frames)
            }
        }
    }

    @Test("what is something else is refused, and closed")
    func others() throws {
        try inNetworkNamespace {
            let four = try DatagramPort(family: .v4, port: 7694)
            let six = try DatagramPort(family: .v6, port: 7694)
            #expect(
                refusal(dup(four.fileDescriptor), .v4, 7000)
                    == "udp 0.0.0.0:7000: it is bound to 0.0.0.0:7694"
            )
            #expect(
                refusal(dup(four.fileDescriptor), .v6)
                    == "udp [::]:7694: it is a socket of another kind"
            )
            #expect(
                refusal(dup(six.fileDescriptor), .v4)
                    == "udp 0.0.0.0:7694: it is a socket of another kind"
            )
            let stream = vip_socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            #expect(refusal(stream) == "udp 0.0.0.0:7694: it is a socket of another kind")
            #expect(fcntl(stream, F_GETFD) == -1)
            let file = unsafe vip_open("/dev/null", O_RDONLY, 0)
            #expect(refusal(file) == "udp 0.0.0.0:7694: ENOTSOCK")
        }
    }

    @Test("one that is bound to an address, connected, or for both families is refused")
    func almost() throws {
        try inNetworkNamespace {
            func socket(
                _ family: Int32,
                _ address: vip_ip,
                connectedTo port: UInt16? = nil
            ) -> Int32 {
                let number = vip_socket(family, Int32(SOCK_DGRAM.rawValue), 0)
                var endpoint = vip_endpoint(ip: address, port: 7694, scope: 0)
                #expect(unsafe vip_bind(number, &endpoint) == 0)
                return number
            }
            let loopback = vip_ip(family: AF_INET, high: 0, low: 0x7f00_0001)
            #expect(
                refusal(socket(AF_INET, loopback))
                    == "udp 0.0.0.0:7694: it is bound to 127.0.0.1:7694"
            )
            let any = vip_ip(family: AF_INET6, high: 0, low: 0)
            #expect(
                refusal(socket(AF_INET6, any), .v6)
                    == "udp [::]:7694: it is bound without an option"
            )
        }
    }

    @Test("one of another network namespace is refused")
    func elsewhere() throws {
        var number: Int32 = -1
        try inNetworkNamespace {
            let port = try DatagramPort(family: .v4, port: 7694)
            number = withExtendedLifetime(port) { dup(port.fileDescriptor) }
        }
        try inNetworkNamespace {
            #expect(
                refusal(number) == "udp 0.0.0.0:7694: it is in another network namespace"
            )
        }
    }

    @Test("options of an earlier version are brought up to date, and a filter, too")
    func improved() throws {
        try inNetworkNamespace {
            let number = vip_socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
            var endpoint = vip_endpoint()
            endpoint.ip.family = AF_INET
            endpoint.port = 7694
            #expect(unsafe vip_bind(number, &endpoint) == 0)
            let port = try DatagramPort(inheriting: number, family: .v4, port: 7694)
            var value: Int32 = 0
            #expect(unsafe vip_get_option(number, Int32(IPPROTO_IP), IP_PKTINFO, &value) == 0)
            #expect(value == 1)
            port.improve()
            #expect(unsafe vip_get_option(number, Int32(IPPROTO_IP), IP_TOS, &value) == 0)
            #expect(value == 0xc0)
            #expect(unsafe vip_get_option(number, SOL_SOCKET, SO_PRIORITY, &value) == 0)
            #expect(value == 6)
        }
    }

    @Test("a program takes each of what was left once, and says what is not what it was")
    func descriptors() throws {
        try inNetworkNamespace {
            let port = try DatagramPort(family: .v6, port: 7000)
            let packet = vip_packet_socket()
            let file = unsafe vip_open("/dev/null", O_RDONLY, 0)
            var inherited = InheritedDescriptors([
                "udp.[::]:7000": dup(port.fileDescriptor), "announcer": packet, "control": file,
                "other": 99,
            ])
            let local = try #require(Endpoint(parsing: "[fd00::1]:7000"))
            #expect(inherited.port(for: local)?.port == 7000)
            #expect(inherited.port(for: local) == nil)
            #expect(inherited.announcer() == packet)
            #expect(inherited.faults == [])
            #expect(inherited.listener("control") == nil)
            #expect(inherited.faults.map(\.subject) == ["control"])
            #expect(fcntl(file, F_GETFD) == -1)
            #expect(inherited.left == ["other": 99])
            close(packet)
        }
    }
}

@Suite("Filter for frames", .enabled(if: isRoot, "network namespaces take root"))
struct FrameFilterTests {
    /// How many of `count` datagrams with these octets come through.
    private func passing(
        _ octets: [UInt8],
        of count: Int = 1,
        family: DatagramPort.Family = .v4
    ) throws -> Int {
        var passed = 0
        try inNetworkNamespace {
            let port = try DatagramPort(family: family, port: 7694)
            port.filter(by: .frames)
            let sender = try DatagramPort(family: family, port: 0)
            let home: IPAddress = family == .v4 ? .v4(0x7f00_0001) : .v6(high: 0, low: 1)
            let target = Endpoint(address: home, port: 7694)
            for _ in 0..<count {
                #expect(sender.send(octets.span, from: home, to: target) == .sent)
                while try port.receive() != nil { passed += 1 }
            }
            #expect(port.dropsInKernel.map { Int($0) } == count - passed)
        }
        return passed
    }

    private func frame(_ count: Int, version: UInt8 = 1) -> [UInt8] {
        [0x56, 0x49, 0x50, 0x41, version] + [UInt8](repeating: 0, count: count - 5)
    }

    @Test(
        "lets through what may be a frame, of whatever version",
        arguments: [
            DatagramPort.Family.v4, .v6,
        ]
    )
    func frames(family: DatagramPort.Family) throws {
        for octets in [frame(124), frame(1400), frame(700, version: 9)] {
            #expect(try passing(octets, family: family) == 1)
        }
    }

    @Test("of what is too short, too long or begins otherwise, one in some hundred")
    func others() throws {
        var wrong = frame(200)
        wrong[3] = 0x42
        for octets in [[], [0x56], frame(123), frame(1401), wrong] {
            let passed = try passing(octets, of: 2560)
            #expect((1...40).contains(passed), "\(passed) of \(octets.count) octets")
        }
    }
}
