import Foundation
import Testing

/// The layers as ARCHITECTURE.md and `Package.swift` have them, and as the sources use them.
@Suite("The layers")
struct LayerTests {
    /// Modules that come with the toolchain: a target imports them without a dependency.
    static let system: Set<String> = ["Glibc", "Synchronization", "FoundationEssentials"]

    /// The first column of the table of targets, and the third.
    static func documented() throws -> [String: Set<String>] {
        let row = /^\| `([A-Za-z-]+)` \| [^|]+ \| ([^|]+) \|$/
        var found: [String: Set<String>] = [:]
        let lines = try text("ARCHITECTURE.md").components(separatedBy: "\n")
        for line in lines.drop(while: { $0 != "| target | what it is | imports |" }).dropFirst(2) {
            guard let match = line.wholeMatch(of: row) else { break }
            let names = match.2.matches(of: /`([A-Za-z]+)`/).map { String($0.1) }
            found[String(match.1)] = Set(names)
        }
        return found
    }

    /// The targets of Swift that Package.swift has, each with what it depends on.
    static func declared() throws -> [String: Set<String>] {
        var found: [String: Set<String>] = [:]
        for entry in try text("Package.swift").components(separatedBy: "\n        .") {
            guard entry.hasPrefix("target(") || entry.hasPrefix("executableTarget(") else {
                continue
            }
            // Packages have a hyphen in their names.
            let names = entry.matches(of: /(?:name: )?"([A-Za-z]+|vip-agent)"/).map { String($0.1) }
            guard let name = names.first, !name.hasPrefix("C"), name != "VIPTestSupport" else {
                continue
            }
            found[name] = Set(names.dropFirst())
        }
        return found
    }

    static func imported(by target: String) -> Set<String> {
        Set(
            TidinessTests.sources("Sources/\(target)").flatMap(\.lines).compactMap { line in
                line.wholeMatch(of: /(?:@[a-z_]+ )*import ([A-Za-z]+)/).map { String($0.1) }
            }
        )
    }

    static func text(_ path: String) throws -> String {
        try String(contentsOf: TidinessTests.root.appending(path: path), encoding: .utf8)
    }

    @Test("are all in the table")
    func complete() throws {
        let sources = TidinessTests.root.appending(path: "Sources").path
        let folders = try FileManager.default.contentsOfDirectory(atPath: sources)
        let targets = Set(folders.filter { !$0.hasPrefix("C") })
        #expect(targets.count >= 12)
        #expect(Set(try Self.documented().keys).symmetricDifference(targets) == [])
        #expect(Set(try Self.declared().keys).symmetricDifference(targets) == [])
    }

    @Test("import what the table says, no more and no less")
    func imports() throws {
        for (target, names) in try Self.documented() {
            #expect(Self.imported(by: target) == names, "\(target)")
        }
    }

    @Test("depend on what they import, and on nothing else")
    func dependencies() throws {
        for (target, products) in try Self.declared() {
            let needed = Self.imported(by: target).subtracting(Self.system)
            #expect(products == needed, "\(target)")
        }
    }
}
