import Testing
import VIPAgent
import VIPConfiguration
import VIPNet
import VIPTestSupport

@Suite("A host's interfaces")
struct HostInterfacesTests {
    private static func link(_ index: Int32, _ name: String, others: [String] = []) -> Link {
        Link(
            index: index,
            name: name,
            otherNames: others,
            isPointToPoint: name.hasPrefix("ppp"),
            asksNobody: name.hasPrefix("wg")
        )
    }

    private static func address(_ text: String, _ length: UInt8, on interface: Int32) throws
        -> InterfaceAddress
    {
        var address = InterfaceAddress(
            floating: try #require(IPAddress(parsing: text)),
            prefixLength: length,
            on: interface,
            lifetime: 10
        )
        address.scope = 0
        return address
    }

    private func cluster(
        interface: String = "eth0",
        paths: [String] = ["10.77.0.#"]
    ) throws -> LocalCluster {
        let text = PairText(paths: paths, groups: [.init(on: interface)]).text
        let configuration = try Configuration(parsing: text, path: "vip.toml")
        return LocalCluster(configuration, as: try configuration.requireRole(of: "lb1"))
    }

    @Test("that have all it takes are worth no words")
    func well() throws {
        let host = HostInterfaces(
            links: [Self.link(2, "eth0"), Self.link(3, "eth1")],
            addresses: [
                try Self.address("10.77.0.1", 24, on: 2), try Self.address("10.78.0.1", 24, on: 3),
                try Self.address("10.77.0.100", 32, on: 2),
            ]
        )
        #expect(host.notes(on: try cluster(paths: ["10.77.0.#", "10.78.0.#"])) == [])
    }

    @Test("are found by any of their names, and missed by name")
    func names() throws {
        let host = HostInterfaces(
            links: [Self.link(2, "eth0", others: ["lan"])],
            addresses: [try Self.address("10.77.0.1", 24, on: 2)]
        )
        #expect(host.notes(on: try cluster(interface: "lan")) == [])
        #expect(
            host.notes(on: try cluster(interface: "lan0")) == [
                "there is no interface lan0 on this host now, where group web is to be"
            ]
        )
    }

    @Test("on which nobody asks for an address are told", arguments: ["ppp0", "wg0"])
    func kinds(name: String) throws {
        let host = HostInterfaces(
            links: [Self.link(2, name)],
            addresses: [try Self.address("10.77.0.1", 24, on: 2)]
        )
        let notes = host.notes(on: try cluster(interface: name))
        #expect(notes.count == 1)
        #expect(notes.first?.hasPrefix("nobody asks on \(name) who has an address") == true)
    }

    @Test("that answer for no floating address are told", arguments: ["all", "eth0", "eth1"])
    func mute(name: String) throws {
        let host = HostInterfaces(
            links: [Self.link(2, "eth0")],
            addresses: [try Self.address("10.77.0.1", 24, on: 2)],
            mute: [name]
        )
        let notes = host.notes(on: try cluster())
        #expect(notes.count == (name == "eth1" ? 0 : 1))
        #expect(notes.allSatisfy { $0.contains("net.ipv4.conf.\(name).arp_ignore is 3 or more") })
    }

    @Test("that two paths share are told")
    func sharedInterface() throws {
        let host = HostInterfaces(
            links: [Self.link(2, "eth0")],
            addresses: [
                try Self.address("10.77.0.1", 24, on: 2), try Self.address("10.78.0.1", 24, on: 2),
            ]
        )
        #expect(
            host.notes(on: try cluster(paths: ["10.77.0.#", "10.78.0.#"])) == [
                "paths 0 and 1 of lb1 are both on eth0: what takes one takes the other, so give "
                    + "one of them an interface of its own"
            ]
        )
    }

    @Test(
        "in one subnet are told: for their paths, and for who answers",
        arguments: [
            ["10.77.0.#1", "10.77.0.#2", "24", "10.77.0.0/24"],
            ["fd77::#1", "fd77::#2", "64", "fd77::/64"],
        ]
    )
    func sharedSubnet(words: [String]) throws {
        let length = try #require(UInt8(words[2]))
        let host = HostInterfaces(
            links: [Self.link(2, "eth0"), Self.link(3, "eth1")],
            addresses: [
                try Self.address(words[0].replacing("#", with: "1"), length, on: 2),
                try Self.address(words[1].replacing("#", with: "1"), length, on: 3),
            ]
        )
        let notes = host.notes(on: try cluster(paths: Array(words[..<2])))
        #expect(notes.count == 2)
        #expect(
            notes.first
                == "paths 0 and 1 of lb1 are both in \(words[3]): the kernel sends both by one "
                + "interface, so give one of them a subnet of its own"
        )
        #expect(notes.last?.hasPrefix("eth0 and eth1 are both in \(words[3]): both answer") == true)
    }

    @Test("are not swapped for ones that are not there")
    func losses() throws {
        let host = HostInterfaces(links: [Self.link(2, "eth0", others: ["lan"])], addresses: [])
        func losses(_ old: String, _ new: String) throws -> [String] {
            host.losses(
                from: [try cluster(interface: old).configuration],
                to: [try cluster(interface: new).configuration]
            )
        }
        #expect(
            try losses("eth0", "eth9") == [
                "group web would leave eth0, which is there, for eth9, which is not"
            ]
        )
        #expect(try losses("lan", "eth9").count == 1)
        #expect(try losses("eth0", "lan") == [])
        #expect(try losses("eth8", "eth9") == [])
        #expect(try losses("eth9", "eth9") == [])
    }
}
