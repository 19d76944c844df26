import Testing
import VIPControl

@Suite("Control requests")
struct ControlRequestTests {
    @Test(
        "are lines of words, read and written the same",
        arguments: [
            ("status", ControlRequest.status),
            ("history", .history),
            ("switchover web", .switchover(group: "web", to: nil)),
            ("switchover web to lb2", .switchover(group: "web", to: "lb2")),
            ("switchover to to to", .switchover(group: "to", to: "to")),
            ("takeover web force", .takeover(group: "web")),
            ("announce web", .announce(group: "web")),
            ("maintenance on", .maintenance(true)),
            ("maintenance off", .maintenance(false)),
            ("reload", .reload),
        ]
    )
    func roundTrip(line: String, request: ControlRequest) throws {
        #expect(try ControlRequest(parsing: Array(line.utf8)) == request)
        #expect(request.line == line)
    }

    @Test("more blanks and a carriage return change nothing")
    func blanks() throws {
        let line = Array("  switchover   web  to lb2 \r".utf8)
        #expect(try ControlRequest(parsing: line) == .switchover(group: "web", to: "lb2"))
    }

    @Test(
        "what is no request is refused with its reason",
        arguments: [
            ("", ControlRequestError.empty, "the request is empty"),
            ("  ", .empty, "the request is empty"),
            ("stats", .unknownVerb("stats"), "unknown request 'stats'"),
            ("STATUS", .unknownVerb("STATUS"), "unknown request 'STATUS'"),
            (
                "status web", .unexpected(word: "web", after: "status"),
                "'status' does not take 'web' there"
            ),
            (
                "switchover", .missing(argument: "GROUP", verb: "switchover"),
                "'switchover' lacks GROUP"
            ),
            (
                "switchover web lb2", .unexpected(word: "lb2", after: "switchover"),
                "'switchover' does not take 'lb2' there"
            ),
            (
                "switchover web to", .missing(argument: "NODE", verb: "switchover"),
                "'switchover' lacks NODE"
            ),
            (
                "switchover web to lb2 now", .unexpected(word: "now", after: "switchover"),
                "'switchover' does not take 'now' there"
            ),
            ("takeover web", .notForced, "'takeover' without 'force'"),
            (
                "takeover web please", .unexpected(word: "please", after: "takeover"),
                "'takeover' does not take 'please' there"
            ),
            ("announce", .missing(argument: "GROUP", verb: "announce"), "'announce' lacks GROUP"),
            (
                "maintenance", .missing(argument: "on|off", verb: "maintenance"),
                "'maintenance' lacks on|off"
            ),
            (
                "maintenance yes", .unexpected(word: "yes", after: "maintenance"),
                "'maintenance' does not take 'yes' there"
            ),
            (
                "status\u{0}", .controlCharacter(offset: 6),
                "a control character stands at octet 6 of the request"
            ),
            (
                "sta\ttus", .controlCharacter(offset: 3),
                "a control character stands at octet 3 of the request"
            ),
            (
                "announce a\u{85}b", .notAName("a\u{85}b", argument: "GROUP"),
                "'a\\u{85}b' cannot be the name of a GROUP"
            ),
        ]
    )
    func refused(line: String, error: ControlRequestError, description: String) {
        #expect(throws: error) { try ControlRequest(parsing: Array(line.utf8)) }
        #expect(error.description == description)
    }

    @Test("a line that is not UTF-8 is refused")
    func encoding() {
        #expect(throws: ControlRequestError.encoding) {
            try ControlRequest(parsing: Array("announce ".utf8) + [0xFF])
        }
    }

    @Test("600 octets are read, and one more is refused")
    func length() throws {
        let blanks = [UInt8](repeating: 0x20, count: 594)
        #expect(try ControlRequest(parsing: Array("status".utf8) + blanks) == .status)
        #expect(throws: ControlRequestError.tooLong) {
            try ControlRequest(parsing: Array("status".utf8) + blanks + [0x20])
        }
    }

    @Test("two names of 255 octets fit in a request, and a name of 256 is none")
    func names() throws {
        let name = String(repeating: "n", count: 255)
        let request = try ControlRequest(words: ["switchover", name, "to", name])
        #expect(try ControlRequest(parsing: Array(request.line.utf8)) == request)
        #expect(throws: ControlRequestError.notAName(name + "n", argument: "GROUP")) {
            try ControlRequest(words: ["announce", name + "n"])
        }
    }

    @Test("a word of the shell with a blank in it is not a name")
    func shellWords() {
        #expect(throws: ControlRequestError.notAName("web to lb2", argument: "GROUP")) {
            try ControlRequest(words: ["switchover", "web to lb2"])
        }
        #expect(throws: ControlRequestError.notAName("", argument: "GROUP")) {
            try ControlRequest(words: ["announce", ""])
        }
    }
}

@Suite("Control replies")
struct ControlReplyTests {
    @Test(
        "are one JSON document on one line",
        arguments: [
            (
                ControlReply.done(message: "web is handed over to lb2", payload: nil),
                #"{"ok":true,"message":"web is handed over to lb2","payload":null}"# + "\n"
            ),
            (
                .done(message: "", payload: .array([.integer(1)])),
                #"{"ok":true,"message":"","payload":[1]}"# + "\n"
            ),
            (
                .refused(ControlRefusal(.notOwner, "lb2 owns web", help: "ask lb2")),
                #"{"ok":false,"code":"not_owner","error":"lb2 owns web","help":"ask lb2"}"# + "\n"
            ),
            (
                .refused(ControlRefusal(.init(rawValue: "invented_later"), "no")),
                #"{"ok":false,"code":"invented_later","error":"no","help":null}"# + "\n"
            ),
        ]
    )
    func roundTrip(reply: ControlReply, text: String) throws {
        #expect(reply.serialized() == text)
        #expect(try ControlReply(json: JSONReader(JSONValue(parsing: text))) == reply)
    }

    @Test("tell whoever asks wrongly what can be asked")
    func malformed() {
        #expect(
            ControlReply.malformed(.unknownVerb("stats")).serialized() == """
                {"ok":false,"code":"bad_request","error":"unknown request 'stats'",\
                "help":"a request is one line: status | history | switchover GROUP [to NODE] \
                | takeover GROUP force | announce GROUP | maintenance on|off | reload | accept-voters"}\n
                """
        )
    }
}
