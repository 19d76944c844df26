import Testing

@Suite("Diagnostics about the file")
struct FileDiagnosticTests {
    @Test("a text that is not TOML is pointed at")
    func aTextThatIsNotTOMLIsPointedAt() {
        let verdict = Example.verdict(
            replacing: "name = \"lb\"",
            with: "name = lb"
        )
        #expect(
            verdict == """
                vip.toml:2:8: error: this is not TOML: while parsing value: could not determine \
                value type
                 2 | name = lb
                   |        ^
                   = help: strings are quoted, tables look like [timing], lists of tables like \
                [[node]]
                """
        )
    }

    @Test("a key written twice is pointed at")
    func aKeyWrittenTwiceIsPointedAt() {
        let verdict = Example.verdict(
            replacing: "name = \"lb\"",
            with: """
                name = "lb"
                name = "lc"
                """
        )
        #expect(
            verdict == """
                vip.toml:3:8: error: this is not TOML: while parsing key-value pair: cannot \
                redefine existing string 'name'
                 3 | name = "lc"
                   |        ^
                   = help: strings are quoted, tables look like [timing], lists of tables like \
                [[node]]
                """
        )
    }

    @Test("nesting beyond all sense is refused")
    func nestingBeyondAllSenseIsRefused() {
        let verdict = Example.verdict(
            replacing: "drift = 0.002",
            with: "drift = [[[[[[[[[[1]]]]]]]]]]"
        )
        #expect(
            verdict == """
                vip.toml:8:17: error: this is not TOML: while parsing value: exceeded maximum \
                nested value depth of 8
                 8 | drift = [[[[[[[[[[1]]]]]]]]]]
                   |                 ^
                   = help: strings are quoted, tables look like [timing], lists of tables like \
                [[node]]
                """
        )
    }

    @Test("an unknown key is met with the nearest known one")
    func anUnknownKeyIsMetWithTheNearestKnownOne() {
        let verdict = Example.verdict(
            replacing: "heartbeat =",
            with: "hearbeat ="
        )
        #expect(
            verdict == """
                vip.toml:6:1: error: 'hearbeat' is not known in [timing]
                 6 | hearbeat = "100ms"
                   | ^~~~~~~~
                   = help: did you mean 'heartbeat'?
                """
        )
    }

    @Test("an unknown key that resembles none is met with all of them")
    func anUnknownKeyThatResemblesNoneIsMetWithAllOfThem() {
        let verdict = Example.verdict(
            replacing: "margin =",
            with: "colour ="
        )
        #expect(
            verdict == """
                vip.toml:9:1: error: 'colour' is not known in [timing]
                 9 | colour = "1ms"
                   | ^~~~~~
                   = help: known in [timing] are heartbeat, lease, drift, margin
                """
        )
    }

    @Test("a line of noise is cut to the place that matters")
    func aLineOfNoiseIsCutToThePlaceThatMatters() {
        let verdict = Example.verdict(
            replacing: "drift = 0.002",
            with: """
                drift = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, \
                1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, \
                1, 1, 1, 1, 1, 1, 1, 1, 1, 2.5.5]
                """
        )
        #expect(
            verdict == """
                vip.toml:8:193: error: this is not TOML: while parsing floating-point: expected \
                decimal digit or exponent, saw '.'
                 8 | …1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2.5.5]
                   |                                         ^
                   = help: strings are quoted, tables look like [timing], lists of tables like \
                [[node]]
                """
        )
    }

    @Test("an unknown table is met with the nearest known one")
    func anUnknownTableIsMetWithTheNearestKnownOne() {
        let verdict = Example.verdict(
            replacing: "[[witness]]",
            with: "[[witnes]]"
        )
        #expect(
            verdict == """
                vip.toml:19:3: error: 'witnes' is not known
                 19 | [[witnes]]
                    |   ^~~~~~
                    = help: did you mean 'witness'?
                """
        )
    }

    @Test("a hyphen in the place of an underscore is recognized")
    func aHyphenInThePlaceOfAnUnderscoreIsRecognized() {
        let verdict = Example.verdict(
            replacing: "key_file",
            with: "key-file"
        )
        #expect(
            verdict == """
                vip.toml:1:1: error: 'key_file' is missing in [cluster]
                 1 | [cluster]
                   | ^~~~~~~~~
                   = help: add key_file = "/etc/vip-agent/lb.key"
                vip.toml:3:1: error: 'key-file' is not known in [cluster]
                 3 | key-file = "/etc/vip-agent/lb.key"
                   | ^~~~~~~~
                   = help: did you mean 'key_file'?
                """
        )
    }

    @Test("a table in the place of a list of tables is refused")
    func aTableInThePlaceOfAListOfTablesIsRefused() {
        let verdict = Example.verdict(
            replacing: "[[witness]]",
            with: "[witness]"
        )
        #expect(
            verdict == """
                vip.toml:19:1: error: 'witness' is a table, but a list of tables is wanted
                 19 | [witness]
                    | ^~~~~~~~~
                    = help: write [[witness]] with two brackets, once for each
                """
        )
    }

    @Test("a list of tables in the place of a table is refused")
    func aListOfTablesInThePlaceOfATableIsRefused() {
        let verdict = Example.verdict(
            replacing: "[cluster]",
            with: "[[cluster]]"
        )
        #expect(
            verdict == """
                vip.toml:1:1: error: 'cluster' is a list, but one table is wanted
                 1 | [[cluster]]
                   | ^~~~~~~~~~~
                   = help: write [cluster]
                """
        )
    }

    @Test("a value in the place of a table is refused")
    func aValueInThePlaceOfATableIsRefused() {
        let verdict = Example.verdict(
            replacing: """
                [cluster]

                """,
            with: """
                check = [1]
                [cluster]

                """
        )
        #expect(
            verdict == """
                vip.toml:1:10: error: 'check' holds a number, but a list of tables is wanted
                 1 | check = [1]
                   |          ^
                   = help: write [[check]] with two brackets, once for each
                """
        )
    }

    @Test("a missing cluster is reported")
    func aMissingClusterIsReported() {
        let verdict = Example.verdict(
            replacing: """
                [cluster]
                name = "lb"
                key_file = "/etc/vip-agent/lb.key"

                """,
            with: ""
        )
        #expect(
            verdict == """
                vip.toml: error: [cluster] is missing
                  = help: begin with [cluster], name = "lb" and key_file = "/etc/vip-agent/lb.key"
                """
        )
    }

    @Test("a missing key is pointed at in its header")
    func aMissingKeyIsPointedAtInItsHeader() {
        let verdict = Example.verdict(
            replacing: """
                key_file = "/etc/vip-agent/lb.key"

                """,
            with: ""
        )
        #expect(
            verdict == """
                vip.toml:1:1: error: 'key_file' is missing in [cluster]
                 1 | [cluster]
                   | ^~~~~~~~~
                   = help: add key_file = "/etc/vip-agent/lb.key"
                """
        )
    }

    @Test("a relative key file is refused")
    func aRelativeKeyFileIsRefused() {
        let verdict = Example.verdict(
            replacing: "/etc/vip-agent/lb.key",
            with: "lb.key"
        )
        #expect(
            verdict == """
                vip.toml:3:12: error: 'key_file' is 'lb.key', but an absolute path is wanted
                 3 | key_file = "lb.key"
                   |            ^~~~~~~~
                   = help: write key_file = "/etc/vip-agent/lb.key"
                """
        )
    }

    @Test("a number where a string is wanted is refused")
    func aNumberWhereAStringIsWantedIsRefused() {
        let verdict = Example.verdict(
            replacing: "name = \"lb\"",
            with: "name = 5"
        )
        #expect(
            verdict == """
                vip.toml:2:8: error: 'name' is a number, but a string is wanted
                 2 | name = 5
                   |        ^
                   = help: write name = "…"
                """
        )
    }

    @Test("a name with a space is refused")
    func aNameWithASpaceIsRefused() {
        let verdict = Example.verdict(
            replacing: "name = \"lb\"",
            with: "name = \"l b\""
        )
        #expect(
            verdict == """
                vip.toml:2:8: error: 'l b' is not a name
                 2 | name = "l b"
                   |        ^~~~~
                   = help: names are 1 to 63 characters of A-Z, a-z, 0-9, '.', '_' and '-'
                """
        )
    }

    @Test("control characters never reach the terminal")
    func controlCharactersNeverReachTheTerminal() {
        let verdict = Example.verdict(
            replacing: "name = \"lb\"",
            with: "name = \"l\\u001Bb\"  # \\t"
        )
        #expect(
            verdict == """
                vip.toml:2:8: error: 'l�b' is not a name
                 2 | name = "l\\u001Bb"  # \\t
                   |        ^~~~~~~~~~
                   = help: names are 1 to 63 characters of A-Z, a-z, 0-9, '.', '_' and '-'
                """
        )
    }
}
