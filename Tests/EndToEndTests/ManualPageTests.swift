import Foundation
import Testing
import VIPLab
import VIPTestSupport

/// What a package takes from the programs: manual pages and completions. Nothing runs here but
/// tools.
@Suite("The manual and the completions")
struct ManualPageTests {
    /// What a tool says, be it on standard error, and its exit status.
    static func run(_ arguments: String...) throws -> (status: Int32, output: String) {
        try run(arguments)
    }

    static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
        try output(of: arguments)
    }

    /// The folder with the programs.
    static func programs() throws -> String {
        URL(filePath: try Binaries.find().agent).deletingLastPathComponent().path
    }

    /// A page as a terminal shows it.
    static func shown(_ page: String, in scratch: ScratchDirectory) throws -> String {
        try run("mandoc", "-T", "ascii", "-O", "indent=5", "\(scratch.path)/\(page)").output
            .replacing(/.\u{8}/, with: "")
    }

    static func madePages() throws -> ScratchDirectory {
        let scratch = ScratchDirectory()
        let build = Repository.root.appending(path: "packaging/man/build").path
        let made = try run(build, try programs(), scratch.path)
        #expect(made == (0, ""))
        return scratch
    }

    @Test("every command has its page, and so has the configuration; no page has a mistake in it")
    func pages() throws {
        let scratch = try Self.madePages()
        let pages = try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted()
        #expect(
            pages == [
                "vip-agent-accept-voters.8", "vip-agent-check.8", "vip-agent-clean.8",
                "vip-agent-init.8", "vip-agent-run.8", "vip-agent.8", "vip-agent.toml.5",
                "vipctl-announce.8", "vipctl-history.8", "vipctl-maintenance.8",
                "vipctl-reload.8", "vipctl-status.8", "vipctl-switchover.8",
                "vipctl-takeover.8", "vipctl.8",
            ]
        )
        for page in pages {
            let lint = try Self.run(
                "mandoc",
                "-T",
                "lint",
                "-W",
                "warning",
                "\(scratch.path)/\(page)"
            )
            #expect(lint == (0, ""))
        }
    }

    @Test("a page has what its help has, and the configuration's every section")
    func contents() throws {
        let scratch = try Self.madePages()
        for page in try FileManager.default.contentsOfDirectory(atPath: scratch.path) {
            let text = try Self.shown(page, in: scratch)
            guard page.hasSuffix(".8") else { continue }
            // "vip-agent-accept-voters.8" is of "vip-agent accept-voters".
            let command = page.dropLast(2)
            let program = command.hasPrefix("vipctl") ? "vipctl" : "vip-agent"
            let subcommand = command.dropFirst(program.count + 1)
            let words =
                ["\(try Self.programs())/\(program)"]
                + (subcommand.isEmpty ? [] : ["\(subcommand)"])
            let help = try Self.run(words + ["--help"]).output
            let options = help.matches(of: /\n  (?:-[a-z], )?(--[a-z-]+)/).map(\.output.1)
            let statuses = help.matches(of: /\n  ([0-9]+) {2,3}/).map(\.output.1)
            #expect(options.contains("--help"))
            #expect(statuses.starts(with: ["0"]))
            for option in options { #expect(text.contains(option), "\(option) in \(page)") }
            for status in statuses {
                #expect(text.contains("\n     \(status)  "), "\(status) in \(page)")
            }
        }
        let configuration = try Self.shown("vip-agent.toml.5", in: scratch)
        for section in [
            "[cluster]", "[timing]", "[[node]]", "[[witness]]", "[[group]]", "[[check]]",
        ] {
            #expect(configuration.contains("\n   \(section)\n"))
        }
    }

    /// Literally, for what a help has in another form.
    @Test("a page has a synopsis, values and defaults of options, and what to read next")
    func form() throws {
        let scratch = try Self.madePages()
        let run = try Self.shown("vip-agent-run.8", in: scratch)
        #expect(run.contains("NAME\n     vip-agent-run - run the agent in the foreground\n"))
        #expect(run.contains("SYNOPSIS\n     vip-agent run [--config path] [--host name]"))
        #expect(run.contains("\n     --state-dir dir\n"))
        #expect(run.contains("(default: /run/vip-agent)"))
        #expect(run.contains("\n     78      the configuration or the key can't be used\n"))
        #expect(run.contains("SEE ALSO\n     vip-agent.toml(5), vip-agent(8), vipctl(8)\n"))
        #expect(
            try Self.shown("vipctl-status.8", in: scratch).contains("\n     --watch [seconds]\n")
        )
        #expect(try Self.shown("vipctl-maintenance.8", in: scratch).contains("(values: on, off)"))
        #expect(try Self.shown("vipctl.8", in: scratch).contains("\n     VIPCTL_SOCKET\n"))
    }

    @Test("completions are made, and bash can read its own", arguments: ["vip-agent", "vipctl"])
    func completions(program: String) throws {
        let scratch = ScratchDirectory()
        let build = Repository.root.appending(path: "packaging/completions/build").path
        let made = try Self.run(build, try Self.programs(), scratch.path)
        #expect(made == (0, ""))
        let check = try Self.run("bash", "-n", "\(scratch.path)/bash/\(program)")
        #expect(check == (0, ""))
        for file in ["zsh/_\(program)", "fish/\(program).fish"] {
            let text = try String(contentsOfFile: "\(scratch.path)/\(file)", encoding: .utf8)
            #expect(text.contains(program))
        }
    }

    @Test("without an agent a completion offers nothing, and says nothing")
    func quiet() throws {
        let control = try Binaries.find().control
        let answer = try Self.run(
            "VIPCTL_SOCKET=/nowhere",
            "SAP_SHELL=bash",
            control,
            "---completion",
            "switchover",
            "--",
            "positional@0",
            "2",
            "0",
            "vipctl",
            "switchover",
            ""
        )
        #expect(answer.status == 0)
        #expect(answer.output.trimmingCharacters(in: .whitespacesAndNewlines) == "")
    }
}
