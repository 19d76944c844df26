import VIPCore

/// What one run came to.
public struct RunResult: Sendable {
    public var seed: UInt64
    public var steps: Int
    public var simulated: TrueTime
    public var rules: RuleCounts
    public var violation: Violation?

    public init(seed: UInt64, aim: Scenario.Aim? = nil, compares: Bool = false) {
        let world = World(Scenario(seed: seed, aim: aim), compares: compares)
        world.run()
        self.seed = seed
        steps = world.steps
        simulated = world.simulated
        rules = world.allRules
        violation = world.violation
    }
}

/// Many runs, in the order of their seeds whatever the order in which they were made.
public struct Campaign: Sendable {
    public private(set) var runs = 0
    public private(set) var steps = 0
    public private(set) var simulated: TrueTime = 0
    public private(set) var rules = RuleCounts()
    /// Of the lowest seeds, at most `mostViolations`.
    public private(set) var violations: [Violation] = []

    public static let mostViolations = 20

    public init() {}

    public mutating func add(_ result: RunResult) {
        runs += 1
        steps += result.steps
        simulated += result.simulated
        rules += result.rules
        guard let violation = result.violation else { return }
        if violations.count < Self.mostViolations { violations.append(violation) }
    }

    public static func += (left: inout Campaign, right: Campaign) {
        left.runs += right.runs
        left.steps += right.steps
        left.simulated += right.simulated
        left.rules += right.rules
        for violation in right.violations where left.violations.count < mostViolations {
            left.violations.append(violation)
        }
    }

    public var silentRules: [Rule] { Rule.allCases.filter { rules[$0] == 0 } }
}

extension World {
    /// Of all agents, dead and alive.
    var allRules: RuleCounts {
        var sum = rules
        for host in hosts { if let process = host.process { sum += process.agent.rules } }
        return sum
    }
}
