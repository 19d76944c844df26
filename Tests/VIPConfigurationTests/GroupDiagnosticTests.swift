import Testing

@Suite("Diagnostics about groups")
struct GroupDiagnosticTests {
    @Test("a configuration without groups moves nothing")
    func aConfigurationWithoutGroupsMovesNothing() {
        let verdict = Example.verdict(
            replacing: """
                [[group]]
                name = "web"
                interface = "eth0"
                addresses = ["10.77.0.100", "fd77::64"]
                prefer = "lb1"
                failback = "automatic"
                failback_delay = "1m"
                """,
            with: ""
        )
        #expect(
            verdict == """
                vip.toml: warning: there is no [[group]], so nothing floats
                  = help: add one with name, interface and addresses
                """
        )
    }

    @Test("a group without an interface is pointed at")
    func aGroupWithoutAnInterfaceIsPointedAt() {
        let verdict = Example.verdict(
            replacing: """
                interface = "eth0"

                """,
            with: ""
        )
        #expect(
            verdict == """
                vip.toml:23:1: error: 'interface' is missing in [[group]]
                 23 | [[group]]
                    | ^~~~~~~~~
                    = help: add interface = "eth0"
                """
        )
    }

    @Test("a group without addresses is pointed at")
    func aGroupWithoutAddressesIsPointedAt() {
        let verdict = Example.verdict(
            replacing: """
                addresses = ["10.77.0.100", "fd77::64"]

                """,
            with: ""
        )
        #expect(
            verdict == """
                vip.toml:23:1: error: 'addresses' is missing in [[group]]
                 23 | [[group]]
                    | ^~~~~~~~~
                    = help: add addresses = ["10.77.0.100"]
                """
        )
    }

    @Test("a group with an empty list of addresses is refused")
    func aGroupWithAnEmptyListOfAddressesIsRefused() {
        let verdict = Example.verdict(
            replacing: "[\"10.77.0.100\", \"fd77::64\"]",
            with: "[]"
        )
        #expect(
            verdict == """
                vip.toml:26:13: error: 'addresses' is empty
                 26 | addresses = []
                    |             ^~
                    = help: a group has one floating address at least
                """
        )
    }

    @Test("an alternative name of an interface has 127 characters at most")
    func theNameOfAnInterfaceHas127CharactersAtMost() {
        let most = String(repeating: "e", count: 127)
        #expect(Example.verdict(replacing: "\"eth0\"", with: "\"\(most)\"") == "")
        let verdict = Example.verdict(replacing: "\"eth0\"", with: "\"\(most)f\"")
        #expect(verdict.contains("…' is not the name of an interface\n"))
        #expect(verdict.contains("names of interfaces are 1 to 127 characters"))
    }

    @Test("the name of an interface has no colon")
    func theNameOfAnInterfaceHasNoColon() {
        let verdict = Example.verdict(
            replacing: "\"eth0\"",
            with: "\"eth0:1\""
        )
        #expect(
            verdict == """
                vip.toml:25:13: error: 'eth0:1' is not the name of an interface
                 25 | interface = "eth0:1"
                    |             ^~~~~~~~
                    = help: names of interfaces are 1 to 127 characters without spaces, '/' and \
                ':'; `ip link` lists them
                """
        )
    }

    @Test("the loopback interface is refused")
    func theLoopbackInterfaceIsRefused() {
        let verdict = Example.verdict(
            replacing: "\"eth0\"",
            with: "\"lo\""
        )
        #expect(
            verdict == """
                vip.toml:25:13: error: 'lo' is the loopback interface, where nobody asks for an \
                address
                 25 | interface = "lo"
                    |             ^~~~
                    = help: name the interface that the clients are on; `ip link` lists them
                """
        )
    }
}
