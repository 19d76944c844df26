import Foundation
import Testing
import VIPConfiguration
import VIPKeepalived
import VIPTestSupport

@Suite("The table of keepalived's keywords")
struct KeepalivedKeywordsTests {
    /// A file in which a statement stands where it belongs; its line has the number 2.
    private func file(with keyword: String, in context: KeepalivedKeywords.Context) -> String {
        switch context {
        case .file: "\n\(keyword) x\n"
        case .globals, .instance, .syncGroup, .script, .process:
            "\(context.rawValue)\(context == .globals ? "" : " x") {\n\(keyword) 1\n}\n"
        case .address: "vrrp_instance x { virtual_ipaddress {\n10.77.0.100 \(keyword)\n} }\n"
        }
    }

    private func text(with keyword: String, in context: KeepalivedKeywords.Context) -> String {
        let isAddress = keyword.hasSuffix("_ip") || keyword.hasSuffix("_ip ")
        return file(with: keyword, in: context)
            .replacing("\(keyword) 1", with: "\(keyword) \(isAddress ? "10.77.0.1" : "1")")
    }

    @Test(
        "is what every statement is told by: no keyword goes unheard",
        arguments: KeepalivedKeywords.all.indices
    )
    func everyKeyword(row: Int) throws {
        let row = KeepalivedKeywords.all[row]
        for name in row.names where !name.hasPrefix("include") {
            let translation = try Keepalived.translation(text(with: name, in: row.context))
            let own = translation.remarks.filter { remark in
                remark.line == 2 && remark.statement.split(separator: " ").contains { $0 == name }
            }
            #expect(!own.contains { $0.advice.contains("not known") }, "\(name)")
            switch row.counterpart {
            case .same: break
            case .changed: #expect(!own.isEmpty || row.context == .address, "\(name)")
            case .unneeded:
                #expect(own.contains { $0.advice.hasPrefix("not needed: ") }, "\(name)")
                #expect(!own.contains { $0.severity == .warning && row.context != .address })
            case .none:
                #expect(own.contains { $0.severity == .warning }, "\(name)")
            }
        }
    }

    @Test("has each keyword once in its block, and advice for each")
    func once() {
        for context in KeepalivedKeywords.Context.allCases {
            let names = KeepalivedKeywords.all.filter { $0.context == context }.flatMap(\.names)
            #expect(names.count == Set(names).count)
            #expect(!names.isEmpty)
        }
        #expect(KeepalivedKeywords.all.allSatisfy { !$0.advice.isEmpty })
        #expect(KeepalivedKeywords.all.flatMap(\.names).count > 280)
    }

    @Test("a keyword that is not in it is a warning, with the nearest that is")
    func unknown() {
        #expect(
            Keepalived.remarks("vrrp_instance A {\npriorty 100\n}").contains(
                "! keepalived.conf:2: 'priorty 100': not known as a statement of keepalived in"
                    + " vrrp_instance, and left out; did you mean 'priority'?"
            )
        )
    }

    /// What operators go by.
    private func document() throws -> String {
        try Repository.text(of: "docs/moving-from-keepalived.md")
    }

    @Test("is the table of the document, word for word")
    func table() throws {
        let lines = try document().components(separatedBy: "\n")
        for context in KeepalivedKeywords.Context.allCases {
            let rows = lines.drop { $0 != "### In \(context.rawValue)" }.dropFirst()
                .prefix { !$0.hasPrefix("#") }.filter { $0.hasPrefix("| `") }
            let expected = KeepalivedKeywords.all.filter { $0.context == context }.map { row in
                let names = row.names.map { "`\($0)`" }.joined(separator: ", ")
                return "| \(names) | \(row.counterpart.rawValue) | \(row.advice) |"
            }
            #expect(Array(rows) == expected, "in \(context.rawValue)")
        }
    }

    @Test("gives the document's example what the document says")
    func example() throws {
        let blocks = try document().components(separatedBy: "\n```").map { block in
            block.drop { $0 != "\n" }.dropFirst()
        }
        let translation = try Keepalived.translation(
            String(blocks[1]),
            nodes: [Keepalived.lb2]
        )
        #expect(translation.template.rendered.hasSuffix("\n\n\(blocks[3])\n"))
        let notes = translation.remarks.filter { $0.severity == .note }.map { "  \($0)" }
        let warnings = translation.remarks.filter { $0.severity == .warning }
            .map { "vip-agent: warning: \($0)" }
        let answer = blocks[5].components(separatedBy: "\n")
        #expect(Array(answer.dropFirst(2)) == notes + warnings)
    }
}
