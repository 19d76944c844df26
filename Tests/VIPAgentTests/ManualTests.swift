import Foundation
import Testing
import VIPAgent
import VIPControl
import VIPCore
import VIPPlatform
import VIPTestSupport

/// What the daemon's manual pages say by hand, against the daemon.
@Suite("The manual pages of vip-agent")
struct ManualTests {
    static func page(_ name: String) throws -> String {
        try Repository.text(of: "packaging/man/\(name).md")
    }

    /// The captures of an expression, each once.
    static func words(_ expression: Regex<(Substring, Substring)>, in text: String) -> Set<String> {
        Set(text.matches(of: expression).map { String($0.output.1) })
    }

    @Test("have the signals that are read, and no others")
    func signals() throws {
        let source = try Repository.text(of: "Sources/VIPPlatform/Loop/SignalPort.swift")
        // What lets a stopped process go on is nothing that operators send to say something.
        let read = Self.words(/case (SIG[A-Z0-9]+):/, in: source).subtracting(["SIGCONT"])
        #expect(read.count == 5)
        #expect(Self.words(/`(SIG[A-Z0-9]+)`/, in: try Self.page("vip-agent-run")) == read)
    }

    @Test("have the capabilities that are asked for, and no others")
    func capabilities() throws {
        let known = Set(Capabilities.Capability.allCases.map(\.description))
        #expect(Self.words(/`(CAP_[A-Z_]+)`/, in: try Self.page("vip-agent-run")) == known)
    }

    @Test("have the variables of the environment")
    func environment() throws {
        let page = try Self.page("vip-agent-run")
        let sources = FileManager.default.enumerator(
            atPath: Repository.root.appending(path: "Sources").path
        )
        var variables: Set<String> = []
        while let name = sources?.nextObject() as? String {
            guard name.hasPrefix("VIPPlatform/") || name.hasPrefix("VIPAgent/"),
                name.hasSuffix(".swift")
            else { continue }
            let source = try Repository.text(of: "Sources/\(name)")
            variables.formUnion(Self.words(/environment\("([A-Z_]+)"\)/, in: source))
        }
        // How a program is found, as everywhere.
        variables.remove("PATH")
        #expect(variables.count >= 3)
        for variable in variables { #expect(page.contains("`\(variable)`"), "\(variable)") }
    }

    @Test("have the files of the configuration, of the run directory and of the state directory")
    func files() throws {
        let page = try Self.page("vip-agent")
        #expect(page.contains("`/etc/vip-agent/vip-agent.toml`"))
        #expect(page.contains("`/etc/vip-agent/conf.d/*.toml`"))
        #expect(page.contains("`\(ControlSockets.defaultRunDirectory)`"))
        for name in ["page", "lock", "control.sock"] { #expect(page.contains("`\(name)`")) }

        let scratch = ScratchDirectory()
        let store = StateStore(path: scratch.path)
        try store.write(lease: .milliseconds(500))
        try store.write(terms: [])
        try store.write(voters: [], addresses: [])
        let kept = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
        #expect(kept.count == 4)
        for name in kept { #expect(page.contains("`\(name)`"), "\(name)") }
    }
}
