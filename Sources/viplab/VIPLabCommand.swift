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
            ImageCommand.self, CleanCommand.self,
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
        abstract: "Measures what docs/benchmarks.md tells, as medians of several runs.",
        discussion: """
            faults: what clients see of the ordinary faults, and what an idle owner uses; agents: \
            of agents that die, hang, are restarted, upgraded and reloaded; queue: whether frames \
            that wait in a card's queue leave after the next owner's; scale: of many groups and \
            addresses; load: of a machine that has no time; gate: what the gate costs, for each frame and each renewal.
            """
    )

    enum Part: String, CaseIterable, ExpressibleByArgument {
        case faults, agents, queue, scale, load, gate
    }

    @Argument(help: "What to measure; all of it unless given.")
    var parts: [Part] = []

    @Option(help: "Runs of each fault that is quick; those of the network that last are done once.")
    var runs = 5

    @Option(help: "Upgrades, reloads and moves in a row; restarts are twice as many.")
    var count = 100

    @Option(help: ArgumentHelp("How long an idle owner is watched.", valueName: "seconds"))
    var idle = 60

    @Option(help: ArgumentHelp("How long processors are loaded.", valueName: "minutes"))
    var loadTime = 10

    func validate() throws {
        for (value, what) in [
            (runs, "runs"), (count, "in a row"), (loadTime, "minutes"), (idle, "seconds"),
        ]
        where !(1...1000).contains(value) {
            throw ValidationError("\(value) \(what): between 1 and 1000 are possible")
        }
    }

    func run() throws {
        var isAsPromised = true
        for part in parts.isEmpty ? Part.allCases : parts {
            switch part {
            case .faults:
                isAsPromised = try FaultBenchmark(runs: runs).run() && isAsPromised
            case .agents:
                var agents = AgentBenchmark(runs: runs, count: count)
                try agents.run()
                isAsPromised = isAsPromised && agents.isAsPromised
            case .queue:
                isAsPromised = try QueueBenchmark(count: count).run() && isAsPromised
            case .scale:
                isAsPromised = try ScaleBenchmark(watch: .seconds(idle)).run() && isAsPromised
            case .load:
                let load = StarvationBenchmark(duration: .seconds(60 * loadTime))
                isAsPromised = try load.run() && isAsPromised
            case .gate: try GateBenchmark().run()
            }
        }
        guard isAsPromised else { throw ExitCode(1) }
    }
}

struct UpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Keeps a pair, a witness and a client up until Ctrl-C, to play with."
    )

    @Flag(help: "A second network between the voters.")
    var secondNetwork = false

    @Option(
        help: ArgumentHelp(
            "Machines that boot, and have the package in this folder (see 'make deb').",
            valueName: "dir"
        )
    )
    var packages: String?

    @Flag(help: "With --packages: machines on which nothing is installed yet.")
    var bare = false

    @Option(
        help: ArgumentHelp(
            "With --packages: Debian's release that is on them. (default: bookworm)",
            valueName: "code name"
        )
    )
    var release: String?

    func validate() throws {
        guard packages == nil else { return }
        let useless = bare ? "--bare" : release == nil ? nil : "--release"
        guard let useless else { return }
        throw ValidationError(
            "\(useless) is about machines that boot: say --packages DIR with it ('make packages'"
                + " makes .build-deb)"
        )
    }

    func run() throws {
        let options = LabOptions(hasSecondNetwork: secondNetwork)
        if let packages { return try boot(Packages(in: packages), options) }
        let lab = try Lab(options)
        try lab.startPair()
        print(Playground(lab: lab).instructions)
        fflush(nil)
        // Ctrl-C ends this process, and the lab's guard does the rest.
        while lab.isThere { sleep(for: .seconds(1)) }
    }

    private func boot(_ packages: Packages, _ options: LabOptions) throws {
        let machines = try Machines(packages, options, image: .debian(release ?? "bookworm"))
        if !bare { try machines.setUp() }
        print("The machines of lab \(machines.lab.name) are up. To enter one:")
        for host in Host.voters {
            print("  \(host): \(try machines[host].entrance.joined(separator: " ")) bash")
        }
        print("Ctrl-C ends it and removes everything.")
        fflush(nil)
        while machines.lab.isThere { sleep(for: .seconds(1)) }
    }
}

struct ImageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image",
        abstract: "Makes what machines that boot are made of, unless it is there."
    )

    @Option(help: ArgumentHelp("Debian's release.", valueName: "code name"))
    var release = "bookworm"

    func run() throws {
        print(try MachineImage.debian(release).directory)
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
