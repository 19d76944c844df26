import ArgumentParser
import Glibc
import VIPLab

struct DeathsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deaths",
        abstract: "Kills agents between any two effects, and at random instants.",
        discussion: """
            First all points between two effects are recorded that any scenario passes; then an \
            agent dies at each of them in turn, once to stay dead for a while, and once to be \
            started again at once. This needs the agent that 'make mutations' builds. Then agents \
            are killed from outside, at instants that are drawn. Clients watch all the time.
            """
    )

    @Option(help: "How many of the points, drawn by the seed; all of them unless given.")
    var points: Int?

    @Option(help: "How many deaths at random instants.")
    var instants = 300

    @Option(help: "Of what is drawn.")
    var seed: UInt64 = .random(in: 1...999_999)

    @Option(help: "Only scenarios whose names contain this.")
    var scenario: String?

    @Flag(help: "Only print the points that are passed.")
    var list = false

    func validate() throws {
        guard instants >= 0, (points ?? 0) >= 0 else {
            throw ValidationError("a number of deaths is 0 or more")
        }
    }

    func run() throws {
        let scenarios = DeathCampaign.Scenario.all.filter { candidate in
            scenario.map { candidate.description.contains($0) } ?? true
        }
        guard !scenarios.isEmpty else {
            throw ValidationError("no scenario has '\(scenario ?? "")' in its name")
        }
        say("seed \(seed)")
        var findings = try crash(scenarios)
        if instants > 0, !list {
            let campaign = try DeathCampaign()
            defer { campaign.close() }
            let result = try campaign.killAtRandom(runs: instants, seed: seed, scenarios, say)
            say("killed at random instants: \(result.deaths) of \(result.runs) runs")
            findings += result.findings
        }
        for finding in findings { say("FOUND \(finding)") }
        say(findings.isEmpty ? "Never two owners." : "\(findings.count) findings.")
        guard findings.isEmpty else { throw ExitCode(1) }
    }

    private func crash(_ scenarios: [DeathCampaign.Scenario]) throws -> [DeathCampaign.Finding] {
        guard points != 0 || list else { return [] }
        guard let agent = Binaries.mortalAgent else {
            throw ValidationError(
                "there is no agent of today that can be told to die: run 'make mutations'"
            )
        }
        let campaign = try DeathCampaign(agent: agent)
        defer { campaign.close() }
        var crashes = try campaign.record(scenarios)
        say("\(crashes.count) points between two effects")
        if list {
            for crash in crashes { say("\(crash)") }
            return []
        }
        if let points { crashes = DeathCampaign.draw(points, of: crashes, seed: seed) }
        let result = try campaign.runAll(crashes, say)
        say("died between two effects: \(result.deaths) of \(2 * crashes.count)")
        for crash in result.missed { say("not come to: \(crash)") }
        return result.findings
    }
}
