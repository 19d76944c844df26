/// Whole series of deaths, with what came of them.
extension DeathCampaign {
    /// What a series came to.
    public struct Result: Sendable {
        public var runs = 0
        /// Runs in which the agent did die on the way.
        public var deaths = 0
        public var findings: [Finding] = []
        /// Crash points that no run has come to.
        public var missed: [Crash] = []
    }

    /// So many of the points, drawn by the seed: the same ones if the same points were recorded, in
    /// whatever order they were passed.
    public static func draw(_ count: Int, of crashes: [Crash], seed: UInt64) -> [Crash] {
        var random = SeededRandom(seed: seed)
        let ordered = crashes.sorted { left, right in
            left.point == right.point ? right.isWitness : left.point < right.point
        }
        return Array(ordered.shuffled(using: &random).prefix(count))
    }

    /// Each of these points in turn, twice: the dead agent stays dead for a while, or is started
    /// again at once.
    ///
    /// - Parameter attempts: How often a run is tried that does not come to its point.
    public func runAll(
        _ crashes: [Crash],
        attempts: Int = 4,
        _ say: (String) -> Void = { _ in }
    ) throws(LabError) -> Result {
        var result = Result()
        for (number, crash) in crashes.enumerated() {
            for restarting in [false, true] {
                var died = false
                for attempt in 0..<attempts where !died {
                    let outcome = try run(crash, attempt: attempt, restarting: restarting)
                    died = outcome.died
                    result.runs += 1
                    result.findings += outcome.findings
                    for finding in outcome.findings { say("FOUND \(finding)") }
                }
                if died { result.deaths += 1 } else { result.missed.append(crash) }
            }
            say("\(number + 1) of \(crashes.count): \(crash)")
        }
        return result
    }

    /// An agent that is drawn dies at an instant that is drawn, in a scenario that is drawn: from
    /// outside, and so also within an effect, or a system call, or while its program is loaded.
    ///
    /// - Parameter seed: Of everything that is drawn. What the kernel makes of it is not the same
    ///   again.
    public func killAtRandom(
        runs: Int,
        seed: UInt64,
        _ scenarios: [Scenario],
        _ say: (String) -> Void = { _ in }
    ) throws(LabError) -> Result {
        var random = SeededRandom(seed: seed)
        var result = Result()
        for number in 1...runs {
            let scenario = scenarios.randomElement(using: &random) ?? .quiet
            // The two nodes have more to lose.
            let part =
                [Part.owner, .owner, .standby, .standby, .witness]
                .randomElement(using: &random) ?? .owner
            let restarting = Bool.random(using: &random)
            // Mostly while the first frames of the scenario go to and fro.
            let width = random.next() % 3 == 0 ? 120_000 : 12_000
            let delay = Duration.microseconds(Int64(random.next() % UInt64(width)))
            let name =
                "seed \(seed), run \(number): \(scenario), \(part) killed after \(delay.human), "
                + (restarting ? "restarted" : "not restarted")
            let outcome = try run(name, scenario, victim: part, restarting: restarting) {
                (lab, host) in
                sleep(for: delay)
                guard let supervisor = try? lab.supervisor(of: host) else { return false }
                return supervisor.kill()
            }
            result.runs += 1
            if outcome.died { result.deaths += 1 }
            result.findings += outcome.findings
            for finding in outcome.findings { say("FOUND \(finding)") }
            say(name)
        }
        return result
    }
}
