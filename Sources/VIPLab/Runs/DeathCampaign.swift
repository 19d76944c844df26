import Glibc
import VIPControl

/// Deaths in the middle of things: a pair with its witness is put through a scenario, one of its
/// agents dies on the way, and clients watch whether two hosts ever answer, and whether the address
/// is served again.
///
/// One lab serves for many runs. Every run begins with a healthy pair, whoever of the two owns the
/// address by then.
public final class DeathCampaign: Sendable {
    /// A host by what it does when a run begins.
    public enum Part: String, CaseIterable, Hashable, Sendable {
        case owner
        case standby
        case witness
    }

    /// The hosts of a run.
    public struct Cast: Sendable {
        public let owner: Host
        /// Who is to die and not to be started again.
        var lost: Host?

        /// Whether an agent that dies there is started again.
        func isRestarted(_ host: Host) -> Bool { host != lost }

        public func host(_ part: Part) -> Host {
            switch part {
            case .owner: owner
            case .standby: owner.peer
            case .witness: .w1
            }
        }
    }

    /// What a run is about, begun and not waited for: it may fail, as agents die on the way.
    public struct Scenario: Sendable, CustomStringConvertible {
        public let description: String
        /// Why two hosts may answer here.
        var excuse: Excuse?
        /// Whose agent becomes another program, unless it dies.
        var successor: Part?
        let act: @Sendable (Lab, Cast) throws(LabError) -> Void

        init(
            description: String,
            excuse: Excuse? = nil,
            successor: Part? = nil,
            act: @escaping @Sendable (Lab, Cast) throws(LabError) -> Void
        ) {
            (self.description, self.excuse, self.act) = (description, excuse, act)
            self.successor = successor
        }
    }

    /// Where one fault more takes the promise away.
    enum Excuse: Sendable {
        /// An operator has vouched that nobody else lives, and was wrong: until the lease is over
        /// that is open by then.
        case operatorsWord
        /// Somebody has taken the owner's gate away, and it dies before it has put it back: what
        /// silences it then is the lifetime of its addresses, or its successor.
        case gateTakenAway
    }

    /// What was found wrong.
    public struct Finding: Hashable, Sendable, CustomStringConvertible {
        public let run: String
        public let text: String

        public var description: String { "\(run): \(text)" }
    }

    public let experiment: Experiment
    private let addresses: [String]
    private let lease: Duration
    private let points: [CrashOrders]

    var lab: Lab { experiment.lab }

    /// Starts all agents, each with its supervisor.
    ///
    /// - Parameter agent: The program; nil for the ordinary one. Only one that was built for it
    ///   dies at crash points.
    public init(
        _ options: LabOptions = LabOptions(
            heartbeat: .milliseconds(20),
            lease: .milliseconds(100)
        ),
        agent: String? = nil
    ) throws(LabError) {
        addresses = options.configuration.groups[0].addresses
        lease = options.configuration.lease
        let made = Locked<[CrashOrders]>([])
        experiment = try Experiment(options, addresses: addresses) { (lab) throws(LabError) in
            for host in [Host.lb1, .w1, .lb2] {
                let points = try CrashOrders(in: lab, of: host)
                made.change { $0.append(points) }
                var setup = lab.setup(of: host)
                setup.agent = agent
                setup.environment["VIP_CRASH_POINTS"] = points.directory
                try lab.supervise(setup)
                if host == .w1 { try lab.waitForOwner(.lb1) }
            }
            try lab.waitForStandby(.lb2)
        }
        points = made.value
    }

    public func points(of host: Host) -> CrashOrders {
        points.first { $0.host == host } ?? points[0]
    }

    public func close() { experiment.close() }

    // MARK: Runs

    /// Puts the pair through a scenario, and has a host's agent die on the way.
    ///
    /// - Parameters:
    ///   - restarting: Whether its supervisor starts it again at once.
    ///   - kill: Called when the scenario begins, on a thread of its own; it says whether the agent
    ///     died by its doing.
    /// - Returns: whether it died, and what was found wrong.
    public func run(
        _ name: String,
        _ scenario: Scenario,
        victim part: Part,
        restarting: Bool,
        kill: @escaping @Sendable (Lab, Host) -> Bool
    ) throws(LabError) -> (died: Bool, findings: [Finding]) {
        var cast = try settle()
        let victim = cast.host(part)
        if !restarting { cast.lost = victim }
        let supervisor = try lab.supervisor(of: victim)
        supervisor.restart(restarting)
        let begin = Moment.now
        let lab = lab
        let died = Locked(false)
        let killer = try WorkerThread { died.value = kill(lab, victim) }
        // Fails where the agent that is asked dies of it.
        try? scenario.act(lab, cast)
        killer.join()
        let judged: Moment? =
            switch scenario.excuse {
            case nil: begin
            case .operatorsWord: .now + lease
            case .gateTakenAway: died.value && part == .owner ? nil : begin
            }

        var findings: [Finding] = []
        func find(_ text: String) { findings.append(Finding(run: name, text: text)) }
        // Long enough for a takeover, and for a second owner to show.
        sleep(for: lease + .milliseconds(150))
        if died.value, !restarting { try inspect(victim, find) }
        if let failure = supervisor.failure { throw failure }
        try repair()
        do throws(LabError) {
            _ = try settle()
        } catch {
            find("the pair did not recover: \(error)")
            throw LabError("go on after '\(name)'", found: "\(error)")
        }
        let count = judged.map { experiment.outcome(since: $0).answersFromTwoAtOnce } ?? 0
        if count > 0 { find("\(count) answers from two hosts at once") }
        return (died.value, findings)
    }

