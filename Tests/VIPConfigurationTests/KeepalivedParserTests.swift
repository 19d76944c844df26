import Testing
import VIPConfiguration
import VIPKeepalived
import VIPTestSupport

@Suite("What is read of a keepalived.conf")
struct KeepalivedParserTests {
    /// The addresses of all groups, and so what was read between the braces.
    private func addresses(
        _ text: String,
        host: String = "lb1",
        others: [KeepalivedFile] = []
    ) throws -> [String] {
        try Keepalived.translation(text, host: host, others: others).template.groups
            .flatMap(\.addresses)
    }

    private func instance(_ lines: String) -> String {
        "vrrp_instance A {\ninterface eth0\nvirtual_ipaddress {\n\(lines)\n}\n}\n"
    }

    @Test("does not depend on where braces and comments stand")
    func layout() throws {
        let text = """
            #comment {
            vrrp_instance A   # another {
            {   ! and another }
            interface eth0 virtual_ipaddress_is_no_word_of_its_own
            virtual_ipaddress { 10.77.0.1/32
              10.77.0.2 ! comment
            } virtual_ipaddress_excluded
            { fd77::1 } }\r
            vrrp_instance "B" { interface "eth0"; virtual_ipaddress {
              10.77.0.3 }}
            """
        #expect(
            try addresses(text.replacing("\"eth0\";", with: "\"eth0\"\n"))
                == ["10.77.0.1", "10.77.0.2", "fd77::1", "10.77.0.3"]
        )
    }

    @Test("are conditions and parameters, as far as they are simple")
    func parameters() throws {
        let text = """
            $BASE=10.77.${NET}
            $NET=5
            @lb1 $LAST=1
            @lb2 $LAST=2
            $ME=@lb1

            """
            + instance(
                """
                ${BASE}.${LAST}
                $NET=6
                ${BASE}.${LAST}
                @lb1 10.77.0.11
                @lb2 10.77.0.12
                @^lb1 10.77.0.13
                $ME 10.77.0.14
                @lb1 @^lb2 10.77.0.15
                10.77.0.16 label ${UNDEFINED}
                """
            )
        #expect(
            try addresses(text, host: "lb1.example.net") == [
                "10.77.5.1", "10.77.6.1", "10.77.0.11", "10.77.0.14", "10.77.0.15", "10.77.0.16",
            ]
        )
    }

    @Test("are included files, relative to the file that names them")
    func includes() throws {
        let others = [
            KeepalivedFile(path: "conf.d/1.conf", text: instance("10.77.0.1\ninclude more/2.conf")),
            KeepalivedFile(path: "conf.d/more/2.conf", text: "10.77.0.2\n"),
            KeepalivedFile(
                path: "conf.d/3.conf",
                text: instance("10.77.0.3").replacing("A", with: "B")
            ),
        ]
        let text = "include conf.d/*\nincluder /etc/none.conf\n"
        #expect(
            try addresses(text, others: others).contains("10.77.0.2")
        )
        #expect(
            Keepalived.remarks(text, others: others).contains(
                "! keepalived.conf:2: 'includer /etc/none.conf': there is no such file to read"
            )
        )
        #expect(
            Keepalived.remarks("include forbidden.conf") == """
                unreadable: keepalived.conf:1:1: error: it can't be opened
                 1 | include forbidden.conf
                   | ^~~~~~~
                   = help: see it
                """
        )
    }

    @Test("a line that ends with a backslash goes on in the next")
    func continuation() throws {
        #expect(
            Keepalived.remarks("global_defs {\nlvs_sync_daemon eth0 \\\n  id 5\n}").hasPrefix(
                "! keepalived.conf:2: 'lvs_sync_daemon eth0 id 5': no counterpart: IPVS stays"
            )
        )
    }

    @Test("every fault is told with its place, in all files")
    func faults() {
        let text = """
            vrrp_instance A {
                $V=1 \\
                ~SEQ(N, 1, 3) 10.77.0.$N
                notify "/bin/x
                include a b
            }
            }
            {
            include broken.conf
            vrrp_instance B {
                virtual_ipaddress {
            """
        let others = [KeepalivedFile(path: "broken.conf", text: "$A=${A}x\nx ${A}\n")]
        #expect(
            Keepalived.remarks(text, others: others) == """
                broken: keepalived.conf:2:5: error: parameters of several lines are not \
                understood here
                 2 |     $V=1 \\
                   |     ^~~~~~
                   = help: write out the lines where the parameter is used
                keepalived.conf:3:5: error: ~SEQ and ~LST are not understood here
                 3 |     ~SEQ(N, 1, 3) 10.77.0.$N
                   |     ^~~~~~~~~~~~~~~~~~~~~~~~
                   = help: write out the lines that it stands for
                keepalived.conf:4:12: error: this quote is not closed on its line
                 4 |     notify "/bin/x
                   |            ^~~~~~~
                   = help: add " at the end of the text
                keepalived.conf:5:5: error: 'include' names no file, or more than one
                 5 |     include a b
                   |     ^~~~~~~
                   = help: patterns with braces are not understood here: write one name on each \
                line
                keepalived.conf:7:1: error: this '}' closes nothing
                 7 | }
                   | ^
                   = help: remove it, or add the '{' that it ends
                keepalived.conf:8:1: error: this '{' belongs to no statement
                 8 | {
                   | ^
                   = help: write it behind the statement whose block it begins
                keepalived.conf:10:1: error: the block of 'vrrp_instance B' is not closed
                 10 | vrrp_instance B {
                    | ^~~~~~~~~~~~~
                    = help: add a '}' where it ends
                keepalived.conf:11:5: error: the block of 'virtual_ipaddress' is not closed
                 11 |     virtual_ipaddress {
                    |     ^~~~~~~~~~~~~~~~~
                    = help: add a '}' where it ends
                broken.conf:2:1: error: the parameters of this line do not come to an end
                 2 | x ${A}
                   | ^~~~~~
                   = help: does one of them contain itself?
                """
        )
    }

    @Test("every value that is wrong is told with its place")
    func values() {
        let text = """
            vrrp_script x {
                script
                interval soon
                fall 1.5
                rise 1000
            }
            vrrp_instance {
            }
            vrrp_instance A {
                interface
                preempt_delay
                unicast_src_ip fe80::1%eth0
                unicast_peer { lb2.example.net }
                virtual_ipaddress {
                    10.77.0.300/24
                }
            }
            """
        #expect(
            Keepalived.remarks(text) == """
                broken: keepalived.conf:2:5: error: 'script' has no command
                 2 |     script
                   |     ^~~~~~
                   = help: write script "/usr/local/bin/check"
                keepalived.conf:3:14: error: 'soon' is not a number of seconds
                 3 |     interval soon
                   |              ^~~~
                   = help: write 5 or 0.5
                keepalived.conf:4:10: error: '1.5' is not a whole number
                 4 |     fall 1.5
                   |          ^~~
                   = help: write 3
                keepalived.conf:7:1: error: 'vrrp_instance' has no name
                 7 | vrrp_instance {
                   | ^~~~~~~~~~~~~
                   = help: write vrrp_instance VI_1
                keepalived.conf:10:5: error: 'interface' has no name
                 10 |     interface
                    |     ^~~~~~~~~
                    = help: write interface eth0
                keepalived.conf:11:5: error: 'preempt_delay' has no number of seconds
                 11 |     preempt_delay
                    |     ^~~~~~~~~~~~~
                    = help: write preempt_delay 5
                keepalived.conf:12:20: error: 'fe80::1%eth0' is not an address
                 12 |     unicast_src_ip fe80::1%eth0
                    |                    ^~~~~~~~~~~~
                    = help: write 10.77.0.1 or fd77::1; names and zones are not looked up
                keepalived.conf:13:20: error: 'lb2.example.net' is not an address
                 13 |     unicast_peer { lb2.example.net }
                    |                    ^~~~~~~~~~~~~~~
                    = help: write 10.77.0.1 or fd77::1; names and zones are not looked up
                keepalived.conf:15:9: error: '10.77.0.300' is not an address
                 15 |         10.77.0.300/24
                    |         ^~~~~~~~~~~~~~
                    = help: write 10.77.0.1 or fd77::1; names and zones are not looked up
                """
        )
    }

    @Test("nothing is without a bound")
    func bounds() {
        let deep = String(repeating: "a {\n", count: 17)
        #expect(Keepalived.remarks(deep).contains("17:3: error: blocks are more than 16 deep"))
        let many = String(repeating: "a\n", count: 50_001)
        #expect(Keepalived.remarks(many).contains("error: there are more than 50000 statements"))
        #expect(
            Keepalived.remarks(String(repeating: "}\n", count: 5_000)).hasSuffix(
                "\nkeepalived.conf: and 900 more"
            )
        )
        let itself = [KeepalivedFile(path: "a.conf", text: "include a.conf\n")]
        #expect(
            Keepalived.remarks("include a.conf", others: itself).contains(
                "error: files are included more than 8 deep"
            )
        )
        let crowd = (0..<64).map { KeepalivedFile(path: "d/\($0)", text: "") }
        #expect(
            Keepalived.remarks("include d/*", others: crowd).contains(
                "error: there are more than 64 files"
            )
        )
        #expect(
            Keepalived.remarks(String(repeating: "include none\n", count: 200)).contains(
                "101:1: error: there are more than 100 lines that include files"
            )
        )
        let large = String(repeating: "#", count: 1_048_576)
        let fat = (0..<5).map { KeepalivedFile(path: "d/\($0)", text: large) }
        #expect(
            Keepalived.remarks("include d/*", others: fat).contains(
                "1:1: error: all files together are larger than 4194304 octets"
            )
        )
        #expect(
            Keepalived.remarks("$A=${B}${B}\n$B=${A}${A}\nx ${A}").contains(
                "3:1: error: the parameters of this line do not come to an end"
            )
        )
    }

    @Test("what is too much is told once, and nothing behind it is read")
    func end() {
        var read = 0
        let crowd = (0..<65).map { KeepalivedFile(path: "d/\($0)", text: "") }
        let line = "include d/*\n"
        do throws(KeepalivedError) {
            _ = try KeepalivedTranslation(
                of: KeepalivedFile(
                    path: "keepalived.conf",
                    text: "vrrp_instance A {\n" + String(repeating: line, count: 20_000)
                ),
                into: ConfigurationTemplate(
                    cluster: "lb",
                    keyFile: "/etc/vip-agent/lb.key",
                    nodes: [],
                    witness: nil,
                    groups: []
                ),
                host: "lb1",
                including: { (_) throws(KeepalivedReadFailure) in
                    read += 1
                    return crowd
                }
            )
            Issue.record("65 files are not too many")
        } catch {
            #expect(
                error.description == """
                    keepalived.conf:2:1: error: there are more than 64 files
                     2 | include d/*
                       | ^~~~~~~
                       = help: is it the right directory?
                    """
            )
        }
        #expect(read == 1)
    }

    @Test("long values and many parameters take no long time")
    func expansion() {
        let clock = ContinuousClock()
        var answers = ["", "", ""]
        let long = "$X=" + String(repeating: "x", count: 400_000)
        let many = String(repeating: "$X\n", count: 150_000)
        let nested =
            "$X=" + String(repeating: "$E ", count: 60) + String(repeating: "x ", count: 4000)
        let conditions = String(repeating: "@lb1 ", count: 200_000)
        let duration = clock.measure {
            answers[0] = Keepalived.remarks("\(long)\n\(many)")
            answers[1] = Keepalived.remarks("$E=\n\(nested)\n\(many)")
            answers[2] = Keepalived.remarks("\(conditions)}")
        }
        #expect(answers[0].contains("2:1: error: the parameters of this line do not come to an"))
        #expect(answers[0].hasSuffix("\nkeepalived.conf: and 900 more"))
        #expect(answers[1].contains("23:1: error: there are too many parameters in too many lines"))
        #expect(answers[2].contains("1:1000001: error: this '}' closes nothing"))
        // Each of them took minutes once.
        #expect(duration < .seconds(10))
    }

    @Test(
        "mutations of a good file never trap, and give a valid file or say why not",
        arguments: 0..<8
    )
    func mutations(seed: UInt64) {
        var chance = SeededGenerator(seed: seed)
        var translated = 0
        for _ in 0..<1_000 {
            var octets = Array(KeepalivedTranslationTests.unicast.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &chance) {
                Self.mutate(&octets, using: &chance)
            }
            let text = String(decoding: octets, as: UTF8.self)
            do throws(KeepalivedError) {
                let rendered = try Keepalived.translation(text).template.rendered
                translated += 1
                do throws(ConfigurationError) {
                    _ = try Configuration(parsing: rendered, path: "vip-agent.toml")
                } catch {
                    let isSyntax = error.description.contains("this is not TOML")
                    #expect(!isSyntax, "seed \(seed)")
                }
            } catch {
                #expect(!error.description.isEmpty, "seed \(seed)")
            }
        }
        #expect(translated > 200, "seed \(seed)")
    }

    @Test("noise never traps", arguments: 0..<4)
    func noise(seed: UInt64) {
        var chance = SeededGenerator(seed: seed)
        for _ in 0..<1_000 {
            let octets = (0..<Int.random(in: 0...40, using: &chance)).flatMap { _ in
                Bool.random(using: &chance)
                    ? Self.fragments[Int.random(in: Self.fragments.indices, using: &chance)]
                    : [UInt8.random(in: 0...255, using: &chance)]
            }
            let text = String(decoding: octets, as: UTF8.self)
            do throws(KeepalivedError) {
                #expect(try Keepalived.translation(text).template.groups.isEmpty)
            } catch {
                #expect(error.description.hasPrefix("keepalived.conf:"), "seed \(seed)")
            }
        }
    }

    private static let fragments = [
        "{", "}", "\"", "'", "\\", "\\\n", "$", "${", "$A=${A}", "${_PWD}", "@", "@^", "~SEQ(",
        "!", "#", "\n", "\r\n", "\0", "\t", "é", "\u{FEFF}", "include ", "/33", "-1", "1e9", ".5",
        "99999999999999999999", "vrrp_sync_group x { group { VI_1 } }\n", "reverse", "dev", "label",
    ].map { Array($0.utf8) }

    private static func mutate(
        _ octets: inout [UInt8],
        using chance: inout SeededGenerator
    ) {
        guard !octets.isEmpty else { return }
        let place = Int.random(in: octets.indices, using: &chance)
        switch Int.random(in: 0..<4, using: &chance) {
        case 0:
            octets[place] ^= 1 << UInt8.random(in: 0..<8, using: &chance)
        case 1:
            let end = min(place + Int.random(in: 1...20, using: &chance), octets.count)
            octets.removeSubrange(place..<end)
        case 2:
            let fragment = fragments[Int.random(in: fragments.indices, using: &chance)]
            octets.insert(contentsOf: fragment, at: place)
        default:
            let end = min(place + Int.random(in: 1...80, using: &chance), octets.count)
            octets.insert(contentsOf: Array(octets[place..<end]), at: place)
        }
    }
}
