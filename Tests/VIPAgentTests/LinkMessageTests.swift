import Testing
import VIPNet
import VIPPlatform
import VIPTestSupport

@Suite("A message about a link")
struct LinkMessageTests {
    private typealias Octets = NetlinkOctets

    private static let (up, lowerUp, unspecified, bridges): (UInt32, UInt32, UInt8, UInt8) =
        (0x1, 0x1_0000, 0, 7)

    private static func text(_ text: String) -> [UInt8] { Array(text.utf8) + [0] }

    /// Attributes within one, padded.
    private static func nest(_ attributes: [(UInt16, [UInt8])]) -> [UInt8] {
        var octets: [UInt8] = []
        for (kind, value) in attributes {
            octets += Octets.octets(UInt16(value.count + 4)) + Octets.octets(kind) + value
            octets += Array(repeating: 0, count: (4 - value.count % 4) % 4)
        }
        return octets
    }

    private static func link(
        family: UInt8 = unspecified,
        type: UInt16 = 16,
        _ attributes: [UInt16: [UInt8]]
    ) -> Octets {
        var fixed: [UInt8] = [family, 0]
        fixed += Octets.octets(UInt16(1)) + Octets.octets(UInt32(7))
        fixed += Octets.octets(up | lowerUp) + Octets.octets(UInt32(0))
        return Octets(type: type, fixed: fixed, attributes: attributes)
    }

    private static let named: [UInt16: [UInt8]] = [3: text("br0")]

    @Test("is read with everything that is in it")
    func read() throws {
        let message = Self.link([
            1: [2, 3, 4, 5, 6, 7], 3: Self.text("br0"), 4: Octets.octets(UInt32(1400)),
            10: Octets.octets(UInt32(9)), 16: [6], 18: Self.nest([(1, Self.text("bridge"))]),
            // Of a name that is none there is nothing to be told.
            52: Self.nest([(53, Self.text("service")), (54, [1]), (53, Self.text("lan"))]),
        ])
        #expect(
            message.read(Link.init)
                == Link(
                    index: 7,
                    name: "br0",
                    otherNames: ["service", "lan"],
                    mac: MACAddress(bits: 0x0203_0405_0607),
                    isUp: true,
                    hasCarrier: true,
                    isLoopback: false,
                    isPointToPoint: false,
                    asksNobody: false,
                    mtu: 1400,
                    operationalState: 6,
                    hardwareType: 1,
                    kind: "bridge",
                    master: 9
                )
        )
    }

    @Test("says little where there is little in it")
    func sparse() throws {
        let link = try #require(Self.link(Self.named).read(Link.init))
        #expect(link.name == "br0" && link.mac == nil && link.kind == "" && link.master == 0)
        #expect(link.otherNames == [] && link.mtu == 0 && link.operationalState == 0)
    }

    @Test("has no MAC of another length than Ethernet's", arguments: [4, 8, 16, 20])
    func otherHardware(length: Int) throws {
        let message = Self.link(Self.named.merging([1: Array(repeating: 1, count: length)]) { $1 })
        #expect(try #require(message.read(Link.init)).mac == nil)
    }

    @Test("is none of a bridge's port, of a wireless driver's event, without a name, or cut off")
    func others() {
        #expect(Self.link(family: Self.bridges, type: 17, Self.named).read(Link.init) == nil)
        #expect(Self.link(Self.named.merging([11: [1, 2, 3, 4]]) { $1 }).read(Link.init) == nil)
        #expect(Self.link([4: [0, 1, 0, 0]]).read(Link.init) == nil)
        #expect(Self.link(type: 20, Self.named).read(Link.init) == nil)
        for length in 16..<40 {
            #expect(Self.link(Self.named).read(cutTo: length, Link.init) == nil, "\(length)")
        }
    }
}

@Suite("Links of every kind", .enabled(if: isRoot, "network namespaces take root"))
struct LinkKindTests {
    /// Kinds that the running kernel may have; those that it doesn't are left out.
    private static let kinds: [[String]] = [
        ["bridge"], ["dummy"], ["bond"], ["ifb"], ["vrf", "table", "10"], ["nlmon"], ["vcan"],
        ["vxlan", "id", "7", "dev", "v0", "dstport", "4789"], ["wireguard"], ["team"],
        ["geneve", "id", "7", "remote", "10.0.0.1"], ["gre", "remote", "10.0.0.1"],
        ["gretap", "remote", "10.0.0.1"], ["ipip", "remote", "10.0.0.1"],
        ["sit", "remote", "10.0.0.1"], ["ip6tnl", "remote", "fd00::1"],
        ["vti", "remote", "10.0.0.1", "key", "1"], ["xfrm", "if_id", "7"],
    ]
    private static let kindsAbove: [[String]] = [
        ["vlan", "id", "7"], ["macvlan", "mode", "bridge"], ["macvtap"], ["ipvlan"], ["macsec"],
    ]

    @Test("are listed, however much or little libnl-route makes of their kind")
    func listed() throws {
        try inNetworkNamespace {
            var made: [String: String] = [:]
            for (index, kind) in Self.kinds.enumerated()
            where run(["ip", "link", "add", "k\(index)", "type"] + kind) == 0 {
                made["k\(index)"] = kind[0]
            }
            for (index, kind) in Self.kindsAbove.enumerated()
            where run(["ip", "link", "add", "a\(index)", "link", "v1", "type"] + kind) == 0 {
                made["a\(index)"] = kind[0]
            }
            #expect(!made.isEmpty)
            let links = try RouteSocket().links()
            for (name, kind) in made {
                #expect(links.first { $0.name == name }?.kind == kind)
            }
        }
    }
}
