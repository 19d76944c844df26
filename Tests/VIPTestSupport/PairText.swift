/// The text of a configuration with two nodes, and a witness if it is to have one.
public struct PairText {
    public struct Group {
        var name: String
        var interface: String
        var addresses: [String]
        var lines: [String]

        /// - Parameter lines: Further ones of the group.
        public init(
            _ name: String = "web",
            on interface: String = "eth0",
            _ addresses: [String] = ["10.77.0.100"],
            _ lines: String...
        ) {
            (self.name, self.interface, self.addresses) = (name, interface, addresses)
            self.lines = lines
        }
    }

    var cluster: String
    var keyFile: String
    var timing: [String]
    var voters: [String]
    var paths: [String]
    var groups: [Group]

    /// - Parameters:
    ///   - timing: The lines of that section.
    ///   - voters: Two nodes, and a witness if there is a third.
    ///   - paths: The addresses of each voter, with its number in the place of `#`.
    public init(
        cluster: String = "lb",
        keyFile: String = "/etc/vip-agent/lb.key",
        timing: [String] = [],
        voters: [String] = ["lb1", "lb2", "w1"],
        paths: [String] = ["10.77.0.#"],
        groups: [Group] = [Group()]
    ) {
        (self.cluster, self.keyFile, self.timing) = (cluster, keyFile, timing)
        (self.voters, self.paths, self.groups) = (voters, paths, groups)
    }

    public var text: String {
        var lines = ["[cluster]", "name = \"\(cluster)\"", "key_file = \"\(keyFile)\""]
        if !timing.isEmpty { lines += ["[timing]"] + timing }
        for (index, voter) in voters.enumerated() {
            let addresses = paths.map { path in
                String(path.map { $0 == "#" ? Character("\(index + 1)") : $0 })
            }
            lines.append(index < 2 ? "[[node]]" : "[[witness]]")
            lines += ["name = \"\(voter)\"", "addresses = \(addresses)"]
        }
        for group in groups {
            lines += ["[[group]]", "name = \"\(group.name)\""]
            lines += ["interface = \"\(group.interface)\"", "addresses = \(group.addresses)"]
            lines += group.lines
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
