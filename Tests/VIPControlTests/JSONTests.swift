import Testing
import VIPControl

@Suite("JSON")
struct JSONTests {
    @Test(
        "what can be written is read back the same",
        arguments: [
            JSONValue.null, .bool(true), .bool(false), .integer(0),
            .integer(18_446_744_073_709_551_615), .integer(-9_223_372_036_854_775_808),
            .decimal(-1.5), .decimal(1e300), .string(""), .array([]), .object([]),
            .string("\"\\/\u{8}\u{C}\n\r\t\u{0}\u{1F}\u{7F}\u{9F} é ß 漢 🦅 e\u{301}"),
            .array([.null, .array([.integer(1)]), .object([.init("", .string("empty name"))])]),
        ]
    )
    func roundTrip(value: JSONValue) throws {
        #expect(try JSONValue(parsing: value.serialized()) == value)
        #expect(try JSONValue(parsing: value.serialized(.indented)) == value)
    }

    @Test("members keep their order, and nothing trails")
    func layout() {
        let value = JSONValue.object([
            .init("b", .array([.integer(1), .null])), .init("a", .object([])),
            .init("c", .decimal(.nan)),
        ])
        #expect(value.serialized() == #"{"b":[1,null],"a":{},"c":null}"#)
        #expect(
            value.serialized(.indented) == """
                {
                  "b": [
                    1,
                    null
                  ],
                  "a": {},
                  "c": null
                }
                """
        )
    }

    @Test("strings are escaped as RFC 8259 wants it, other text stays as it is")
    func escaping() {
        let value = JSONValue.string("a\"b\\c\n\r\t\u{1}\u{7F}\u{85}é🦅")
        #expect(value.serialized() == #""a\"b\\c\n\r\t\u0001\u007f\u0085é🦅""#)
    }

    @Test(
        "escapes are read",
        arguments: [
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
            (#""\u00e9\u00E9\u0000""#, "éé\u{0}"),
            (#""\ud83e\udd85""#, "🦅"),
            (#""\uD800\uDC00\uDBFF\uDFFF""#, "\u{10000}\u{10FFFF}"),
        ]
    )
    func escapes(text: String, string: String) throws {
        #expect(try JSONValue(parsing: text) == .string(string))
    }

    @Test(
        "numbers are read as what they are",
        arguments: [
            ("-0", JSONValue.integer(0)), ("12", .integer(12)), ("-7", .integer(-7)),
            ("0.5", .decimal(0.5)), ("1e3", .decimal(1000)), ("2E-1", .decimal(0.2)),
            (" \t\r\n1 ", .integer(1)),
        ]
    )
    func numbers(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == value)
    }

    @Test(
        "what is malformed is refused, with its place",
        arguments: [
            ("", 0, JSONError.Problem.unexpectedEnd),
            (" ", 1, .unexpectedEnd),
            ("[1,]", 3, .unexpected(octet: 0x5D, expected: "a value")),
            ("[1 2]", 3, .unexpected(octet: 0x32, expected: "',' or ']'")),
            (#"{"a":1,}"#, 7, .unexpected(octet: 0x7D, expected: "a name in quotes")),
            (#"{a:1}"#, 1, .unexpected(octet: 0x61, expected: "a name in quotes")),
            (#"{"a" 1}"#, 5, .unexpected(octet: 0x31, expected: "':'")),
            (#"{"a":1 "b":2}"#, 7, .unexpected(octet: 0x22, expected: "',' or '}'")),
            (#"{"a":1,"a":2}"#, 7, .duplicateName("a")),
            ("nul", 3, .unexpectedEnd),
            ("nulL", 3, .unexpected(octet: 0x4C, expected: "'null'")),
            ("True", 0, .unexpected(octet: 0x54, expected: "a value")),
            ("'a'", 0, .unexpected(octet: 0x27, expected: "a value")),
            ("1 1", 2, .trailing),
            ("{}{}", 2, .trailing),
            ("01", 0, .number), ("-01", 0, .number), ("1.x", 2, .number), ("-x", 1, .number),
            ("1ex", 2, .number), ("1.", 2, .unexpectedEnd), ("-", 1, .unexpectedEnd),
            ("+1", 0, .unexpected(octet: 0x2B, expected: "a value")),
            ("18446744073709551616", 0, .numberTooLarge),
            ("-9223372036854775809", 0, .numberTooLarge),
            ("1e999", 0, .numberTooLarge),
            ("\"a\nb\"", 2, .controlCharacter(0x0A)),
            (#""\x""#, 1, .escape), (#""\u12g4""#, 1, .escape), (#""\u+123""#, 1, .escape),
            (#""\ud800""#, 1, .loneSurrogate), (#""\udc00""#, 1, .loneSurrogate),
            (#""\ud800A""#, 1, .loneSurrogate), (#""\ud800\n""#, 1, .loneSurrogate),
            (#""\ud800\ud800""#, 1, .loneSurrogate),
        ]
    )
    func malformed(text: String, offset: Int, problem: JSONError.Problem) {
        #expect(throws: JSONError(offset: offset, problem: problem)) {
            try JSONValue(parsing: text)
        }
    }

    @Test(
        "a string that is not UTF-8 is refused",
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xC0, 0x80, 0x22],
            [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
        ] as [[UInt8]]
    )
    func encoding(octets: [UInt8]) {
        #expect(throws: JSONError(offset: 0, problem: .encoding)) {
            try JSONValue(parsing: octets)
        }
    }

    @Test("32 levels are read, and a 33rd is refused")
    func depth() throws {
        let deepest = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        _ = try JSONValue(parsing: deepest)
        #expect(throws: JSONError(offset: 32, problem: .tooDeep(limit: 32))) {
            try JSONValue(parsing: String(repeating: "[", count: 1_000_000))
        }
    }

    @Test("8 MiB are read, and one octet more is refused")
    func length() throws {
        let longest = [UInt8](repeating: 0x20, count: 8_388_607) + [0x31]
        #expect(try JSONValue(parsing: longest) == .integer(1))
        #expect(throws: JSONError(offset: 8_388_608, problem: .tooLong(limit: 8_388_608))) {
            try JSONValue(parsing: longest + [0x20])
        }
    }

    @Test("every truncation of a report is refused, and none traps")
    func truncations() throws {
        let octets = Array(Sample.degraded.json.serialized().utf8)
        _ = try JSONValue(parsing: octets)
        for length in 0..<octets.count {
            #expect(throws: JSONError.self, "the first \(length) octets") {
                try JSONValue(parsing: Array(octets[..<length]))
            }
        }
    }

    @Test("no octet in the place of another makes the parser trap")
    func mutilations() {
        let octets = Array(#"{"a":[1,-2.5e3,"\ud83e\udd85é"],"b":{"c":null,"d":true}}"#.utf8)
        var refused = 0
        for index in octets.indices {
            for octet in UInt8.min...UInt8.max {
                var mutilated = octets
                mutilated[index] = octet
                do { _ = try JSONValue(parsing: mutilated) } catch { refused += 1 }
            }
        }
        #expect(refused > 10_000)
    }

    @Test("an error says where and what")
    func description() {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: "[1 2]") }
        #expect(error?.description == "not JSON at octet 3: expected ',' or ']', found '2'")
    }
}
