import Testing

@Suite("Diagnostics about names and preferences of groups")
struct GroupPreferenceDiagnosticTests {
    @Test("a group name used twice is refused")
    func aGroupNameUsedTwiceIsRefused() {
        let verdict = Example.verdict(
            replacing: "failback_delay = \"1m\"",
            with: """
                failback_delay = "1m"

                [[group]]
                name = "web"
                interface = "eth0"
                addresses = ["10.77.0.101"]
                """
        )
        #expect(
            verdict == """
                vip.toml:32:8: error: 'web' is the name of another group (line 24)
                 32 | name = "web"
                    |        ^~~~~
                    = help: choose another: names of groups are unique
                """
        )
    }

    @Test("two group names that hash alike are refused")
    func twoGroupNamesThatHashAlikeAreRefused() {
        let verdict = Example.verdict(
            replacing: "\"web\"",
            with: """
                "8yn0iYCKYHlIj4-BwPqk"
                interface = "eth0"
                addresses = ["10.77.0.99"]
                [[group]]
                name = "GReLUrM4wMqfg9yzV3KQ"
                """
        )
        #expect(
            verdict == """
                vip.toml:28:8: error: 'GReLUrM4wMqfg9yzV3KQ' and '8yn0iYCKYHlIj4-BwPqk' cannot \
                both be names of groups
                 28 | name = "GReLUrM4wMqfg9yzV3KQ"
                    |        ^~~~~~~~~~~~~~~~~~~~~~
                    = help: frames carry 64 bits for a name, and these two happen to be the same; \
                choose another
                """
        )
    }

    @Test("a preference for nobody is refused")
    func aPreferenceForNobodyIsRefused() {
        let verdict = Example.verdict(
            replacing: "prefer = \"lb1\"",
            with: "prefer = \"lb11\""
        )
        #expect(
            verdict == """
                vip.toml:27:10: error: 'lb11' is not the name of a node
                 27 | prefer = "lb11"
                    |          ^~~~~~
                    = help: did you mean 'lb1'?
                """
        )
    }

    @Test("a preference for a witness is refused")
    func aPreferenceForAWitnessIsRefused() {
        let verdict = Example.verdict(
            replacing: "prefer = \"lb1\"",
            with: "prefer = \"w1\""
        )
        #expect(
            verdict == """
                vip.toml:27:10: error: 'w1' is a witness, which never owns addresses
                 27 | prefer = "w1"
                    |          ^~~~
                    = help: nodes are lb1, lb2
                """
        )
    }

    @Test("fail-back is manual or automatic")
    func failbackIsManualOrAutomatic() {
        let verdict = Example.verdict(
            replacing: "\"automatic\"",
            with: "\"automatc\""
        )
        #expect(
            verdict == """
                vip.toml:28:12: error: 'failback' is 'automatc', but manual or automatic is wanted
                 28 | failback = "automatc"
                    |            ^~~~~~~~~~
                    = help: did you mean 'automatic'?
                """
        )
    }

    @Test("fail-back of another kind is refused")
    func failbackOfAnotherKindIsRefused() {
        let verdict = Example.verdict(
            replacing: "\"automatic\"",
            with: "\"never\""
        )
        #expect(
            verdict == """
                vip.toml:28:12: error: 'failback' is 'never', but manual or automatic is wanted
                 28 | failback = "never"
                    |            ^~~~~~~
                    = help: write "manual" or "automatic"
                """
        )
    }

    @Test("fail-back without a preference is advised against")
    func failbackWithoutAPreferenceIsAdvisedAgainst() {
        let verdict = Example.verdict(
            replacing: """
                prefer = "lb1"

                """,
            with: ""
        )
        #expect(
            verdict == """
                vip.toml:27:12: warning: 'failback' is automatic, but no node is preferred
                 27 | failback = "automatic"
                    |            ^~~~~~~~~~~
                    = help: add prefer = "lb1", or the group stays where it is
                """
        )
    }

    @Test("a delay beyond a day is refused")
    func aDelayBeyondADayIsRefused() {
        let verdict = Example.verdict(
            replacing: "\"1m\"",
            with: "\"25h\""
        )
        #expect(
            verdict == """
                vip.toml:29:18: error: 'failback_delay' is 25h, but the most allowed is 24h
                 29 | failback_delay = "25h"
                    |                  ^~~~~
                    = help: allowed is 0s to 24h
                """
        )
    }

    @Test("a check that does not exist is refused")
    func aCheckThatDoesNotExistIsRefused() {
        let verdict = Example.verdict(
            replacing: "failback_delay = \"1m\"",
            with: """
                failback_delay = "1m"
                checks = ["haproxy"]
                """
        )
        #expect(
            verdict == """
                vip.toml:30:11: error: 'haproxy' is not the name of a check
                 30 | checks = ["haproxy"]
                    |           ^~~~~~~~~
                    = help: add a [[check]] with name = "…", or leave it out
                """
        )
    }
}
