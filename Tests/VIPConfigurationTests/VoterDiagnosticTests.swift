import Testing

@Suite("Diagnostics about voters")
struct VoterDiagnosticTests {
    @Test("a cluster without nodes is refused")
    func aClusterWithoutNodesIsRefused() {
        let verdict = Example.verdict(
            replacing: """
                [[node]]
                name = "lb1"
                addresses = ["10.77.0.1", "10.78.0.1"]

                [[node]]
                name = "lb2"
                addresses = ["10.77.0.2", "10.78.0.2:7000"]


                """,
            with: ""
        )
        #expect(
            verdict == """
                vip.toml: error: there is no [[node]]
                  = help: add one for each host that may own addresses, with name and addresses
                """
        )
    }

    @Test("a voter without a name is pointed at")
    func aVoterWithoutANameIsPointedAt() {
        let verdict = Example.verdict(
            replacing: """
                name = "lb1"

                """,
            with: ""
        )
        #expect(
            verdict == """
                vip.toml:11:1: error: 'name' is missing in [[node]]
                 11 | [[node]]
                    | ^~~~~~~~
                    = help: add name = "lb1"
                """
        )
    }

    @Test("a voter without addresses is pointed at")
    func aVoterWithoutAddressesIsPointedAt() {
        let verdict = Example.verdict(
            replacing: """
                addresses = ["10.77.0.3"]

                """,
            with: ""
        )
        #expect(
            verdict == """
                vip.toml:19:1: error: 'addresses' is missing in [[witness]]
                 19 | [[witness]]
                    | ^~~~~~~~~~~
                    = help: add addresses = ["10.77.0.1"]
                """
        )
    }

    @Test("an empty list of addresses is refused")
    func anEmptyListOfAddressesIsRefused() {
        let verdict = Example.verdict(
            replacing: "[\"10.77.0.3\"]",
            with: "[]"
        )
        #expect(
            verdict == """
                vip.toml:21:13: error: 'addresses' is empty
                 21 | addresses = []
                    |             ^~
                    = help: a voter needs one address at least; with one per network it has \
                several paths
                """
        )
    }

    @Test("addresses that are not a list are refused")
    func addressesThatAreNotAListAreRefused() {
        let verdict = Example.verdict(
            replacing: "[\"10.77.0.3\"]",
            with: "\"10.77.0.3\""
        )
        #expect(
            verdict == """
                vip.toml:21:13: error: 'addresses' is a string, but a list of strings is wanted
                 21 | addresses = "10.77.0.3"
                    |             ^~~~~~~~~~~
                    = help: write addresses = ["…"]
                """
        )
    }

    @Test("an element that is not a string is refused")
    func anElementThatIsNotAStringIsRefused() {
        let verdict = Example.verdict(
            replacing: "[\"10.77.0.3\"]",
            with: "[\"10.77.0.3\", 4]"
        )
        #expect(
            verdict == """
                vip.toml:21:27: error: 'addresses' holds a number, but a list of strings is wanted
                 21 | addresses = ["10.77.0.3", 4]
                    |                           ^
                    = help: put quotes around it
                """
        )
    }

    @Test("a fifth path is refused")
    func aFifthPathIsRefused() {
        let verdict = Example.verdict(
            replacing: "[\"10.77.0.3\"]",
            with: "[\"10.77.0.3\", \"10.78.0.3\", \"10.79.0.3\", \"10.80.0.3\", \"10.81.0.3\"]"
        )
        #expect(
            verdict == """
                vip.toml:21:66: error: a voter has 5 addresses, but the most allowed is 4
                 21 | addresses = ["10.77.0.3", "10.78.0.3", "10.79.0.3", "10.80.0.3", "10.81.0.3"]
                    |                                                                  ^~~~~~~~~~~
                    = help: every frame is sent over every path
                """
        )
    }
}
