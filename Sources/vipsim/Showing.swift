import VIPCore
import VIPSimulation

/// The run again, as far as its end, with everything written down.
func show(_ violation: Violation, aim: Scenario.Aim?) {
    let scenario = Scenario(seed: violation.seed, aim: aim)
    let world = World(scenario, recording: true)
    world.run()
    for line in world.transcript.suffix(100) { print(line) }
    print(scenario.summary)
    print("\(violation.checker.rawValue): \(violation.text)")
    print(command(replaying: violation, aim: aim))
}

/// What makes the run again, as one types it.
func command(replaying violation: Violation, aim: Scenario.Aim?) -> String {
    let option = aim.map { " --aim \($0.rawValue)" } ?? ""
    return "VIP_SEED=\(violation.seed) vipsim\(option) --transcript"
}

func showRules(of campaign: Campaign) {
    let width = Rule.allCases.map { "\($0)".count }.max() ?? 0
    for rule in Rule.allCases {
        let name = "\(rule)"
        let padding = String(repeating: " ", count: width - name.count)
        print("  \(name)\(padding)  \(campaign.rules[rule])")
    }
}

func show(_ campaign: Campaign, after span: Duration) {
    let seconds = Double(span.components.seconds) + Double(span.components.attoseconds) / 1e18
    let hours = Double(campaign.simulated) / 3.6e12
    print(
        "\(campaign.runs) runs, \(campaign.steps) steps, \(hours.rounded(to: 2)) simulated hours, "
            + "\((Double(campaign.runs) / seconds).rounded(to: 0)) runs a second, "
            + "\(campaign.violations.count) violations"
    )
}

extension Double {
    func rounded(to places: Int) -> Double {
        let scale = places == 2 ? 100.0 : 1.0
        return (self * scale).rounded() / scale
    }
}
