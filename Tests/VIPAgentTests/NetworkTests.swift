import CNetlink
import Glibc
import Testing
import VIPAgent
import VIPConfiguration
import VIPNet
import VIPPlatform
import VIPTestSupport

@Suite("Kernel's network", .enabled(if: isRoot, "network namespaces take root"))
struct NetworkTests {
    static let floating = IPAddress.v4(0x0a4d_0064)
    static let floating6 = IPAddress.v6(high: 0xfd77_0000_0000_0000, low: 0x64)

    private static func link(_ name: String, _ socket: RouteSocket) throws -> Link {
        try #require(try socket.links().first { $0.name == name })
    }

    @Test("links are listed with what matters about them")
    func links() throws {
        try inNetworkNamespace {
            #expect(run("ip", "link", "set", "v0", "address", "02:02:03:04:05:06") == 0)
            let links = try RouteSocket().links()
            #expect(links.map(\.name).sorted().filter { $0 != "sit0" } == ["lo", "v0", "v1"])
            let link = try #require(links.first { $0.name == "v0" })
            #expect(link.mac == MACAddress(bits: 0x0202_0304_0506))
            #expect(link.kind == "veth")
            #expect(link.isUp && link.hasCarrier && link.isUsable && !link.isLoopback)
            #expect(link.hardwareType == 1)
            #expect(links.first { $0.name == "lo" }?.isLoopback == true)
        }
    }

    @Test("a floating address is added, renewed, found again as ours, and removed")
    func addresses() throws {
        try inNetworkNamespace {
            let socket = try RouteSocket()
            let interface = try Self.link("v0", socket).index
            for (address, length) in [(Self.floating, 32), (Self.floating6, 128)]
                as [(IPAddress, UInt8)]
            {
                var wanted = InterfaceAddress(
                    floating: address,
                    prefixLength: length,
                    on: interface,
                    lifetime: 100
                )
                try socket.add(wanted)
                wanted.valid = .seconds(1000)
                if case .v4 = address { wanted.preferred = .seconds(1000) }
                try socket.add(wanted)
                let found = try #require(try socket.addresses().first { $0.address == address })
                #expect(found.isOurs && found.owner == 0x56)
                #expect(found.interface == interface && found.prefixLength == length)
                guard case .seconds(990...1000) = found.valid else {
                    Issue.record("valid for \(found.valid)")
                    return
                }
                if case .v6 = address {
                    #expect(found.flags.contains([.noDuplicateAddressDetection, .deprecated]))
                    #expect(!found.flags.contains(.tentative))
                    #expect(found.preferred == .seconds(0))
                }
                try socket.remove(found)
                #expect(try !socket.addresses().contains { $0.address == address })
                try socket.remove(found)
            }
        }
    }

