import Glibc
import Testing
import VIPLab
import VIPTestSupport

/// Agents that die in the middle of things. A part of what `viplab deaths` does in full.
///
/// What is drawn comes from one seed, which is printed; with that in `VIP_SEED` it is drawn again.
@Suite(
    "Deaths",
    .serialized,
    .enabled(if: geteuid() == 0, "needs root: the hosts of the lab are network namespaces"),
    .timeLimit(.minutes(4))
)
struct DeathTests {
    private static func seed() -> UInt64 {
        let seed = givenSeed ?? .random(in: 1...999_999)
        print("VIP_SEED=\(seed)")
        return seed
    }

    @Test(
        "between two effects: never two owners, and the address is served again",
        .enabled(
            if: Binaries.mortalAgent != nil,
            "there is none, or an old one, of the agent that 'make mutations' builds"
        )
    )
    func crashPoints() throws {
        let campaign = try DeathCampaign(agent: Binaries.mortalAgent)
        defer { campaign.close() }
        let crashes = try campaign.record(DeathCampaign.Scenario.all)
        #expect(crashes.count > 60)
        #expect(Set(crashes.map(\.isWitness)).count == 2)

        let seed = Self.seed()
        let result = try campaign.runAll(DeathCampaign.draw(18, of: crashes, seed: seed))
        #expect(result.findings == [], "VIP_SEED=\(seed)")
        // Some points are passed by chance only.
        #expect(result.deaths > 24, "VIP_SEED=\(seed), missed: \(result.missed)")
    }

    @Test("at random instants: never two owners, and the address is served again")
    func randomInstants() throws {
        let campaign = try DeathCampaign()
        defer { campaign.close() }
        let seed = Self.seed()
        let result = try campaign.killAtRandom(runs: 40, seed: seed, DeathCampaign.Scenario.all)
        #expect(result.findings == [], "VIP_SEED=\(seed)")
        // In some scenarios the drawn agent is dead before.
        #expect(result.deaths > 30, "VIP_SEED=\(seed)")
    }
}
