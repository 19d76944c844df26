import Testing
import VIPConfiguration
import VIPNet

@Suite("Configuration")
struct ConfigurationTests {
    @Test("has what the file says")
    func values() throws {
        let configuration = try Example.configuration()
        #expect(configuration.warnings == [])
        #expect(configuration.warningText == "")
        #expect(configuration.cluster.name == "lb")
        #expect(configuration.cluster.keyFile == "/etc/vip-agent/lb.key")
        #expect(configuration.timing.heartbeat == .milliseconds(100))
        #expect(configuration.timing.lease == .milliseconds(500))
        #expect(configuration.timing.driftPartsPerMillion == 2000)
        #expect(configuration.timing.margin == .milliseconds(1))
        #expect(configuration.nodes.map(\.name) == ["lb1", "lb2"])
        #expect(
            configuration.nodes[1].addresses.map(\.description) == [
                "10.77.0.2:7694", "10.78.0.2:7000",
            ]
        )
        #expect(configuration.witnesses.map(\.name) == ["w1"])
        #expect(configuration.majority == 2)
        let group = try #require(configuration.groups.first)
        #expect(group.name == "web")
        #expect(group.interface == "eth0")
        #expect(group.addresses.map(\.description) == ["10.77.0.100/32", "fd77::64/128"])
        #expect(group.prefer == "lb1")
        #expect(group.enforcement == .kernel)
        #expect(group.failback == .automatic)
        #expect(group.failbackDelay == .seconds(60))
        #expect(group.checks == [])
        #expect(configuration.checks == [])
    }

    @Test("has the documented defaults for what the file leaves out")
    func defaults() throws {
        let source = """
            [cluster]
            name = "lb"
            key_file = "/k"
            [[node]]
            name = "lb1"
            addresses = ["10.77.0.1"]
            [[group]]
            name = "web"
            interface = "eth0"
            addresses = ["10.77.0.100"]
            checks = ["haproxy"]
            [[check]]
            name = "haproxy"
            tcp = "[::1]:80"
            """
        let configuration = try Configuration(parsing: source, path: "vip.toml")
        #expect(configuration.timing.heartbeat == .milliseconds(100))
        #expect(configuration.timing.lease == .milliseconds(500))
        #expect(configuration.timing.driftPartsPerMillion == 2000)
        #expect(configuration.timing.margin == .milliseconds(1))
        let group = try #require(configuration.groups.first)
        #expect(group.prefer == nil)
        #expect(group.enforcement == .kernel)
        #expect(group.failback == .manual)
        #expect(group.failbackDelay == .seconds(30))
        #expect(group.checks == ["haproxy"])
        let check = try #require(configuration.checks.first)
        #expect(check.kind == .tcp(host: "::1", port: 80))
        #expect(check.interval == .seconds(1))
        #expect(check.timeout == .milliseconds(500))
        #expect(check.fall == 3)
        #expect(check.rise == 2)
    }

    @Test("reads the other kinds of checks")
    func checks() throws {
        let source =
            Example.text + """
                [[check]]
                name = "a"
                http = "http://[::1]:8404/health?x=1"
                [[check]]
                name = "b"
                exec = ["/usr/bin/true", "x y"]
                [[check]]
                name = "c"
                process = "haproxy"
                """
        let configuration = try Configuration(parsing: source, path: "vip.toml")
        #expect(
            configuration.checks.map(\.kind) == [
                .http(url: "http://[::1]:8404/health?x=1"), .exec(["/usr/bin/true", "x y"]),
                .process("haproxy"),
            ]
        )
        #expect(configuration.warnings.map(\.severity) == [.warning, .warning, .warning])
    }

    @Test("is equal to one that differs in its text alone")
    func equality() throws {
        let commented = "# a comment\n" + Example.text
        #expect(
            try Configuration(parsing: commented, path: "other.toml") == Example.configuration()
        )
    }

    @Test("a drift is exact to a millionth, and rounded up beyond")
    func drift() throws {
        func parts(_ text: String) throws -> Int {
            let source = "[timing]\ndrift = \(text)\n" + Self.withoutTiming
            return try Configuration(parsing: source, path: "vip.toml").timing
                .driftPartsPerMillion
        }
        #expect(try parts("0.003") == 3000)
        #expect(try parts("0.000007") == 7)
        #expect(try parts("0.05") == 50_000)
        #expect(try parts("0.0000011") == 2)
    }

    @Test("a byte order mark and the line ends of Windows are accepted, and columns stay right")
    func foreignEditors() {
        let source = "\u{FEFF}[cluster]\r\nnaem = \"é\" # é\r\n"
        #expect(
            Example.verdict(on: source).contains(
                """
                vip.toml:2:1: error: 'naem' is not known in [cluster]
                 2 | naem = "é" # é
                   | ^~~~
                   = help: did you mean 'name'?
                """
            )
        )
    }

    @Test("all that is wrong is reported in one go, in the order of the text")
    func allInOneGo() {
        let source = """
            [cluster]
            name = 1
            [timing]
            lease = "1"
            [[node]]
            """
        #expect(
            Example.verdict(on: source).split(separator: "\n").filter { $0.hasPrefix("vip") } == [
                "vip.toml: warning: there is no [[group]], so nothing floats",
                "vip.toml:1:1: error: 'key_file' is missing in [cluster]",
                "vip.toml:2:8: error: 'name' is a number, but a string is wanted",
                "vip.toml:4:9: error: 'lease' is '1', which is not a duration",
                "vip.toml:5:1: error: 'name' is missing in [[node]]",
                "vip.toml:5:1: error: 'addresses' is missing in [[node]]",
            ]
        )
    }

    @Test("of more than a hundred errors the rest is counted")
    func manyErrors() {
        let source = (1...150).map { "unknown\($0) = 1\n" }.joined()
        #expect(Example.verdict(on: source).hasSuffix("\nvip.toml: and 53 more"))
    }

    @Test("2,000 groups with 4,096 addresses are accepted, one more of either is not")
    func bounds() throws {
        func source(groups: Int, addresses: Int) -> String {
            var source = Self.withoutTiming
            for index in 0..<groups {
                source += "[[group]]\nname = \"g\(index)\"\ninterface = \"eth0\"\n"
                let own = stride(from: index, to: addresses, by: groups).map { number in
                    "\"10.80.\(number / 256).\(number % 256)\""
                }
                source += "addresses = [\(own.joined(separator: ", "))]\n"
            }
            return source
        }
        let most = try Configuration(
            parsing: source(groups: 2000, addresses: 4096),
            path: "vip.toml"
        )
        #expect(most.groups.count == 2000)
        let verdict = Example.verdict(on: source(groups: 2001, addresses: 4097))
        #expect(verdict.contains("error: there are 2001 groups, but the most allowed is 2000\n"))
        #expect(
            verdict.contains(
                "error: there are 4097 floating addresses, but the most allowed is 4096\n"
            )
        )
    }

    static let withoutTiming = """
        [cluster]
        name = "lb"
        key_file = "/k"
        [[node]]
        name = "lb1"
        addresses = ["10.77.0.1"]

        """
}

@Suite("Rendering of a diagnostic")
struct RenderingTests {
    @Test("points at the text, and says how to put it right")
    func rendering() {
        let source = """
            [[group]]
            interval = 5ms
            """
        let tooShort = Diagnostic(
            "'interval' is 5ms, but the shortest allowed is 10ms",
            at: SourceRange(line: 2, columns: 12..<15),
            help: "write a duration such as 100ms or 1s"
        )
        let error = ConfigurationError(path: "vip.conf", source: source, diagnostics: [tooShort])
        #expect(
            error.description == """
                vip.conf:2:12: error: 'interval' is 5ms, but the shortest allowed is 10ms
                 2 | interval = 5ms
                   |            ^~~
                   = help: write a duration such as 100ms or 1s
                """
        )
    }
}