    @Test("an address that others put there is not ours")
    func foreign() throws {
        try inNetworkNamespace {
            #expect(run("ip", "addr", "add", "10.1.2.3/24", "dev", "v0") == 0)
            let socket = try RouteSocket()
            let found = try #require(
                try socket.addresses().first { $0.address == .v4(0x0a01_0203) }
            )
            #expect(!found.isOurs && found.valid == .forever && found.prefixLength == 24)
            #expect(found.flags.contains(.permanent))
        }
    }

    /// The kernel leaves such ends out of what it says, and wants them in what it is told.
    @Test(
        "an address is removed in the shape that it has",
        arguments: [
            ["10.1.2.3/24"], ["10.1.2.3", "peer", "10.1.2.4/30"], ["10.1.2.3", "peer", "0.0.0.0"],
            ["fd78::1/64"], ["fd78::1", "peer", "fd78::2/64"],
        ]
    )
    func shapes(shape: [String]) throws {
        try inNetworkNamespace {
            #expect(run(["ip", "address", "add"] + shape + ["dev", "v0"]) == 0)
            let socket = try RouteSocket()
            func there() throws -> [InterfaceAddress] {
                try socket.addresses().filter { address in
                    [.v4(0x0a01_0203), .v6(high: 0xfd78_0000_0000_0000, low: 1)]
                        .contains(address.address)
                }
            }
            let found = try there()
            #expect(found.count == 1)
            for address in found { #expect(try socket.remove(address)) }
            #expect(try there() == [])
        }
    }

    @Test("what the kernel refuses is an error with its words")
    func refused() throws {
        try inNetworkNamespace {
            let socket = try RouteSocket()
            let nowhere = InterfaceAddress(
                floating: Self.floating,
                prefixLength: 32,
                on: 4711,
                lifetime: 10
            )
            #expect(throws: SystemError.self) { try socket.add(nowhere) }
            do throws(SystemError) {
                try socket.add(nowhere)
            } catch {
                #expect(error.errno == ENODEV)
                #expect(
                    error.description.hasPrefix(
                        "RTM_NEWADDR 10.77.0.100/32 on interface 4711: ENODEV (No such device)"
                    )
                )
            }
            try socket.remove(nowhere)
            var tooLong = nowhere
            tooLong.interface = try Self.link("v0", socket).index
            tooLong.prefixLength = 33
            do throws(SystemError) {
                try socket.add(tooLong)
                Issue.record("a prefix of 33 bits was accepted")
            } catch {
                #expect(error.errno == EINVAL)
                #expect(error.detail?.isEmpty == false)
            }
            // The socket is as good as before.
            #expect(try socket.links().count >= 3)
        }
    }

    @Test("a thousand addresses are all in the list")
    func many() throws {
        try inNetworkNamespace {
            let socket = try RouteSocket()
            let interface = try Self.link("v0", socket).index
            for number in 0..<1000 {
                try socket.add(
                    InterfaceAddress(
                        floating: .v4(0x0a00_0000 + UInt32(number)),
                        prefixLength: 32,
                        on: interface,
                        lifetime: 1000
                    )
                )
            }
            #expect(try socket.addresses().filter(\.isOurs).count == 1000)
        }
    }

    @Test("changes to links and addresses are heard of, in order")
    func monitor() throws {
        try inNetworkNamespace {
            let socket = try RouteSocket()
            let interface = try Self.link("v0", socket).index
            let monitor = try RouteMonitor()
            let address = InterfaceAddress(
                floating: Self.floating,
                prefixLength: 32,
                on: interface,
                lifetime: 50
            )
            try socket.add(address)
            try socket.remove(address)
            // Of the pair's own links and addresses the kernel tells some time after they are up.
            let events = try monitor.events().filter { event in
                switch event {
                case .address(let address), .addressGone(let address):
                    address.address == Self.floating
                case .link, .linkGone, .overrun: false
                }
            }
            guard events.count == 2, case .address(let added) = events[0],
                case .addressGone(let removed) = events[1]
            else {
                Issue.record("heard \(events)")
                return
            }
            #expect(added.address == Self.floating && added.isOurs && added.interface == interface)
            #expect(removed.address == Self.floating && removed.interface == interface)

            #expect(run("ip", "link", "set", "v1", "down") == 0)
            #expect(waitReadable(monitor.fileDescriptor))
            // Carrier is reported by the kernel's own worker, some time after.
            var hasLost = false
            while !hasLost, waitReadable(monitor.fileDescriptor) {
                for case .link(let link) in try monitor.events() where link.name == "v0" {
                    hasLost = hasLost || !link.hasCarrier
                }
            }
            #expect(hasLost)

            #expect(run("ip", "link", "del", "v0") == 0)
            var gone: [String] = []
            while gone.count < 2, waitReadable(monitor.fileDescriptor) {
                for case .linkGone(_, let name) in try monitor.events() { gone.append(name) }
            }
            #expect(gone.sorted() == ["v0", "v1"])
        }
    }

    @Test("a port taken out of a bridge is not a link that is gone")
    func bridgePort() throws {
        try inNetworkNamespace {
            #expect(run("ip", "link", "add", "br0", "type", "bridge") == 0)
            #expect(run("ip", "link", "set", "v0", "master", "br0") == 0)
            let monitor = try RouteMonitor()
            #expect(run("ip", "link", "set", "v0", "nomaster") == 0)
            #expect(run("ip", "link", "del", "br0") == 0)
            var gone: [String] = []
            while gone.isEmpty, waitReadable(monitor.fileDescriptor) {
                for case .linkGone(_, let name) in try monitor.events() { gone.append(name) }
            }
            #expect(gone == ["br0"])
        }
    }

    @Test("more changes than fit are an overrun, after which it goes on")
    func overrun() throws {
        try inNetworkNamespace {
            let socket = try RouteSocket()
            let interface = try Self.link("v0", socket).index
            let monitor = try RouteMonitor(receiveBuffer: 4096)
            func change(_ count: UInt32) throws {
                for number in 0..<count {
                    try socket.add(
                        InterfaceAddress(
                            floating: .v4(0x0a00_0000 + number),
                            prefixLength: 32,
                            on: interface,
                            lifetime: 1000
                        )
                    )
                }
            }
            try change(200)
            var events: [NetworkNotice] = []
            while case let more = try monitor.events(), !more.isEmpty { events += more }
            #expect(events.contains(.overrun))
            try change(1)
            let after = try monitor.events()
            #expect(after.count == 1 && after[0] != .overrun)
        }
    }

    @Test("announcements arrive as they were meant, with the MAC that the interface has now")
    func announcements() throws {
        try inNetworkNamespace {
            let socket = try RouteSocket()
            let (near, far) = (try Self.link("v0", socket), try Self.link("v1", socket))
            let announcer = try Announcer()
            let wire = Wire(on: far.index)

            #expect(
                announcer.announce(Self.floating, on: near.index)
                    == .sent(from: try #require(near.mac))
            )
            for operation in [ARPPacket.Operation.request, .reply] {
                let frame = try #require(try wire.next(.arp, from: Self.floating))
                let packet = try ARPPacket(parsing: frame.span)
                #expect(
                    packet
                        == ARPPacket(
                            announcing: IPv4Address(bits: 0x0a4d_0064),
                            at: try #require(near.mac),
                            by: operation
                        )
                )
            }

            #expect(run("ip", "link", "set", "v0", "address", "02:aa:bb:cc:dd:ee") == 0)
            let changed = MACAddress(bits: 0x02aa_bbcc_ddee)
            #expect(announcer.announce(Self.floating6, on: near.index) == .sent(from: changed))
            let frame = try #require(try wire.next(.ipv6, from: Self.floating6))
            let packet = try NeighborAdvertisement(parsing: frame.span)
            #expect(packet.targetMAC == changed && packet.overrides)
        }
    }

    @Test("an announcement that cannot be sent does not count")
    func notSent() throws {
        try inNetworkNamespace {
            let announcer = try Announcer()
            let link = try Self.link("v0", RouteSocket())
            #expect(run("ip", "link", "set", "v0", "down") == 0)
            guard case .failed(let error) = announcer.announce(Self.floating, on: link.index)
            else {
                Issue.record("sent through an interface that is down")
                return
            }
            #expect(error.errno == ENETDOWN)
            guard case .failed(let missing) = announcer.announce(Self.floating, on: 4711) else {
                Issue.record("sent through an interface that is not there")
                return
            }
            #expect(missing.errno == ENODEV)
        }
    }

    @Test(
        "neighbours believe an announcement, and hear the new one at once",
        arguments: ["10.77.0.100", "fd77::64"]
    )
    func believed(text: String) throws {
        try inNetworkNamespace {
            let isV4 = text == "10.77.0.100"
            let address = isV4 ? Self.floating : Self.floating6
            #expect(
                run("ip", "addr", "add", isV4 ? "10.77.0.1/24" : "fd77::1/64", "dev", "v1") == 0
            )
            // What the neighbour knew until now.
            #expect(
                run(
                    "ip",
                    "neigh",
                    "replace",
                    text,
                    "lladdr",
                    "02:00:00:00:00:01",
                    "dev",
                    "v1",
                    "nud",
                    "reachable"
                )
                    == 0
            )
            let socket = try RouteSocket()
            let near = try Self.link("v0", socket)
            let mac = try #require(near.mac)
            #expect(try Announcer().announce(address, on: near.index) == .sent(from: mac))
            let check = "ip neigh show \(text) dev v1 | grep -q 'lladdr \(mac) '"
            #expect(
                run(
                    "sh",
                    "-c",
                    "for i in $(seq 500); do \(check) && exit 0; sleep 0.01; done; exit 1"
                ) == 0
            )
        }
    }
}
