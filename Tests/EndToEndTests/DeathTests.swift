import Glibc
import Testing
import VIPLab

/// Agents that die in the middle of things. A part of what `viplab deaths` does in full.
@Suite(
    "Deaths",
    .serialized,
    .enabled(if: geteuid() == 0, "needs root: the hosts of the lab are network namespaces"),
    .timeLimit(.minutes(4))
)
struct DeathTests {
    @Test(
        "between two effects: never two owners, and the address is served again",
        .enabled(if: Binaries.mortalAgent != nil, "needs the agent that 'make mutations' builds")
    )
    func crashPoints() throws {
        let campaign = try Campaign(agent: Binaries.mortalAgent)
        defer { campaign.close() }
        let crashes = try campaign.record(Campaign.Scenario.all)
        #expect(crashes.count > 60)
        #expect(Set(crashes.map(\.isWitness)).count == 2)

        let seed = UInt64.random(in: 1...999_999)
        var chance = Chance(seed: seed)
        let sample = Array(crashes.shuffled(using: &chance).prefix(18))
        let result = try campaign.runAll(sample)
        #expect(result.findings == [], "VIP_SEED=\(seed)")
        // Some places are passed by chance only.
        #expect(result.deaths > 24, "VIP_SEED=\(seed), missed: \(result.missed)")
    }

    @Test("at random instants: never two owners, and the address is served again")
    func randomInstants() throws {
        let campaign = try Campaign()
        defer { campaign.close() }
        let seed = UInt64.random(in: 1...999_999)
        let result = try campaign.killAtRandom(runs: 40, seed: seed, Campaign.Scenario.all)
        #expect(result.findings == [], "VIP_SEED=\(seed)")
        // In some scenarios the drawn agent is dead before.
        #expect(result.deaths > 30, "VIP_SEED=\(seed)")
    }
}
