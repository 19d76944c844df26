import ArgumentParser
import Glibc
import VIPLab

struct VIPLabCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "viplab",
        abstract: "Hosts, networks, faults and clients for vip-agent, on one machine.",
        discussion: """
            Needs root: each host is a network namespace. Everything that is made has a name of \
            its own, and is removed at the end, also after Ctrl-C and after a crash.

            Exit status: 0 when all is as promised, 1 when it is not, 64 for a wrong command line.
            """,
        subcommands: [
            DemoCommand.self, BenchCommand.self, DeathsCommand.self, UpCommand.self,
            CleanCommand.self,
        ]
    )
}

struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Breaks a pair in every way that matters and shows what clients see (a minute)."
    )

    func run() throws {
        guard try Demo().run() else { throw ExitCode(1) }
    }
}

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures outages, processor time and memory, as medians of several runs."
    )

    @Option(help: "Runs of each fault that is quick; those that last 15 s and more are done once.")
    var runs = 5

    func validate() throws {
        guard (1...100).contains(runs) else {
            throw ValidationError("\(runs) runs: between 1 and 100 are possible")
        }
    }

    func run() throws {
        try Benchmark(runs: runs).run()
    }
}

struct UpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Keeps a pair, a witness and a client up until Ctrl-C, to play with."
    )

    @Flag(help: "A second network between the voters.")
    var secondNetwork = false

    func run() throws {
        let lab = try Lab(LabOptions(hasSecondNetwork: secondNetwork))
        try lab.startPair()
        print(Playground(lab: lab).instructions)
        fflush(nil)
        // Ctrl-C ends this process, and the lab's guard does the rest.
        while lab.isThere { sleep(for: .seconds(1)) }
    }
}

struct CleanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clean",
        abstract: "Removes what labs have left that were killed together with their guards."
    )

    func run() throws {
        let removed = try Lab.clean()
        print(removed.isEmpty ? "nothing was left" : "removed \(removed.joined(separator: ", "))")
    }
}
