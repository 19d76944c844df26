/// The text that `vip-agent init` writes: a commented configuration that works as it is.
public struct ConfigurationTemplate: Equatable, Sendable {
    public struct Voter: Equatable, Sendable {
        public var name: String
        /// As in the file, one per path.
        public var addresses: [String]
        /// Lines above it, without their '#'.
        public var comments: [String] = []

        public init(name: String, addresses: [String]) {
            self.name = name
            self.addresses = addresses
        }
    }

    public struct Group: Equatable, Sendable {
        public var name: String
        public var interface: String
        /// As in the file.
        public var addresses: [String]
        /// What is nil, or empty, is not written.
        public var prefer: String?
        public var failback: FailbackPolicy?
        public var failbackDelay: Duration?
        public var checks: [String] = []
        /// Lines above it, without their '#'.
        public var comments: [String] = []

        public init(name: String, interface: String, addresses: [String]) {
            self.name = name
            self.interface = interface
            self.addresses = addresses
        }
    }

    /// A check that is valid, or almost: names and bounds are looked at when the text is parsed.
    public struct CheckEntry: Equatable, Sendable {
        public var check: Check
        /// Lines above it, without their '#'.
        public var comments: [String]

        package init(
            check: Check,
            comments: [String]
        ) {
            self.check = check
            self.comments = comments
        }
    }

    /// A line under the heading, without its '#'.
    public var introduction: String?
    public var cluster: String
    public var keyFile: String
    public var nodes: [Voter]
    public var witness: Voter?
    public var groups: [Group]
    public var checks: [CheckEntry] = []

    public init(
        cluster: String,
        keyFile: String,
        nodes: [Voter],
        witness: Voter?,
        groups: [Group]
    ) {
        self.cluster = cluster
        self.keyFile = keyFile
        self.nodes = nodes
        self.witness = witness
        self.groups = groups
    }

    /// TOML. Values are quoted and not checked: parse it before writing it, and show the operator
    /// what is wrong with the arguments.
    public var rendered: String {
        var text = """
            # vip-agent: who shares which addresses. The same file on every voter; each host
            # finds itself in it by its host name. `vip-agent check` says what it would do.

            """
        if let introduction { text += Self.commented([introduction]) }
        text += """

            [cluster]
            name = \(Self.quoted(cluster))
            # 32 random bytes in base64; the same on every voter, and readable by its owner alone.
            key_file = \(Self.quoted(keyFile))

            [timing]
            # A renewal goes out every heartbeat; an owner that is dead is replaced after its lease.
            heartbeat = "100ms"
            lease = "500ms"

            # Nodes may own addresses. One address per path: the first of one voter talks to the
            # first of the others, and so on; "addr:port" or "[v6]:port" for another port than 7694.

            """
        for node in nodes {
            text += section("node", node)
        }
        if let witness {
            text += "\n# A witness breaks ties, and never owns addresses.\n"
            text += section("witness", witness).dropFirst()
        }
        text += """

            # Addresses that move together, installed as /32 and /128. `prefer = "NAME"` says who
            # takes them first; `failback = "automatic"` gives them back after `failback_delay`.

            """
        for group in groups {
            text += """

                \(Self.commented(group.comments))[[group]]
                name = \(Self.quoted(group.name))
                interface = \(Self.quoted(group.interface))
                addresses = \(Self.list(group.addresses))

                """
            text += preferences(of: group)
        }
        for entry in checks {
            text += "\n" + Self.commented(entry.comments) + section(entry.check)
        }
        return text
    }

    private func preferences(of group: Group) -> String {
        var text = ""
        if let prefer = group.prefer { text += "prefer = \(Self.quoted(prefer))\n" }
        if let failback = group.failback { text += "failback = \"\(failback.rawValue)\"\n" }
        if let delay = group.failbackDelay { text += "failback_delay = \"\(delay.text)\"\n" }
        if !group.checks.isEmpty { text += "checks = \(Self.list(group.checks))\n" }
        return text
    }

    private func section(_ check: Check) -> String {
        let subject =
            switch check.kind {
            case .http(let url): "http = \(Self.quoted(url))"
            case .tcp(let host, let port): "tcp = \(Self.quoted("\(host):\(port)"))"
            case .exec(let words): "exec = \(Self.list(words))"
            case .process(let name): "process = \(Self.quoted(name))"
            }
        return """
            [[check]]
            name = \(Self.quoted(check.name))
            \(subject)
            interval = "\(check.interval.text)"
            timeout = "\(check.timeout.text)"
            fall = \(check.fall)
            rise = \(check.rise)

            """
    }

    private func section(_ key: String, _ voter: Voter) -> String {
        """

        \(Self.commented(voter.comments))[[\(key)]]
        name = \(Self.quoted(voter.name))
        addresses = \(Self.list(voter.addresses))

        """
    }

    /// Comments of TOML have no control characters.
    private static func commented(_ lines: [String]) -> String {
        lines.map { "# \($0.visible)\n" }.joined()
    }

    private static func list(_ texts: [String]) -> String {
        "[" + texts.map(quoted).joined(separator: ", ") + "]"
    }

    /// A basic string of TOML, without what could command a terminal or does not show.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                result += "\\\(scalar)"
            case _ where scalar.visible != scalar:
                let digits = String(scalar.value, radix: 16)
                let (letter, width) = digits.count <= 4 ? ("u", 4) : ("U", 8)
                result += "\\\(letter)"
                result += String(repeating: "0", count: width - digits.count) + digits
            default:
                result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
