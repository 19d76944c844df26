import Testing
import VIPConfiguration
import VIPTestSupport

@Suite("Mutations of a good file")
struct FuzzTests {
    @Test("never trap, and every error is rendered", arguments: 0..<8)
    func mutations(seed: UInt64) {
        var chance = SeededGenerator(seed: seed)
        var refused = 0
        for _ in 0..<1_000 {
            var octets = Array((Example.text + Self.check).utf8)
            for _ in 0..<Int.random(in: 1...4, using: &chance) {
                Self.mutate(&octets, using: &chance)
            }
            let source = String(decoding: octets, as: UTF8.self)
            do throws(ConfigurationError) {
                let configuration = try Configuration(parsing: source, path: "vip.toml")
                let host = configuration.nodes[0].name
                #expect((try? configuration.plan(for: host)) != nil, "seed \(seed)")
            } catch {
                refused += 1
                #expect(error.description.hasPrefix("vip.toml:"), "seed \(seed)")
            }
        }
        #expect(refused > 500, "seed \(seed)")
    }

    @Test("no depth of nesting exhausts the stack", arguments: ["[", "{a=", "a."])
    func nesting(opening: String) {
        for count in [8, 9, 1_000, 100_000] {
            let repeated = String(repeating: opening, count: count)
            let key = opening == "a." ? "\(repeated)b = 1" : "a = \(repeated)"
            #expect(throws: ConfigurationError.self) {
                try Configuration(parsing: key, path: "vip.toml")
            }
        }
    }

    @Test("the deepest document that is parsed at all does not exhaust the stack")
    func deepest() {
        let dots = String(repeating: "a.", count: 1_000)
        let source = "[\(dots)b]\n\(dots)c = {\n\(dots)d = [[[[[{\(dots)e = 1}]]]]]}\n%"
        #expect(throws: ConfigurationError.self) {
            try Configuration(parsing: source, path: "vip.toml")
        }
    }

    @Test("a line of dots is refused before it is parsed")
    func dots() {
        let source = "[a]\n" + String(repeating: "a.", count: 1_025) + "b = 1"
        #expect(
            Example.verdict(on: source).hasPrefix(
                "vip.toml:2:1: error: this line has more than 1024 dots outside of quotes"
                    + "\n 2 | a.a."
            )
        )
    }

    /// Each line has 100,000 dots outside of strings as TOML reads them, and strings in front that
    /// are to hide it.
    @Test(
        "no string in front of a line of dots hides it",
        arguments: [
            #"a = "\"", "#, #"a = '\', "#, #"a = { b = """x"""", "#, #"a = { b = """\"""", "#,
            "a = { b = '''x'''', ", #"a = [ "it's", "#, #""a#b"."#, "a = \"\"\"\nit's \"\"\" ",
            #"a = { b = """""", "#, #"a = { b = "", "#, #"a = { b = '', "#, "a = 1\r", "a = 1\u{b}",
            #"a = { b = "x" # "\n"#, "'a\nb = { c = 1, ",
        ]
    )
    func hiddenDots(front: String) {
        let source = front + String(repeating: "a.", count: 100_000) + "b = 1 }"
        #expect(throws: ConfigurationError.self) {
            try Configuration(parsing: source, path: "vip.toml")
        }
    }

    @Test("dots within quotes and comments are as many as somebody likes")
    func quotedDots() throws {
        let addresses = (0..<4_096).map { "\"10.9.\($0 / 250).\($0 % 250 + 1)\"" }
        let text = Example.text.replacing(
            #"addresses = ["10.77.0.100", "fd77::64"]"#,
            with: "addresses = [\(addresses.joined(separator: ", "))]  # \(addresses)"
        )
        #expect(text != Example.text)
        let configuration = try Configuration(parsing: text, path: "vip.toml")
        #expect(configuration.groups[0].addresses.count == 4_096)
    }

    @Test(
        "what once made the parser abort, or undefined, is an error with a place",
        arguments: [
            (
                "[=]",
                "while parsing key: expected bare key starting character or string"
                    + " delimiter, saw '='"
            ),
            (
                "[a]\né = 1",
                "while parsing root table: expected keys, tables, whitespace or comments, saw '\u{e9}'"
            ),
        ]
    )
    func corpus(source: String, message: String) throws {
        let error = try #require(throws: ConfigurationError.self) {
            try Configuration(parsing: source, path: "vip.toml")
        }
        #expect(error.diagnostics.map(\.message) == ["this is not TOML: \(message)"])
        #expect(error.diagnostics[0].range != nil)
    }

    private static let check = """

        [[check]]
        name = "haproxy"
        exec = ["/usr/bin/pgrep", "haproxy"]

        """

    private static let fragments = [
        "[", "]", "[[", "\"", "\"\"\"", "'", "=", ".", ",", "{", "}", "#", "\n", "\r\n", "\0", "\t",
        "é", "\u{FEFF}", "e\u{301}", "inf", "-nan", "1e999", "9223372036854775808", "0x",
        "1979-05-27",
        "true", "\\u0000", "/33", ":0", "::", "0.0000000001us", "999999999h", "[[node]]\n",
        "node.a=1\n",
    ].map { Array($0.utf8) }

    private static func mutate(_ octets: inout [UInt8], using chance: inout SeededGenerator) {
        guard !octets.isEmpty else { return }
        let place = Int.random(in: octets.indices, using: &chance)
        switch Int.random(in: 0..<6, using: &chance) {
        case 0:
            octets[place] ^= 1 << UInt8.random(in: 0..<8, using: &chance)
        case 1:
            octets.removeSubrange(place...)
        case 2:
            let end = min(place + Int.random(in: 1...20, using: &chance), octets.count)
            octets.removeSubrange(place..<end)
        case 3:
            let fragment = fragments[Int.random(in: fragments.indices, using: &chance)]
            octets.insert(contentsOf: fragment, at: place)
        case 4:
            var lines = octets.split(separator: 10, omittingEmptySubsequences: false)
            let first = Int.random(in: lines.indices, using: &chance)
            lines.swapAt(first, Int.random(in: lines.indices, using: &chance))
            octets = Array(lines.joined(separator: [10]))
        default:
            let end = min(place + Int.random(in: 1...80, using: &chance), octets.count)
            octets.insert(contentsOf: Array(octets[place..<end]), at: place)
        }
    }
}
