/// Makes the hosts, the switches and the cables: eight processes, some 50 ms.
struct Wiring {
    let name: String
    let networks: [Network]

    func lay() throws(LabError) {
        try batch(nil, hosts)
        // Before there are cables: a card gets the settings that hold when it is made.
        try quieten(Lab.switchNamespace(of: name))
        for host in Host.allCases { try quieten(namespace(of: host)) }
        try batch(nil, cables(of: Host.allCases))
        try batch(Lab.switchNamespace(of: name), switches + ports(of: Host.allCases))
        for host in Host.allCases { try batch(namespace(of: host), addresses(of: host)) }
    }

    private func namespace(of host: Host) -> NetworkNamespace {
        NetworkNamespace(name: "\(name)-\(host.rawValue)")
    }

    private var hosts: [String] {
        let names = [Lab.switchNamespace(of: name)] + Host.allCases.map(namespace)
        return names.map { "netns add \($0.name)" }
    }

    /// Takes all cards out of a host, as if nobody had found them yet.
    func removeCards(of host: Host) throws(LabError) {
        let cards = networks.filter { $0.hosts.contains(host) }
        try batch(namespace(of: host), cards.map { "link del \($0.interface)" })
    }

    /// Puts them in again: other cards, with the names and addresses of the old ones.
    func insertCards(of host: Host) throws(LabError) {
        try batch(nil, cables(of: [host]))
        try batch(Lab.switchNamespace(of: name), ports(of: [host]))
        try batch(namespace(of: host), addresses(of: host))
    }

    private func cables(of hosts: [Host]) -> [String] {
        let switchName = Lab.switchNamespace(of: name).name
        var lines: [String] = []
        for network in networks {
            for host in network.hosts where hosts.contains(host) {
                let port = "name \(network.port(of: host)) netns \(switchName)"
                let card = "name \(network.interface) address \(host.macAddress(on: network))"
                let peer = "\(card) netns \(namespace(of: host).name)"
                lines.append("link add \(port) type veth peer \(peer)")
            }
        }
        return lines
    }

    private var switches: [String] {
        var lines: [String] = []
        for network in networks {
            // Frames are forwarded from the first one on, and multicast goes everywhere.
            let bridge = "type bridge stp_state 0 forward_delay 0 mcast_snooping 0"
            lines.append("link add \(network.bridge) \(bridge)")
            lines.append("link set \(network.bridge) up")
        }
        return lines
    }

    private func ports(of hosts: [Host]) -> [String] {
        networks.flatMap { network in
            network.hosts.filter(hosts.contains).map { host in
                "link set \(network.port(of: host)) master \(network.bridge) up"
            }
        }
    }

    private func addresses(of host: Host) -> [String] {
        var lines = ["link set lo up"]
        for network in networks where network.hosts.contains(host) {
            let card = network.interface
            lines.append("address add \(host.address(on: network))/24 dev \(card)")
            lines.append("address add \(host.ipv6Address(on: network))/64 dev \(card) nodad")
            lines.append("link set \(card) up")
        }
        return lines
    }

    private func batch(_ namespace: NetworkNamespace?, _ lines: [String]) throws(LabError) {
        if let namespace { return try namespace.configure(lines) }
        try Command("ip -batch -", input: lines.joined(separator: "\n") + "\n")
            .runSuccessfully()
    }

    /// Duplicate address detection would keep addresses back for a second, router solicitations
    /// are noise. A kernel without IPv6 has neither setting.
    private func quieten(_ namespace: NetworkNamespace) throws(LabError) {
        try namespace.run { () throws(LabError) in
            for scope in ["all", "default"] {
                let settings = "/proc/sys/net/ipv6/conf/\(scope)"
                guard Files.read("\(settings)/accept_dad") != nil else { continue }
                try Files.write("0", to: "\(settings)/accept_dad")
                try Files.write("0", to: "\(settings)/router_solicitations")
            }
        }
    }
}
