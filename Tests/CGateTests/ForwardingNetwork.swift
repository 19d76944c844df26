import CGate
import Testing

/// A standby that bridges and routes for others, with a closed gate on every interface:
///
///     owner, client -- lan -- eth0 . br0 . tap0 -- guest
///                           standby
///                              br1 . con0 -- container
///                                  . con1 -- backend
///
/// Owner, client, guest and the standby's br0 are in one subnet; container and backend are in one
/// of their own, whose gateway is the standby.
final class ForwardingNetwork {
    /// Addresses of one family.
    struct Family: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let isIPv6: Bool
        let floating, owner, standby, client, guest, gateway, container, backend: String
        /// As nftables names it.
        let rule: String

        static let both = [
            Family(
                testDescription: "IPv4",
                isIPv6: false,
                floating: "10.77.0.100",
                owner: "10.77.0.1",
                standby: "10.77.0.2",
                client: "10.77.0.9",
                guest: "10.77.0.20",
                gateway: "198.51.100.1",
                container: "198.51.100.2",
                backend: "198.51.100.3",
                rule: "ip"
            ),
            Family(
                testDescription: "IPv6",
                isIPv6: true,
                floating: "fd77::64",
                owner: "fd77::1",
                standby: "fd77::2",
                client: "fd77::9",
                guest: "fd77::20",
                gateway: "fd99::1",
                container: "fd99::2",
                backend: "fd99::3",
                rule: "ip6"
            ),
        ]

        fileprivate var length: Int { isIPv6 ? 64 : 24 }
        fileprivate var flags: String { isIPv6 ? " nodad" : "" }
    }

    private static let mac = "02:00:00:00:00:02"

    let gate: Gate
    let lan, owner, standby, client, guest, container, backend: Station

    private var stations: [Station] {
        [lan, owner, standby, client, guest, container, backend]
    }

    init() throws {
        gate = try Gate()
        lan = try Station()
        owner = try Station()
        standby = try Station()
        client = try Station()
        guest = try Station()
        container = try Station()
        backend = try Station()
        try lan.require("ip link add switch type bridge")
        try lan.require("ip link set switch up")
        for (index, station) in [owner, standby, client].enumerated() {
            try lan.connect("port\(index)", to: station, "eth0")
            try lan.require("ip link set port\(index) master switch")
        }
        for bridge in ["br0", "br1"] {
            try standby.require("ip link add \(bridge) type bridge")
            try standby.require("ip link set \(bridge) up")
        }
        // A bridge takes the lowest of its ports' addresses.
        try standby.require("ip link set eth0 address \(Self.mac)")
        try standby.require("ip link set eth0 master br0")
        for (port, bridge, station) in [
            ("tap0", "br0", guest), ("con0", "br1", container), ("con1", "br1", backend),
        ] {
            try standby.connect(port, to: station, "eth0")
            try standby.require("ip link set \(port) master \(bridge)")
        }
        try standby.require("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
        for family in Family.both { try configure(family) }
        try standby.perform {
            for name in ["br0", "br1", "eth0", "tap0", "con0", "con1"] {
                try self.gate.attach(CGateTests.interface(name))
            }
        }
    }

    private func configure(_ family: Family) throws {
        let each: [(Station, String, String)] = [
            (owner, family.owner, "eth0"), (owner, family.floating, "eth0"),
            (standby, family.standby, "br0"), (client, family.client, "eth0"),
            (guest, family.guest, "eth0"), (standby, family.gateway, "br1"),
            (container, family.container, "eth0"), (backend, family.backend, "eth0"),
        ]
        for (station, address, name) in each {
            let length = address == family.floating ? (family.isIPv6 ? 128 : 32) : family.length
            try station.require(
                "ip address add \(address)/\(length) dev \(name)\(family.flags)"
            )
        }
        let inner = family.isIPv6 ? "fd99::/64" : "198.51.100.0/24"
        for station in [owner, client] {
            try station.require("ip route add \(inner) via \(family.standby)")
        }
        for station in [container, backend] {
            try station.require(
                "ip \(family.isIPv6 ? "-6 " : "")route add default via \(family.gateway)"
            )
        }
    }

    /// The kernel hands bridged packets to iptables and nftables too.
    func setBridgeNetfilter(_ isOn: Bool) {
        let value = isOn ? 1 : 0
        standby.run("sysctl -qw net.bridge.bridge-nf-call-iptables=\(value)")
        standby.run("sysctl -qw net.bridge.bridge-nf-call-ip6tables=\(value)")
    }

    /// Installs the address on the standby, as one that was the owner a moment ago.
    func install(_ family: Family) throws {
        let length = family.isIPv6 ? 128 : 32
        try standby.require("ip address add \(family.floating)/\(length) dev br0\(family.flags)")
    }

    /// Has a station believe that the address is the standby's.
    func mislead(_ station: Station, _ family: Family) throws {
        try station.require(
            "ip neigh replace \(family.floating) lladdr \(Self.mac) dev eth0 nud permanent"
        )
    }

    /// How many of `count` questions to the floating address are answered by the owner.
    func answers(
        to asker: Station,
        _ family: Family,
        count: Int = 20,
        size: Int = 20
    ) throws -> Int {
        let port = DatagramSocket.port
        let service = try owner.socket(family.floating, port: port, isIPv6: family.isIPv6)
        let socket = try asker.socket(isIPv6: family.isIPv6)
        var answers = 0
        for number in 0..<count {
            let question = [UInt8](repeating: UInt8(number), count: size)
            socket.send(question, to: family.floating)
            // The first one waits until all that takes part have found their neighbours.
            guard let asked = service.receive(within: number == 0 ? 3000 : 500) else { continue }
            service.send(asked.octets, to: asked.address, port: asked.port)
            guard let answer = socket.receive(within: number == 0 ? 3000 : 500) else { continue }
            if answer.octets == question, answer.address == family.floating { answers += 1 }
        }
        return answers
    }

    /// How many questions to the floating address that somebody asks come to that station.
    func questions(
        from asker: Station,
        at service: Station,
        _ family: Family,
        count: Int = 5
    ) throws -> Int {
        let listener = try service.socket(port: DatagramSocket.port, isIPv6: family.isIPv6)
        let socket = try asker.socket(isIPv6: family.isIPv6)
        for number in 0..<count { socket.send([UInt8(number)], to: family.floating) }
        var questions = 0
        while listener.receive(within: 300) != nil { questions += 1 }
        return questions
    }

    deinit { for station in stations { station.end() } }
}
