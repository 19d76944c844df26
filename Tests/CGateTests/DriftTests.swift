import Foundation
import Testing
import VIPTestSupport

/// The bytes of the gate are in the repository, and its source is. These have to be the same thing.
@Suite("The gate's bytes")
struct DriftTests {
    static let folder = Repository.root.appending(path: "Sources/CGate")

    /// A compiler that is not there, so that only hashes are compared.
    static let noCompiler = ["CLANG": "/nonexistent/clang"]

    /// What `embed --check` finds in that folder, and says.
    static func check(
        _ folder: URL,
        environment: [String: String] = [:]
    ) throws -> (status: Int32, words: String) {
        let answer = try output(
            of: [folder.appending(path: "embed").path, "--check"],
            environment: ProcessInfo.processInfo.environment.merging(environment) { $1 }
        )
        return (answer.status, answer.output)
    }

    /// Runs the body with a copy of the gate's sources.
    static func withCopy(_ body: (URL) throws -> Void) throws {
        let scratch = ScratchDirectory()
        let copy = URL(filePath: scratch("copy"))
        try FileManager.default.copyItem(at: folder, to: copy)
        try body(copy)
    }

    static func append(_ text: String, to file: URL) throws {
        let content = try String(contentsOf: file, encoding: .utf8)
        try (content + text).write(to: file, atomically: false, encoding: .utf8)
    }

    @Test("are what this compiler, or by their hash the recorded one, makes of the source")
    func same() throws {
        let found = try Self.check(Self.folder)
        #expect(found.status == 0, "\(found.words)")
        print("The gate's bytes: \(found.words)", terminator: "")
    }

    @Test("are compared by hash where there is no compiler")
    func withoutCompiler() throws {
        let found = try Self.check(Self.folder, environment: Self.noCompiler)
        #expect(found.status == 0, "\(found.words)")
        #expect(found.words.hasPrefix("the hash is that of the sources"))
    }

    @Test(
        "are another thing when the source, the layout or the flags have changed",
        arguments: ["gate.bpf.c", "include/CGateLayout.h", "embed"]
    )
    func changed(file: String) throws {
        try Self.withCopy { copy in
            try Self.append(
                file == "embed" ? "\n# more\n" : "\n// more\n",
                to: copy.appending(path: file)
            )
            #expect(try Self.check(copy).status == 1)
            #expect(try Self.check(copy, environment: Self.noCompiler).status == 1)
        }
    }

    @Test("are another thing when one of them has changed")
    func changedByte() throws {
        try Self.withCopy { copy in
            let file = copy.appending(path: "gate_bytes.h")
            let content = try String(contentsOf: file, encoding: .utf8)
            #expect(content.contains("127,69,76,70,2,"))
            try content.replacing("127,69,76,70,2,", with: "127,69,76,70,3,")
                .write(to: file, atomically: false, encoding: .utf8)
            let found = try Self.check(copy)
            // Only a compiler can tell.
            #expect(found.status == 1 || found.words.hasPrefix("the hash is"))
        }
    }
}
