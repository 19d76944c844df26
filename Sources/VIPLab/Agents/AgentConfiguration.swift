/// What a lab's configuration file says, in the terms in which labs differ. The same file is valid
/// on all three hosts, as it is for everybody who uses the agent.
public struct AgentConfiguration: Sendable {
    public var clusterName = "lab"
    public var heartbeat: Duration = .milliseconds(100)
    public var lease: Duration = .milliseconds(500)
    /// Nil leaves it to the agents.
    public var margin: Duration?
    public var groups = [Group()]
    /// Where each voter is, one address per path.
    public var voters: [Voter]

    public struct Group: Sendable {
        public var name = "web"
        public var interface = "eth0"
        public var addresses = ["10.77.0.100", "fd77::64"]
        public var preferred: Host? = .lb1
        public var enforcement: String?

        public init() {}
    }

    public struct Voter: Sendable {
        public var name: String
        public var isWitness: Bool
        public var addresses: [String]

        public init(name: String, isWitness: Bool, addresses: [String]) {
            self.name = name
            self.isWitness = isWitness
            self.addresses = addresses
        }
    }

    public init(networks: [Network] = [.first]) {
        voters = Host.voters.map { host in
            Voter(
                name: host.rawValue,
                isWitness: host == .w1,
                addresses: networks.map { host.address(on: $0) }
            )
        }
    }

    /// The TOML text.
    public func text(keyFile: String) -> String {
        var lines = [
            "[cluster]",
            "name = \"\(clusterName)\"",
            "key_file = \"\(keyFile)\"",
            "",
            "[timing]",
            "heartbeat = \"\(heartbeat.wholeNanoseconds / 1000)us\"",
            "lease = \"\(lease.wholeNanoseconds / 1000)us\"",
        ]
        if let margin { lines.append("margin = \"\(margin.wholeNanoseconds / 1000)us\"") }
        for voter in voters {
            lines += [
                "",
                voter.isWitness ? "[[witness]]" : "[[node]]",
                "name = \"\(voter.name)\"",
                "addresses = \(Self.list(voter.addresses))",
            ]
        }
        for group in groups {
            lines += [
                "",
                "[[group]]",
                "name = \"\(group.name)\"",
                "interface = \"\(group.interface)\"",
                "addresses = \(Self.list(group.addresses))",
            ]
            if let preferred = group.preferred {
                lines.append("prefer = \"\(preferred.rawValue)\"")
            }
            if let enforcement = group.enforcement {
                lines.append("enforcement = \"\(enforcement)\"")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func list(_ strings: [String]) -> String {
        // A line that is too long is refused.
        let separator = strings.count > 8 ? ",\n    " : ", "
        return "[" + strings.map { "\"\($0)\"" }.joined(separator: separator) + "]"
    }
}
