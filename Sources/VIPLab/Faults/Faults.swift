/// What is wrong with the network: a value, from which the switch's rules are written as a whole.
/// Cables that are pulled out are not here, see `Lab.cut`.
public struct Faults: Equatable, Sendable {
    /// Frames from one host to another, on some networks.
    struct Direction: Equatable, Sendable {
        let from: Host
        let to: Host
        let networks: [Network]
    }

    struct Isolation: Equatable, Sendable {
        let host: Host
        let networks: [Network]
    }

    struct Narrowing: Equatable, Sendable {
        let host: Host
        let octets: Int
    }

    private var isolated: [Isolation] = []
    private var blocked: [Direction] = []
    /// Of all heartbeat frames, on every network, each way.
    private var voterLoss = 0
    /// Longer frames between voters and this host are lost, either way.
    private var narrow: Narrowing?

    public init() {}

    /// The host is cut from everybody, and its carrier stays: a switch that has gone mad.
    public mutating func isolate(_ host: Host, on networks: [Network] = Network.allCases) {
        isolated.append(Isolation(host: host, networks: networks))
    }

    /// Nothing gets through between the two, either way; both reach everybody else.
    public mutating func partition(
        _ one: Host,
        from other: Host,
        on networks: [Network] = Network.allCases
    ) {
        block(from: one, to: other, on: networks)
        block(from: other, to: one, on: networks)
    }

    /// Loss in one direction only.
    public mutating func block(
        from: Host,
        to: Host,
        on networks: [Network] = Network.allCases
    ) {
        blocked.append(Direction(from: from, to: to, networks: networks))
    }

    /// Each heartbeat frame is lost with this probability, 0...100 percent.
    public mutating func loseVoterFrames(percent: Int) {
        precondition((0...100).contains(percent), "\(percent) % of all frames")
        voterLoss = percent
    }

    /// A path MTU that nobody tells of: heartbeat frames of this host with more octets than these
    /// in their datagrams are lost, either way.
    public mutating func loseLongVoterFrames(of host: Host, above octets: Int) {
        narrow = Narrowing(host: host, octets: octets)
    }

    /// For `nft -f`. One transaction: the switch never works by half of the rules.
    package func ruleset(port: UInt16) -> String {
        var rules: [String] = []
        for isolation in isolated {
            for network in isolation.networks where network.hosts.contains(isolation.host) {
                rules.append("iifname \"\(network.port(of: isolation.host))\" drop")
                rules.append("oifname \"\(network.port(of: isolation.host))\" drop")
            }
        }
        for direction in blocked {
            for network in direction.networks
            where network.hosts.contains(direction.from) && network.hosts.contains(direction.to) {
                let from = network.port(of: direction.from)
                let to = network.port(of: direction.to)
                rules.append("iifname \"\(from)\" oifname \"\(to)\" drop")
            }
        }
        if voterLoss > 0 {
            rules.append("udp dport \(port) numgen random mod 100 < \(voterLoss) drop")
        }
        if let narrow {
            let card = Network.first.port(of: narrow.host)
            for side in ["iifname", "oifname"] {
                // The length of a datagram counts the eight octets of its header.
                rules.append(
                    "\(side) \"\(card)\" udp dport \(port) "
                        + "udp length > \(narrow.octets + 8) drop"
                )
            }
        }
        let header = """
            add table bridge faults
            add chain bridge faults wire { type filter hook forward priority 0; policy accept; }
            flush chain bridge faults wire

            """
        return header + rules.map { "add rule bridge faults wire \($0)\n" }.joined()
    }
}
