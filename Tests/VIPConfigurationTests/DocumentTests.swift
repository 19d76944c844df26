import Foundation
import Testing
import VIPConfiguration
import VIPTestSupport

/// `docs/configuration.md` is what an operator goes by.
@Suite("The document about the configuration")
struct DocumentTests {
    let lines: [String]

    init() throws {
        lines = try Repository.lines(of: "docs/configuration.md")
    }

    /// The first cells of the table under a heading: keys, without their backticks.
    private func documentedKeys(under heading: String) -> [String] {
        lines.drop { $0 != "## \(heading)" }
            .dropFirst()
            .prefix { !$0.hasPrefix("#") }
            .filter { $0.hasPrefix("| `") }
            .map { String($0.dropFirst(3).prefix { $0 != "`" }) }
    }

    /// What stands between the lines "```language" and "```", for every such place.
    private func blocks(of language: String) -> [String] {
        var blocks: [String] = []
        var rest = lines[...]
        while let begin = rest.firstIndex(of: "```\(language)") {
            let block = rest[(begin + 1)...].prefix { $0 != "```" }
            blocks.append(block.joined(separator: "\n"))
            rest = rest[block.endIndex...]
        }
        return blocks
    }

    /// The keys that the parser says it knows, when it is asked for one that is like none of them.
    private func knownKeys(of section: String) -> [String] {
        let strange = "qqqqqqqqqqqqqqqqqqqqqqqq"
        let answer = Example.verdict(on: "\(section)\n\(strange) = 1\n")
        let line = answer.split(separator: "\n").first { $0.contains("known in \(section) are ") }
        let list = line?.components(separatedBy: "known in \(section) are ").last ?? ""
        return list.components(separatedBy: ", ")
    }

    @Test(
        "has the keys of every section, in the parser's order",
        arguments: ["[cluster]", "[timing]", "[[node]]", "[[witness]]", "[[group]]", "[[check]]"]
    )
    func keys(of section: String) {
        let known = knownKeys(of: section)
        #expect(known.count > 1)
        #expect(documentedKeys(under: section) == known)
    }

    @Test("has an example that is valid and free of warnings")
    func example() throws {
        let example = try #require(blocks(of: "toml").first)
        #expect(Example.verdict(on: example) == "")
    }

    @Test("has a bad example, and the parser's answer to it word for word")
    func badExample() throws {
        let source = try #require(blocks(of: "toml").last)
        let answer = try #require(blocks(of: "text").last)
        do throws(ConfigurationError) {
            _ = try Configuration(parsing: source, path: "bad.toml")
            Issue.record("the bad example is a good one")
        } catch {
            #expect(error.description == answer)
        }
    }

    @Test("has the defaults")
    func defaults() throws {
        let source = """
            [cluster]
            name = "lb"
            key_file = "/k"
            [[node]]
            name = "lb1"
            addresses = ["10.77.0.1"]
            [[group]]
            name = "web"
            interface = "eth0"
            addresses = ["10.77.0.100"]
            checks = ["c"]
            [[check]]
            name = "c"
            process = "haproxy"
            """
        let configuration = try Configuration(parsing: source, path: "vip.toml")
        let text = lines.joined(separator: "\n")
        let timing = configuration.timing
        #expect(timing.driftPartsPerMillion == 2000)
        #expect(text.contains("| `drift` | number | `0.002` |"))
        let group = try #require(configuration.groups.first)
        let check = try #require(configuration.checks.first)
        let defaults: [(key: String, type: String, value: String)] = [
            ("heartbeat", "duration", "\"\(timing.heartbeat.text)\""),
            ("lease", "duration", "\"\(timing.lease.text)\""),
            ("margin", "duration", "\"\(timing.margin.text)\""),
            ("failback", "string", "\"\(group.failback.rawValue)\""),
            ("failback_delay", "duration", "\"\(group.failbackDelay.text)\""),
            ("enforcement", "string", "\"\(group.enforcement.rawValue)\""),
            ("interval", "duration", "\"\(check.interval.text)\""),
            ("fall", "whole number", "\(check.fall)"),
            ("rise", "whole number", "\(check.rise)"),
        ]
        for (key, type, value) in defaults {
            #expect(text.contains("| `\(key)` | \(type) | `\(value)` |"), "\(key)")
        }
        #expect(check.timeout.text == "500ms")
    }
}
