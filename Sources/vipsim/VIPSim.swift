import ArgumentParser
import Glibc
import VIPCore
import VIPSimulation

@main
struct VIPSim: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vipsim",
        abstract: "Searches the shipped lease for two owners, in simulated clusters.",
        discussion:
            "One seed is one whole run. A violation names its seed, and that is the bug report."
    )

    @Option(help: "How many runs to make.")
    var seeds: UInt64 = 2_000

    @Option(help: "The first seed.")
    var from: UInt64 = 1

    @Option(help: "How many runs to make besides, with seeds from a number that is drawn now.")
    var fresh: UInt64 = 0

    @Option(help: "Make this one run only; without it, the run that VIP_SEED names.")
    var seed: UInt64?

    @Flag(help: "With --seed: write down everything that happens.")
    var transcript = false

    @Flag(
        help: "Break the rules one at a time, and see that each is noticed. Needs VIP_MUTATIONS=1."
    )
    var mutations = false

    @Flag(help: "Compare every step with one that looks at all groups; one run in 16 does anyway.")
    var compare = false

    @Flag(help: "Tell one takeover line by line, as docs/takeover.md has it.")
    var takeover = false

    @Option(help: "How many runs to make at a time. The results do not depend on it.")
    var jobs: Int = processors()

    @Option(help: "Aim all runs at one kind of trouble: \(aims).")
    var aim: String?

    private static let aims = Scenario.Aim.allCases.map(\.rawValue).joined(separator: ", ")

    mutating func validate() throws {
        if seed == nil, !mutations, let text = unsafe getenv("VIP_SEED") {
            seed = unsafe UInt64(String(cString: text))
            guard seed != nil else { throw ValidationError("VIP_SEED is no number") }
        }
        if let aim, Scenario.Aim(rawValue: aim) == nil {
            throw ValidationError("there is no aim '\(aim)'; use one of \(Self.aims)")
        }
        guard jobs > 0, seeds > 0 else { throw ValidationError("nothing to do") }
        guard !from.addingReportingOverflow(seeds).overflow else {
            throw ValidationError("--from \(from) and --seeds \(seeds) go past the last seed")
        }
        guard !transcript || seed != nil else {
            throw ValidationError("--transcript is of one run: say which with --seed N")
        }
        guard !takeover || seed == nil && aim == nil && !mutations else {
            throw ValidationError("--takeover tells of one fixed run: leave out the rest")
        }
        guard !mutations || seed == nil && aim == nil && fresh == 0 else {
            throw ValidationError(
                "--mutations chooses its own runs: leave out --seed, --aim and --fresh"
            )
        }
        guard fresh < 1_000_000_000 else { throw ValidationError("--fresh \(fresh) is too many") }
    }

    mutating func run() async throws {
        let aim = aim.flatMap { Scenario.Aim(rawValue: $0) }
        if takeover {
            for line in Takeover.told() { print(line) }
        } else if let seed {
            try replay(seed, aim: aim)
        } else if mutations {
            try await huntMutations()
        } else {
            try await search(aim: aim)
        }
    }

    private func replay(_ seed: UInt64, aim: Scenario.Aim?) throws {
        let scenario = Scenario(seed: seed, aim: aim)
        print(scenario.summary)
        let world = World(scenario, recording: true, compares: compare)
        world.run()
        if transcript {
            for line in world.transcript { print(line) }
        }
        guard let violation = world.violation else {
            return print("seed \(seed): \(world.steps) steps, nothing found")
        }
        if !transcript { show(violation, aim: aim) }
        throw ExitCode.failure
    }

    private func search(aim: Scenario.Aim?) async throws {
        let campaign = try await search(from..<(from + seeds), aim: aim, showingRules: true)
        if aim == nil, seeds >= Self.enoughForAllRules, !campaign.silentRules.isEmpty {
            print("never fired: \(campaign.silentRules.map { "\($0)" }.joined(separator: ", "))")
            throw ExitCode.failure
        }
        guard fresh > 0 else { return }
        // Past all seeds that somebody would count to, and short enough to be typed.
        let first = UInt64.random(in: 1_000_000_000...999_999_999_999)
        // First, should the runs not come to an end.
        print("fresh seeds: vipsim --from \(first) --seeds \(fresh)")
        fflush(nil)
        _ = try await search(first..<(first + fresh), aim: aim, showingRules: false)
    }

    private func search(
        _ range: Range<UInt64>,
        aim: Scenario.Aim?,
        showingRules: Bool
    ) async throws -> Campaign {
        let clock = ContinuousClock()
        let began = clock.now
        let campaign = await Fleet(jobs: jobs, compares: compare).run(seeds: range, aim: aim)
        if showingRules { showRules(of: campaign) }
        show(campaign, after: clock.now - began)
        for violation in campaign.violations.prefix(1) { show(violation, aim: aim) }
        for violation in campaign.violations.dropFirst() {
            let command = command(replaying: violation, aim: aim)
            print("\(command)   \(violation.checker.rawValue): \(violation.text)")
        }
        guard campaign.violations.isEmpty else { throw ExitCode.failure }
        return campaign
    }

    /// In this many runs every rule fires, or there is something wrong.
    private static let enoughForAllRules: UInt64 = 2_000
}
