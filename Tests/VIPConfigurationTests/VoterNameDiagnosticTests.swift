import Testing

@Suite("Diagnostics about the set of voters")
struct VoterNameDiagnosticTests {
    @Test("a name used twice points at the second and mentions the first")
    func aNameUsedTwicePointsAtTheSecondAndMentionsTheFir() {
        let verdict = Example.verdict(
            replacing: "\"w1\"",
            with: "\"lb1\""
        )
        #expect(
            verdict == """
                vip.toml:20:8: error: 'lb1' is the name of another voter (line 12)
                 20 | name = "lb1"
                    |        ^~~~~
                    = help: choose another: names of voters are unique
                """
        )
    }

    @Test("two names that hash alike are refused")
    func twoNamesThatHashAlikeAreRefused() {
        let verdict = Example.verdict(
            replacing: "\"w1\"",
            with: """
                "8yn0iYCKYHlIj4-BwPqk"
                addresses = ["10.77.0.9"]
                [[witness]]
                name = "GReLUrM4wMqfg9yzV3KQ"
                """
        )
        #expect(
            verdict == """
                vip.toml:22:1: warning: 4 voters are an even number, of which the loss of 2 \
                leaves no majority
                 22 | [[witness]]
                    | ^~~~~~~~~~~
                    = help: add a [[witness]]: 5 voters survive the loss of 2
                vip.toml:23:8: error: 'GReLUrM4wMqfg9yzV3KQ' and '8yn0iYCKYHlIj4-BwPqk' cannot \
                both be names of voters
                 23 | name = "GReLUrM4wMqfg9yzV3KQ"
                    |        ^~~~~~~~~~~~~~~~~~~~~~
                    = help: frames carry 64 bits for a name, and these two happen to be the same; \
                choose another
                """
        )
    }

    @Test("an endpoint used twice is refused")
    func anEndpointUsedTwiceIsRefused() {
        let verdict = Example.verdict(
            replacing: "\"10.77.0.3\"",
            with: "\"10.77.0.2\""
        )
        #expect(
            verdict == """
                vip.toml:21:14: error: 10.77.0.2:7694 is already the address of a voter (line 17)
                 21 | addresses = ["10.77.0.2"]
                    |              ^~~~~~~~~~~
                    = help: each voter is a host of its own, and each of its paths a network
                """
        )
    }

    @Test("two voters on one host are advised against")
    func twoVotersOnOneHostAreAdvisedAgainst() {
        let verdict = Example.verdict(
            replacing: "\"10.77.0.3\"",
            with: "\"10.77.0.2:7695\""
        )
        #expect(
            verdict == """
                vip.toml:21:14: warning: 10.77.0.2 is the address of two voters, which differ by \
                port
                 21 | addresses = ["10.77.0.2:7695"]
                    |              ^~~~~~~~~~~~~~~~
                    = help: voters on one host fail together, and then there is no majority
                """
        )
    }

    @Test("a path of two families is refused")
    func aPathOfTwoFamiliesIsRefused() {
        let verdict = Example.verdict(
            replacing: "\"10.78.0.2:7000\"",
            with: "\"fd78::2\""
        )
        #expect(
            verdict == """
                vip.toml:17:27: error: path 2 is IPv6 here and IPv4 for another voter (line 13)
                 17 | addresses = ["10.77.0.2", "fd78::2"]
                    |                           ^~~~~~~~~
                    = help: the first address of a voter talks to the first of the others, and so on
                """
        )
    }

    @Test("a node with fewer paths is advised against")
    func aNodeWithFewerPathsIsAdvisedAgainst() {
        let verdict = Example.verdict(
            replacing: ", \"10.78.0.2:7000\"",
            with: ""
        )
        #expect(
            verdict == """
                vip.toml:15:1: warning: this node has 1 of 2 paths
                 15 | [[node]]
                    | ^~~~~~~~
                    = help: the paths of two voters are as many as the one with fewer addresses has
                """
        )
    }

    @Test("an even number of voters is advised against")
    func anEvenNumberOfVotersIsAdvisedAgainst() {
        let verdict = Example.verdict(
            replacing: """

                [[witness]]
                name = "w1"
                addresses = ["10.77.0.3"]

                """,
            with: ""
        )
        #expect(
            verdict == """
                vip.toml:15:1: warning: 2 voters are an even number, of which the loss of 1 \
                leaves no majority
                 15 | [[node]]
                    | ^~~~~~~~
                    = help: add a [[witness]]: 3 voters survive the loss of 1
                """
        )
    }

    @Test("a tenth voter is refused")
    func aTenthVoterIsRefused() {
        let verdict = Example.verdict(
            replacing: """
                [[witness]]
                name = "w1"
                addresses = ["10.77.0.3"]

                """,
            with: """
                [[witness]]
                name = "w3"
                addresses = ["10.77.0.3"]
                [[witness]]
                name = "w4"
                addresses = ["10.77.0.4"]
                [[witness]]
                name = "w5"
                addresses = ["10.77.0.5"]
                [[witness]]
                name = "w6"
                addresses = ["10.77.0.6"]
                [[witness]]
                name = "w7"
                addresses = ["10.77.0.7"]
                [[witness]]
                name = "w8"
                addresses = ["10.77.0.8"]
                [[witness]]
                name = "w9"
                addresses = ["10.77.0.9"]
                [[witness]]
                name = "w10"
                addresses = ["10.77.0.10"]
                [[witness]]
                name = "w11"
                addresses = ["10.77.0.11"]

                """
        )
        #expect(
            verdict == """
                vip.toml:40:1: error: there are 11 voters, but the most allowed is 9
                 40 | [[witness]]
                    | ^~~~~~~~~~~
                    = help: this is the first beyond
                """
        )
    }
}
