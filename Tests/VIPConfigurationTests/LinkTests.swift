import Foundation
import Testing
import VIPTestSupport

/// The documents among each other.
@Suite("The documents")
struct LinkTests {
    static let root = Repository.root

    /// By the path in the repository.
    static let documents: [String: String] = {
        let top = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]
        let folder = root.appending(path: "docs").path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let paths = top + names.filter { $0.hasSuffix(".md") }.map { "docs/\($0)" }
        return paths.reduce(into: [:]) { texts, path in
            texts[path] = try? String(contentsOf: root.appending(path: path), encoding: .utf8)
        }
    }()

    /// As web pages name their headings.
    static func anchors(of text: String) -> Set<String> {
        let headings = text.split(separator: "\n").filter { $0.hasPrefix("#") }
        return Set(
            headings.map { heading in
                let words = heading.drop { $0 == "#" || $0 == " " }.lowercased()
                let kept = words.unicodeScalars.filter { scalar in
                    scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                        || [" ", "-", "_"].contains(scalar)
                }
                return String(String.UnicodeScalarView(kept)).replacing(" ", with: "-")
            }
        )
    }

    @Test("link to files and headings that are there")
    func links() {
        #expect(Self.documents.count > 12)
        for (path, text) in Self.documents {
            let folder = path.hasPrefix("docs/") ? "docs/" : ""
            for link in text.matches(of: /\]\(([^)\s]+)\)/).map(\.output.1) {
                guard !link.contains("://") else { continue }
                let parts = link.split(separator: "#", omittingEmptySubsequences: false)
                var target = parts[0].isEmpty ? path : folder + parts[0]
                if target.hasPrefix("docs/../") { target = String(target.dropFirst(8)) }
                let isThere = FileManager.default.fileExists(
                    atPath: Self.root.appending(path: target).path
                )
                #expect(isThere, "\(path): \(link)")
                guard parts.count == 2, let text = Self.documents[target] else { continue }
                #expect(
                    Self.anchors(of: text).contains(String(parts[1])),
                    "\(path): there is no heading for \(link)"
                )
            }
        }
    }

    @Test("begin with one that is read in one go")
    func length() throws {
        let readme = try #require(Self.documents["README.md"])
        #expect(readme.split(separator: "\n", omittingEmptySubsequences: false).count <= 150)
        for command in ["make demo", "make test", "vip-agent init", "vipctl status"] {
            #expect(readme.contains(command))
        }
    }
}
