import Foundation
import Testing
import VIPCore
import VIPTestSupport

/// `docs/frames.md` is what somebody reads who writes another implementation.
@Suite("The document about frames")
struct FrameDocumentTests {
    let lines: [String]

    init() throws {
        lines = try Repository.lines(of: "docs/frames.md")
    }

    /// The cells of the tables under a heading of any level, without the headings of columns.
    private func rows(under heading: String) -> [[String]] {
        let section = lines.drop { !($0.hasPrefix("#") && $0.hasSuffix(" \(heading)")) }
            .dropFirst()
            .prefix { !$0.hasPrefix("#") }
        return section.filter { $0.hasPrefix("|") && !$0.contains("---") }
            .map { line in
                line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            }
    }

    @Test("has every field of the header where it is")
    func header() {
        let offsets: [String: Int] = [
            "magic": Frame.Offset.magic, "version": Frame.Offset.version, "key": Frame.Offset.key,
            "length": Frame.Offset.length, "path": Frame.Offset.path,
            "recordCount": Frame.Offset.recordCount, "flags": Frame.Offset.flags,
            "cluster": Frame.Offset.cluster, "voterSet": Frame.Offset.voterSet,
            "sender": Frame.Offset.sender, "receiver": Frame.Offset.receiver,
            "session": Frame.Offset.session, "sequence": Frame.Offset.sequence,
            "proof": Frame.Offset.proof, "challenge": Frame.Offset.challenge,
            "sentAt": Frame.Offset.sentAt, "echo": Frame.Offset.echo, "end": Frame.Offset.end,
        ]
        let rows = rows(under: "Header").dropFirst()
        #expect(rows.count == offsets.count)
        var end = 0
        for row in rows {
            #expect(Int(row[0]) == offsets[row[2]], "\(row[2])")
            #expect(Int(row[0]) == end, "\(row[2])")
            end += Int(row[1]) ?? 0
        }
        #expect(end == 92)
    }

    @Test("has the type and the length of every record")
    func records() {
        let rows = rows(under: "Records").dropFirst().prefix(12)
        var undocumented = WireSample.records
        for row in rows {
            let type = UInt8(row[0]) ?? 0
            let samples = WireSample.records.filter { $0.octets[1] == type }
            #expect(!samples.isEmpty, "\(row[1])")
            undocumented.removeAll { $0.octets[1] == type }
            guard row[1] != "presence" else { continue }
            let lengths = row[2].components(separatedBy: " or ").compactMap(Int.init)
            #expect(Set(samples.map { $0.octets.count - 4 }) == Set(lengths), "\(row[1])")
        }
        #expect(rows.count == 12)
        #expect(undocumented.isEmpty)
        #expect(Record.longestLength == 4 + 594)
    }

    @Test("has every code of every enumeration")
    func codes() {
        let text = lines.joined(separator: "\n")
        func list<Code: CaseIterable & RawRepresentable<UInt8>>(_: Code.Type) -> String {
            Code.allCases.map { "\($0.rawValue) \($0)" }.joined(separator: ", ")
        }
        #expect(text.contains("reason: \(list(RefusalReason.self)) |"))
        #expect(text.contains("unreadiness: \(list(Unreadiness.self)) |"))
        #expect(text.contains("0 done or under way, \(list(SwitchoverRefusal.self)) |"))
    }

    @Test("has an example that parses to what it says")
    func example() throws {
        let section = lines.drop { $0 != "## An example" }.dropFirst().prefix { !$0.hasPrefix("#") }
        let octets = section.filter { $0.hasPrefix("    ") }
            .flatMap { $0.split(separator: " ").compactMap { UInt8($0, radix: 16) } }
        #expect(octets.count == 152)
        let frame = try parsed(Array(octets.prefix(120)))
        let inquiry = Inquiry(group: GroupID(1), number: 2, highestTerm: Term(3))
        #expect(frame.records == [.inquiry(inquiry)])
        #expect(frame.path == 1)
    }
}
