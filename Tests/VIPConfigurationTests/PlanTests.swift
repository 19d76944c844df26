import Testing
import VIPConfiguration

@Suite("A host in the configuration")
struct PlanTests {
    @Test("is found by its name, or by its name up to the first dot")
    func roles() throws {
        let configuration = try Example.configuration()
        #expect(configuration.role(of: "lb1") == .node(0))
        #expect(configuration.role(of: "lb2.example.com") == .node(1))
        #expect(configuration.role(of: "w1") == .witness(0))
        #expect(configuration.role(of: "lb3") == nil)
        #expect(configuration.role(of: "") == nil)
    }

    @Test("that is not in it is told who is")
    func unknown() throws {
        let configuration = try Example.configuration()
        let error = try #require(throws: UnknownHost.self) {
            try configuration.requireRole(of: "lbx.example.com")
        }
        #expect(
            error.description == """
                this host, 'lbx.example.com', is not in cluster 'lb', nor is 'lbx' (nodes: \
                lb1, lb2; witnesses: w1)
                  = help: add it to the file, or say which of them it is, such as --host lb1
                """
        )
    }

    @Test("is told what it would do as a node")
    func node() throws {
        let plan = try Example.configuration().plan(for: "lb2")
        #expect(
            plan == """
                lb2 is a node, which may own addresses

                cluster    lb, 3 voters, a majority is 2
                key        /etc/vip-agent/lb.key
                timing     heartbeat 100ms, lease 500ms, drift 0.2 %, margin 1ms
                votes      within 250ms of the question, or they come too late
                file       timing 149c0240, groups 8d9fd669: the same on every host, or none is \
                healthy

                paths
                  lb1  node     10.77.0.2:7694  -> 10.77.0.1:7694
                                10.78.0.2:7000  -> 10.78.0.1:7694
                  w1   witness  10.77.0.2:7694  -> 10.77.0.3:7694

                groups
                  web: prefers lb1, fails back after 1m of good health
                    on eth0  10.77.0.100/32
                             fd77::64/128

                lease
                  the owner is silent by    498.998 ms after it sent its last renewal
                  a standby may claim from  500.000 ms
                  margin                      1.002 ms
                """
        )
    }

    @Test("is told what it would do as a witness")
    func witness() throws {
        let plan = try Example.configuration().plan(for: "w1")
        #expect(
            plan == """
                w1 is a witness, which votes and touches no interface

                cluster    lb, 3 voters, a majority is 2
                key        /etc/vip-agent/lb.key
                timing     heartbeat 100ms, lease 500ms, drift 0.2 %, margin 1ms
                votes      within 250ms of the question, or they come too late
                file       timing 149c0240, groups 8d9fd669: the same on every host, or none is \
                healthy

                paths
                  lb1  node  10.77.0.3:7694  -> 10.77.0.1:7694
                  lb2  node  10.77.0.3:7694  -> 10.77.0.2:7694

                groups
                  none here; it votes for web, and no other

                lease
                  the owner is silent by    498.998 ms after it sent its last renewal
                  a standby may claim from  500.000 ms
                  margin                      1.002 ms
                """
        )
    }
}

@Suite("Configuration template")
struct ConfigurationTemplateTests {
    @Test("renders a file that is valid and free of warnings")
    func rendered() throws {
        let template = ConfigurationTemplate(
            cluster: "lb",
            keyFile: "/etc/vip-agent/lb.key",
            nodes: [
                ConfigurationTemplate.Voter(name: "lb1", addresses: ["10.77.0.1", "fd78::1"]),
                ConfigurationTemplate.Voter(
                    name: "lb2",
                    addresses: ["10.77.0.2", "[fd78::2]:7000"]
                ),
            ],
            witness: ConfigurationTemplate.Voter(name: "w1", addresses: ["10.77.0.3"]),
            groups: [
                ConfigurationTemplate.Group(
                    name: "web",
                    interface: "eth0",
                    addresses: ["10.77.0.100", "fd77::64"]
                )
            ]
        )
        #expect(
            template.rendered == """
                # vip-agent: who shares which addresses. The same file on every voter; each host
                # finds itself in it by its host name. `vip-agent check` says what it would do.

                [cluster]
                name = "lb"
                # 32 random bytes in base64; the same on every voter, and readable by its owner alone.
                key_file = "/etc/vip-agent/lb.key"

                [timing]
                # A renewal goes out every heartbeat; an owner that is dead is replaced after its \
                lease.
                heartbeat = "100ms"
                lease = "500ms"

                # Nodes may own addresses. One address per path: the first of one voter talks to the
                # first of the others, and so on; "addr:port" or "[v6]:port" for another port \
                than 7694.

                [[node]]
                name = "lb1"
                addresses = ["10.77.0.1", "fd78::1"]

                [[node]]
                name = "lb2"
                addresses = ["10.77.0.2", "[fd78::2]:7000"]

                # A witness breaks ties, and never owns addresses.
                [[witness]]
                name = "w1"
                addresses = ["10.77.0.3"]

                # Addresses that move together, installed as /32 and /128. `prefer = "NAME"` says \
                who
                # takes them first; `failback = "automatic"` gives them back after `failback_delay`.

                [[group]]
                name = "web"
                interface = "eth0"
                addresses = ["10.77.0.100", "fd77::64"]

                """
        )
        let configuration = try Configuration(parsing: template.rendered, path: "vip.toml")
        #expect(configuration.warningText == "")
        #expect(configuration.witnesses.map(\.name) == ["w1"])
        #expect(configuration.groups[0].addresses.count == 2)
    }

    @Test("quotes what it is given")
    func quoting() {
        let template = ConfigurationTemplate(
            cluster: "a\"\\\n\u{7f}é",
            keyFile: "/k",
            nodes: [],
            witness: nil,
            groups: []
        )
        #expect(template.rendered.contains("name = \"a\\\"\\\\\\u000a\\u007fé\"\n"))
        #expect(Example.verdict(on: template.rendered).contains("is not a name"))
    }
}
