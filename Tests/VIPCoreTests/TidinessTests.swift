import Foundation
import Testing
import VIPCore
import VIPTestSupport

/// What the style asks of every file, and of the modules that must be pure.
@Suite("The sources")
struct TidinessTests {
    struct Source: CustomStringConvertible {
        let path: String
        let lines: [String]

        var description: String { path }
    }

    static let root = Repository.root

    static func sources(_ folders: String...) -> [Source] {
        var found: [Source] = []
        for folder in folders {
            let start = root.appending(path: folder)
            let files = FileManager.default.enumerator(atPath: start.path)
            let names = (files?.compactMap { $0 as? String } ?? []).sorted()
            for name in names where name.hasSuffix(".swift") {
                let url = start.appending(path: name)
                guard let text = try? String(contentsOf: url, encoding: .utf8) else { continue }
                found.append(
                    Source(path: "\(folder)/\(name)", lines: text.components(separatedBy: "\n"))
                )
            }
        }
        return found
    }

    static func findings(
        in sources: [Source],
        _ isFinding: (String) -> Bool
    ) -> [String] {
        sources.flatMap { source in
            source.lines.enumerated().filter { isFinding($0.element) }
                .map { "\(source.path):\($0.offset + 1): \($0.element)" }
        }
    }

    /// Without what a comment says.
    static func code(_ line: String) -> Substring {
        line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line[...]
    }

    @Test("are where this test looks for them")
    func found() {
        #expect(Self.sources("Sources/VIPCore").count >= 20)
        #expect(Self.sources("Sources", "Tests").count >= 100)
    }

    /// Two runs of the simulator with one seed have to be the same; `LayerTests` sees that these
    /// import nothing that is not.
    static let pureSources = sources("Sources/VIPCore", "Sources/VIPHost", "Sources/VIPSimulation")

    /// The judge shares no code with the judged.
    @Test("of the lab's clients import nothing of the product")
    func clientsAreIndependent() {
        let allowed = ["CLab", "Glibc", "Synchronization"].map { "import \($0)" }
        let clients = Self.sources("Sources/VIPLab/Clients")
        #expect(clients.count >= 10)
        let imports = Self.findings(in: clients) {
            Self.code($0).contains("import ") && !allowed.contains($0)
        }
        #expect(imports == [])
    }

    /// Swift offers these without any import. A clock or chance of their own would make two runs of
    /// one seed differ, and so would the order of a hash table, which changes with every process.
    @Test(
        "that are simulated have no clock, no chance, and no order that changes by process",
        arguments: [
            "ContinuousClock", "SuspendingClock", "Task.sleep", "Hasher", ".random(", "shuffled(",
            "shuffle()", "randomElement", "SystemRandomNumberGenerator", "Set<", "Dictionary",
            "hashValue", "ObjectIdentifier",
        ]
    )
    func pure(banned: String) {
        let uses = Self.findings(in: Self.pureSources) {
            Self.code($0).contains(banned)
        }
        #expect(uses == [])
    }

    @Test("that are simulated have no dictionary type or literal")
    func noDictionaries() throws {
        let dictionary = try Regex(#"\[\s*[A-Z][A-Za-z.]*\s*:\s*[\[(A-Z][A-Za-z. ]*|\[:\]"#)
        let uses = Self.findings(in: Self.pureSources) {
            Self.code($0).contains(dictionary)
        }
        #expect(uses == [])
    }

    @Test("have at most 400 lines a file")
    func length() {
        let long = Self.sources("Sources").filter { $0.lines.count - 1 > 400 }
        #expect(long.map(\.path) == [])
    }

    /// The formatter sees to the code, and leaves a long text in one piece.
    @Test("have at most 100 columns in a comment")
    func width() {
        let wide = Self.findings(in: Self.sources("Sources", "Tests")) { line in
            line.count > 100 && line.drop { $0 == " " }.hasPrefix("//")
        }
        #expect(wide == [])
    }

    @Test("have no mark of something left undone", arguments: ["TO" + "DO", "FIX" + "ME"])
    func leftovers(mark: String) {
        #expect(Self.findings(in: Self.sources("Sources", "Tests")) { $0.contains(mark) } == [])
    }

    @Test("have no whitespace at the end of a line, and no tabs")
    func whitespace() {
        let uses = Self.findings(in: Self.sources("Sources", "Tests")) {
            $0.hasSuffix(" ") || $0.contains("\t")
        }
        #expect(uses == [])
    }

    @Test("apply every mutation somewhere", arguments: Mutation.allCases)
    func mutations(mutation: Mutation) {
        let uses = Self.findings(in: Self.pureSources) {
            Self.code($0).contains("mutated(.\(mutation.rawValue))")
        }
        #expect(uses != [])
    }

    @Test("fire every rule somewhere", arguments: Rule.allCases)
    func rules(rule: Rule) {
        let uses = Self.findings(in: Self.sources("Sources/VIPCore")) {
            Self.code($0).contains("fire(.\(rule))")
        }
        #expect(uses != [])
    }
}
