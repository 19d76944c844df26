import Foundation
import Testing
import VIPAgent
import VIPCore

/// What an operator meets in log, status or an answer is looked up in the documents: it has to be
/// there, each under its own name.
@Suite("The words that people read")
struct WordsTests {
    private static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// The rows of the tables under a heading, cells apart.
    private static func rows(_ path: String, under heading: String) throws -> [[String]] {
        let lines = try text(path).components(separatedBy: "\n")
        let section = lines.drop { $0 != heading }.dropFirst().prefix { !$0.hasPrefix("#") }
        return section.filter { $0.hasPrefix("| ") && !$0.hasPrefix("| ---") }.map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    /// Events are listed where the log is described: those of the core by their enumeration, all
    /// others as they stand in the sources.
    @Test("each event of the log is listed in docs/monitoring.md")
    func events() throws {
        let listed = Set(
            try Self.rows("docs/monitoring.md", under: "### All events").dropFirst()
                .flatMap { $0[0].components(separatedBy: ", ") }
        )
        for event in ReportEvent.allCases {
            #expect(listed.contains("`\(event.rawValue)`"), "\(event)")
        }
        let folder = Self.root.appending(path: "Sources/VIPAgent").path
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
        var found: Set<String> = []
        for name in names where name.hasSuffix(".swift") {
            let source = try Self.text("Sources/VIPAgent/\(name)")
            for pattern in [
                /log\.(?:info|notice|warning|error|critical)\(\s*"([^"\\]+)"/,
                /event(?:: String)?[:=] *"([a-z-]+)"/,
                /event = "([a-z-]+)"/,
                /(?:fold|note)\(\s*\.[a-z]+,\s*[^,]+,\s*"([a-z-]+)"/,
                /log\.log\(level: level, "([a-z-]+)"/,
                /\("([a-z-]+)", \.[a-z]+\)/,
                /init\(\.[a-z]+, "[^,]+", "([a-z-]+)"/,
            ] {
                found.formUnion(source.matches(of: pattern).map { String($0.output.1) })
            }
        }
        #expect(found.count > 30, "the patterns find what is there")
        for event in found { #expect(listed.contains("`\(event)`"), "\(event)") }
    }

    @Test("each reason to drop a frame has a row of its own in docs/troubleshooting.md")
    func drops() throws {
        let rows = try Self.rows("docs/troubleshooting.md", under: "## Dropped frames").dropFirst()
        #expect(rows.map { $0[0] } == DropReason.allNames.map { "`\($0)`" })
        #expect(rows.allSatisfy { $0.count == 3 && !$0[2].isEmpty })
    }

    @Test("each reason not to be healthy is in docs/troubleshooting.md, as it begins")
    func health() throws {
        let rows = try Self.rows("docs/troubleshooting.md", under: "## Why it is not healthy")
        for sentence in HealthSentence.allCases {
            #expect(rows.contains { $0[0].contains(Self.beginning(of: sentence)) }, "\(sentence)")
        }
    }

    @Test("each refusal of an order, a vote or a candidacy is in docs/troubleshooting.md")
    func refusals() throws {
        let rows = try Self.rows("docs/troubleshooting.md", under: "## Refused")
            .map { $0[0] }
        let texts =
            RefusalSentence.allCases.map(Self.beginning)
            + SwitchoverRefusal.allCases.map(\.text) + RefusalReason.allCases.map(\.text)
            + Unreadiness.allCases.map(\.text)
        for text in texts { #expect(rows.contains { $0.contains("`\(text)") }, "\(text)") }
    }

    @Test("each refusal of a reload or an upgrade is in docs/daily-work.md")
    func reloads() throws {
        let rows = try Self.rows("docs/daily-work.md", under: "### When a reload is refused")
        for sentence in ReloadSentence.allCases {
            #expect(rows.contains { $0[0].contains("`\(sentence.rawValue)") }, "\(sentence)")
        }
    }

    /// Up to where it goes on with what to do.
    private static func beginning(of sentence: some Sentence) -> String {
        let text = sentence.rawValue
        let ends = [": ", "; ", ", which"].compactMap { text.range(of: $0)?.lowerBound }
        let isWhole = text.hasPrefix("… does not vote")
        return isWhole ? text : String(text[..<(ends.min() ?? text.endIndex)])
    }

    @Test("a sentence is filled in the order of its gaps")
    func gaps() {
        let text = HealthSentence.fatal.text("lb1", "web", "nobody serves it now")
        #expect(text == "if lb1 fails now, nobody serves group web: nobody serves it now")
        #expect(HealthSentence.oneNode.text() == HealthSentence.oneNode.rawValue)
    }
}
