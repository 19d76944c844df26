import Foundation
import Testing
import VIPSimulation

/// `docs/takeover.md` is where a newcomer sees the parts work together.
@Suite("The document about one takeover")
struct TakeoverTests {
    @Test("has what the simulator tells of it now, line for line")
    func transcript() throws {
        var root = URL(filePath: #filePath)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        let document = root.appending(path: "docs/takeover.md")
        let text = try String(contentsOf: document, encoding: .utf8)
        let blocks = text.components(separatedBy: "```")
        try #require(blocks.count == 3, "the document has one block")
        let told = Takeover.told()
        #expect(blocks[1] == "text\n" + told.joined(separator: "\n") + "\n")
        #expect(told.allSatisfy { $0.count <= 120 })
    }
}