    /// What a dead agent has left behind is taken off by the kernel before long.
    private func inspect(
        _ victim: Host,
        _ find: (String) -> Void
    ) throws(LabError) {
        for address in addresses {
            guard let left = try lab.lifetime(of: address, on: victim) else { continue }
            if left > 15 { find("\(address) is left on \(victim) for \(left) s") }
        }
    }

    /// Ends faults of the network, and starts all agents that do not run.
    private func repair() throws(LabError) {
        try lab.heal()
        for host in Host.voters {
            try points(of: host).disarm()
            if Host.nodes.contains(host) { try lab.plug(host) }
            let supervisor = try lab.supervisor(of: host)
            supervisor.process?.send(signal: SIGCONT)
            supervisor.restart(true)
        }
    }

    /// Waits until one node owns all addresses, the other one stands by, and all are healthy.
    private func settle() throws(LabError) -> Cast {
        let deadline = Moment.now + .seconds(15)
        var last = "nobody could be asked"
        while Moment.now < deadline {
            if let cast = try? isSettled(&last) { return cast }
            sleep(for: .milliseconds(20))
        }
        throw LabError("see a healthy pair", found: last, advice: logs)
    }

    private func isSettled(_ last: inout String) throws(LabError) -> Cast? {
        var owners: [Host] = []
        // Who died in the middle of maintenance is in maintenance when it is back.
        for host in Host.nodes
        where try lab.status(of: host).group(lab.webGroup)?.state == .maintenance {
            try lab.control(host, "maintenance", "off")
        }
        for host in Host.nodes {
            let status = try lab.status(of: host)
            guard let group = status.group(lab.webGroup) else { return nil }
            guard status.isHealthy, [.owner, .standby].contains(group.state) else {
                last = "\(host) is \(group.state), and says \(status.reasons)"
                return nil
            }
            if group.state == .owner { owners.append(host) }
        }
        guard owners.count == 1, try lab.status(of: .w1).isHealthy else {
            last = "owners: \(owners)"
            return nil
        }
        for address in addresses where try lab.holders(of: address) != owners {
            last = "\(owners[0]) owns \(address), and \(try lab.holders(of: address)) have it"
            return nil
        }
        return Cast(owner: owners[0])
    }

    // MARK: Crash points

    /// A point between two effects, and the runs that have passed it.
    public struct Crash: Sendable, CustomStringConvertible {
        public let point: String
        /// Whether the witness passed it, or a node.
        public let isWitness: Bool
        /// In the order of the first time.
        public fileprivate(set) var ways: [Way]

        public struct Way: Sendable {
            public let scenario: Scenario
            public let part: Part
        }

        public var description: String {
            "\(ways[0].scenario), \(ways[0].part) dies at '\(point)'"
        }
    }

    /// Puts the pair through all scenarios unharmed, and notes the points that each part passes.
    ///
    /// - Throws: where a scenario is refused, or does nothing: nobody dies here who could be the
    ///   reason.
    public func record(_ scenarios: [Scenario]) throws(LabError) -> [Crash] {
        var crashes: [Crash] = []
        for scenario in scenarios {
            let cast = try settle()
            for host in Host.voters { try points(of: host).forget() }
            let successor = scenario.successor.map(cast.host)
            let count = try successor.map { (host) throws(LabError) in
                try lab.reexecutions(of: host)
            }
            try scenario.act(lab, cast)
            if let successor, let count {
                try lab.waitForReexecutions(count + 1, of: successor)
            }
            sleep(for: lease + .milliseconds(150))
            let passed = Part.allCases.map { points(of: cast.host($0)).passed }
            for ((part, points)) in zip(Part.allCases, passed) {
                let way = Crash.Way(scenario: scenario, part: part)
                for point in points {
                    let isWitness = part == .witness
                    let index = crashes.firstIndex { crash in
                        crash.point == point && crash.isWitness == isWitness
                    }
                    if let index {
                        crashes[index].ways.append(way)
                    } else {
                        crashes.append(Crash(point: point, isWitness: isWitness, ways: [way]))
                    }
                }
            }
            try repair()
        }
        _ = try settle()
        return crashes
    }

    /// The run in which an agent dies at that point. It may not come there: what else goes on
    /// differs from run to run.
    ///
    /// - Parameter attempt: Which of the ways to go, the first ones again after the last one.
    public func run(
        _ crash: Crash,
        attempt: Int,
        restarting: Bool
    ) throws(LabError) -> (died: Bool, findings: [Finding]) {
        let way = crash.ways[attempt % crash.ways.count]
        let limit = lease + .seconds(1)
        return try run(
            "\(way.scenario), \(way.part) dies at '\(crash.point)', "
                + (restarting ? "restarted" : "not restarted"),
            way.scenario,
            victim: way.part,
            restarting: restarting
        ) { [self] (_, host) in
            let points = points(of: host)
            guard (try? points.arm(crash.point)) != nil else { return false }
            let deadline = Moment.now + limit
            while points.isArmed, Moment.now < deadline { sleep(for: .milliseconds(2)) }
            let died = !points.isArmed
            try? points.disarm()
            return died
        }
    }

    private var logs: String {
        Host.voters.map { "\($0): \(lab.log(of: $0).suffix(1500))" }.joined(separator: "\n")
    }
}
