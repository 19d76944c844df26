import Testing

@Suite("Diagnostics about checks")
struct CheckDiagnosticTests {
    @Test("a check is valid, and a warning says that it is not run")
    func aCheckIsValidAndAWarningSaysThatItIsNotRun() {
        let verdict = Example.verdict(
            replacing: "failback_delay = \"1m\"",
            with: """
                failback_delay = "1m"

                [[check]]
                name = "haproxy"
                http = "http://127.0.0.1:8404/health"
                """
        )
        #expect(
            verdict == """
                vip.toml:31:1: warning: checks are not run by this version of vip-agent
                 31 | [[check]]
                    | ^~~~~~~~~
                    = help: the section is validated and has no effect; until then, watch the \
                service by other means
                """
        )
    }

    @Test("a check that is misspelt in a group is met with the nearest")
    func aCheckThatIsMisspeltInAGroupIsMetWithTheNearest() {
        let verdict = Example.verdict(
            replacing: "failback_delay = \"1m\"",
            with: """
                failback_delay = "1m"
                checks = ["haprxy", "haproxy", "haproxy"]

                [[check]]
                name = "haproxy"
                process = "haproxy"
                """
        )
        #expect(
            verdict == """
                vip.toml:30:11: error: 'haprxy' is not the name of a check
                 30 | checks = ["haprxy", "haproxy", "haproxy"]
                    |           ^~~~~~~~
                    = help: did you mean 'haproxy'?
                vip.toml:30:32: error: 'haproxy' is listed twice
                 30 | checks = ["haprxy", "haproxy", "haproxy"]
                    |                                ^~~~~~~~~
                    = help: once is enough
                vip.toml:32:1: warning: checks are not run by this version of vip-agent
                 32 | [[check]]
                    | ^~~~~~~~~
                    = help: the section is validated and has no effect; until then, watch the \
                service by other means
                """
        )
    }

    @Test("a check of nothing is refused")
    func aCheckOfNothingIsRefused() {
        let verdict = Example.verdict(
            replacing: "failback_delay = \"1m\"",
            with: """
                failback_delay = "1m"

                [[check]]
                name = "haproxy"
                fall = 2
                """
        )
        #expect(
            verdict == """
                vip.toml:31:1: error: [[check]] does not say what to check
                 31 | [[check]]
                    | ^~~~~~~~~
                    = help: add one of http = "http://127.0.0.1:8404/health", tcp = \
                "127.0.0.1:80", exec = ["/usr/bin/true"], process = "haproxy"
                vip.toml:31:1: warning: checks are not run by this version of vip-agent
                 31 | [[check]]
                    | ^~~~~~~~~
                    = help: the section is validated and has no effect; until then, watch the \
                service by other means
                """
        )
    }

    @Test("a check of two things is refused")
    func aCheckOfTwoThingsIsRefused() {
        let verdict = Example.verdict(
            replacing: "failback_delay = \"1m\"",
            with: """
                failback_delay = "1m"

                [[check]]
                name = "haproxy"
                process = "haproxy"
                tcp = "127.0.0.1:80"
                """
        )
        #expect(
            verdict == """
                vip.toml:31:1: warning: checks are not run by this version of vip-agent
                 31 | [[check]]
                    | ^~~~~~~~~
                    = help: the section is validated and has no effect; until then, watch the \
                service by other means
                vip.toml:33:1: error: 'process' is a second thing to check, beside 'tcp'
                 33 | process = "haproxy"
                    | ^~~~~~~
                    = help: write a [[check]] of its own for it
                """
        )
    }

    @Test("a check by https is refused")
    func aCheckByHttpsIsRefused() {
        let verdict = Example.verdict(
            replacing: "failback_delay = \"1m\"",
            with: """
                failback_delay = "1m"

                [[check]]
                name = "haproxy"
                http = "https://127.0.0.1/"
                """
        )
        #expect(
            verdict == """
                vip.toml:31:1: warning: checks are not run by this version of vip-agent
                 31 | [[check]]
                    | ^~~~~~~~~
                    = help: the section is validated and has no effect; until then, watch the \
                service by other means
                vip.toml:33:8: error: 'https://127.0.0.1/' is not a URL that can be checked
                 33 | http = "https://127.0.0.1/"
                    |        ^~~~~~~~~~~~~~~~~~~~
                    = help: write http://, a host, and perhaps a port and a path, such as \
                http://127.0.0.1:8404/health; https is not spoken
                """
        )
    }

    @Test("a port to check is needed")
    func aPortToCheckIsNeeded() {
        let verdict = Example.verdict(
            replacing: "failback_delay = \"1m\"",
            with: """
                failback_delay = "1m"

                [[check]]
                name = "haproxy"
                tcp = "127.0.0.1"
                """
        )
        #expect(
            verdict == """
                vip.toml:31:1: warning: checks are not run by this version of vip-agent
                 31 | [[check]]
                    | ^~~~~~~~~
                    = help: the section is validated and has no effect; until then, watch the \
                service by other means
                vip.toml:33:7: error: '127.0.0.1' is not a host and a port
                 33 | tcp = "127.0.0.1"
                    |       ^~~~~~~~~~~
                    = help: write 127.0.0.1:80 or [::1]:80
                """
        )
    }

    @Test("a command to check with begins with an absolute path")
    func aCommandToCheckWithBeginsWithAnAbsolutePath() {
        let verdict = Example.verdict(
            replacing: "failback_delay = \"1m\"",
            with: """
                failback_delay = "1m"

                [[check]]
                name = "haproxy"
                exec = ["pgrep", "haproxy"]
                """
        )
        #expect(
            verdict == """
                vip.toml:31:1: warning: checks are not run by this version of vip-agent
                 31 | [[check]]
                    | ^~~~~~~~~
                    = help: the section is validated and has no effect; until then, watch the \
                service by other means
                vip.toml:33:8: error: 'exec' is not a command
                 33 | exec = ["pgrep", "haproxy"]
                    |        ^~~~~~~~~~~~~~~~~~~~
                    = help: write an absolute path and its arguments, 64 words at most, such as \
                ["/usr/bin/pgrep", "haproxy"]; no shell reads it
                """
        )
    }

    @Test("the name of a process has 15 characters at most")
    func theNameOfAProcessHas15CharactersAtMost() {
        let verdict = Example.verdict(
            replacing: "failback_delay = \"1m\"",
            with: """
                failback_delay = "1m"

                [[check]]
                name = "haproxy"
                process = "haproxy-exporter"
                """
        )
        #expect(
            verdict == """
                vip.toml:31:1: warning: checks are not run by this version of vip-agent
                 31 | [[check]]
                    | ^~~~~~~~~
                    = help: the section is validated and has no effect; until then, watch the \
                service by other means
                vip.toml:33:11: error: 'haproxy-exporter' is not the name of a process
                 33 | process = "haproxy-exporter"
                    |           ^~~~~~~~~~~~~~~~~~
                    = help: the kernel keeps 15 characters of it; `ps -eo comm` lists them
                """
        )
    }

    @Test("a timeout longer than the interval is refused")
    func aTimeoutLongerThanTheIntervalIsRefused() {
        let verdict = Example.verdict(
            replacing: "failback_delay = \"1m\"",
            with: """
                failback_delay = "1m"

                [[check]]
                name = "haproxy"
                process = "haproxy"
                interval = "2s"
                timeout = "3s"
                """
        )
        #expect(
            verdict == """
                vip.toml:31:1: warning: checks are not run by this version of vip-agent
                 31 | [[check]]
                    | ^~~~~~~~~
                    = help: the section is validated and has no effect; until then, watch the \
                service by other means
                vip.toml:35:11: error: 'timeout' is 3s, but the most allowed is 2s
                 35 | timeout = "3s"
                    |           ^~~~
                    = help: allowed is 10ms to 2s
                """
        )
    }

    @Test("an interval that is too short is refused")
    func anIntervalThatIsTooShortIsRefused() {
        let verdict = Example.verdict(
            replacing: "failback_delay = \"1m\"",
            with: """
                failback_delay = "1m"

                [[check]]
                name = "haproxy"
                process = "haproxy"
                interval = "10ms"
                """
        )
        #expect(
            verdict == """
                vip.toml:31:1: warning: checks are not run by this version of vip-agent
                 31 | [[check]]
                    | ^~~~~~~~~
                    = help: the section is validated and has no effect; until then, watch the \
                service by other means
                vip.toml:34:12: error: 'interval' is 10ms, but the least allowed is 100ms
                 34 | interval = "10ms"
                    |            ^~~~~~
                    = help: allowed is 100ms to 1h
                """
        )
    }

    @Test("a count of zero is refused")
    func aCountOfZeroIsRefused() {
        let verdict = Example.verdict(
            replacing: "failback_delay = \"1m\"",
            with: """
                failback_delay = "1m"

                [[check]]
                name = "haproxy"
                process = "haproxy"
                fall = 0
                """
        )
        #expect(
            verdict == """
                vip.toml:31:1: warning: checks are not run by this version of vip-agent
                 31 | [[check]]
                    | ^~~~~~~~~
                    = help: the section is validated and has no effect; until then, watch the \
                service by other means
                vip.toml:34:8: error: 'fall' is 0, but the least allowed is 1
                 34 | fall = 0
                    |        ^
                    = help: allowed is 1 to 100
                """
        )
    }

    @Test("a count that is not a whole number is refused")
    func aCountThatIsNotAWholeNumberIsRefused() {
        let verdict = Example.verdict(
            replacing: "failback_delay = \"1m\"",
            with: """
                failback_delay = "1m"

                [[check]]
                name = "haproxy"
                process = "haproxy"
                rise = 1.5
                """
        )
        #expect(
            verdict == """
                vip.toml:31:1: warning: checks are not run by this version of vip-agent
                 31 | [[check]]
                    | ^~~~~~~~~
                    = help: the section is validated and has no effect; until then, watch the \
                service by other means
                vip.toml:34:8: error: 'rise' is a decimal number, but a whole number is wanted
                 34 | rise = 1.5
                    |        ^~~
                    = help: write rise = 3
                """
        )
    }

    @Test("a check name used twice is refused")
    func aCheckNameUsedTwiceIsRefused() {
        let verdict = Example.verdict(
            replacing: "failback_delay = \"1m\"",
            with: """
                failback_delay = "1m"

                [[check]]
                name = "haproxy"
                process = "haproxy"
                [[check]]
                name = "haproxy"
                process = "haproxy"
                """
        )
        #expect(
            verdict == """
                vip.toml:31:1: warning: checks are not run by this version of vip-agent
                 31 | [[check]]
                    | ^~~~~~~~~
                    = help: the section is validated and has no effect; until then, watch the \
                service by other means
                vip.toml:34:1: warning: checks are not run by this version of vip-agent
                 34 | [[check]]
                    | ^~~~~~~~~
                    = help: the section is validated and has no effect; until then, watch the \
                service by other means
                vip.toml:35:8: error: 'haproxy' is the name of another check (line 32)
                 35 | name = "haproxy"
                    |        ^~~~~~~~~
                    = help: choose another: names of checks are unique
                """
        )
    }
}
