import Glibc
import VIPLab

/// The tour: a pair under one fault after the other, with clients that never stop asking.
struct Demo {
    /// The promise for a fault.
    enum Promise {
        /// The clients notice nothing at all.
        case nothing
        /// Another host answers after this time at most.
        case takeover(within: Duration)

        /// What a loaded machine may add to any of them: the hosts share its cores with the
        /// clients.
        static let allowance: Duration = .milliseconds(50)

        /// Planned moves take a few milliseconds.
        static let planned = Promise.takeover(within: .milliseconds(10) + allowance)

        /// The lease of 500 ms, twice the drift of 0.2 %, and 5 ms.
        static let unplanned = Promise.takeover(within: .milliseconds(507) + allowance)
    }

    /// What is done, to a lab whose owner is given, and when.
    private typealias Act = (_ lab: Lab, _ owner: Host) throws(LabError) -> Moment

    private struct Step {
        let fault: String
        let promise: Promise
        let duration: Duration
        let act: Act
        /// Puts things right before the next step, for the owner of before; clients watch it too.
        var repair: ((_ lab: Lab, _ owner: Host) throws(LabError) -> Void)?
    }

    private let start = Moment.now

    /// Whether all was as promised.
    func run() throws(LabError) -> Bool {
        say("three hosts and a client: lb1 and lb2 share 10.77.0.100, w1 is the witness")
        let experiment = try Experiment(withWebServers: true)
        defer { experiment.close() }
        say("lb1 owns the address; clients ask it 1000 times a second by UDP and 50 by HTTP")

        var table = Table("fault", "owner", "UDP outage", "HTTP lost", "two at once", "as promised")
        var isAsPromised = true
        var owner = Host.lb1
        for step in steps {
            say(step.fault)
            let seen = try experiment.observe(for: step.duration) { (lab) throws(LabError) in
                try step.act(lab, owner)
            }
            let good = keeps(step.promise, seen, before: owner)
            isAsPromised = isAsPromised && good
            let outage = seen.outage.human
            let after = seen.owner.map { "\($0)" } ?? "nobody"
            let move = seen.owner == owner ? "\(after), still" : "\(owner) -> \(after)"
            let twice = seen.answersFromTwoAtOnce
            let http = seen.http.map { "\($0.lost) of \($0.questions)" } ?? ""
            table.add(step.fault, move, outage, http, "\(twice)", good ? "yes" : "NO")
            say("  \(move), outage \(outage), two owners at once: \(twice)")
            try step.repair?(experiment.lab, owner)
            owner = seen.owner ?? owner
        }

        let whole = experiment.outcome(since: start)
        isAsPromised = isAsPromised && whole.answersFromTwoAtOnce == 0
        print("\n\(table.text)\n")
        print("Questions: \(whole.udp.questions) by UDP, \(whole.http?.questions ?? 0) by HTTP.")
        print("Answers that two hosts gave at once: \(whole.answersFromTwoAtOnce).")
        print(isAsPromised ? "All as promised." : "NOT as promised.")
        return isAsPromised
    }

    private var steps: [Step] {
        [
            Step(fault: "switchover", promise: .planned, duration: .seconds(1)) {
                (lab, owner) throws(LabError) in
                try lab.switchover(from: owner)
            } repair: { (lab, owner) throws(LabError) in
                try lab.waitForStandby(owner)
            },
            Step(fault: "the owner's agent is stopped", promise: .planned, duration: .seconds(1)) {
                (lab, owner) throws(LabError) in
                try lab.stop(owner)
            } repair: { (lab, owner) throws(LabError) in
                try lab.start(owner)
                try lab.waitForStandby(owner)
            },
            Step(fault: "the owner loses power", promise: .unplanned, duration: .seconds(2)) {
                (lab, owner) throws(LabError) in
                try lab.crash(owner)
            },
            Step(fault: "it comes back", promise: .nothing, duration: .seconds(3)) {
                (lab, owner) throws(LabError) in
                let moment = Moment.now
                try lab.powerOn(owner.peer)
                return moment
            } repair: { (lab, owner) throws(LabError) in
                try lab.waitForStandby(owner.peer)
            },
            Step(fault: "the pair is cut in two", promise: .nothing, duration: .seconds(5)) {
                (lab, owner) throws(LabError) in
                try lab.applyFaults { $0.partition(owner, from: owner.peer) }
            } repair: { (lab, owner) throws(LabError) in
                try lab.heal()
                try lab.waitForStandby(owner.peer)
            },
            Step(fault: "the owner is isolated", promise: .unplanned, duration: .seconds(3)) {
                (lab, owner) throws(LabError) in
                try lab.applyFaults { $0.isolate(owner) }
            } repair: { (lab, owner) throws(LabError) in
                try lab.heal()
                try lab.waitForStandby(owner)
            },
            Step(
                fault: "kill -9 of the owner's agent, and restarted",
                promise: .nothing,
                duration: .seconds(2)
            ) { (lab, owner) throws(LabError) in
                try lab.killAndRestart(owner)
            } repair: { (lab, owner) throws(LabError) in
                try lab.waitForStandby(owner.peer)
            },
            Step(fault: "the witness goes away", promise: .nothing, duration: .seconds(2)) {
                (lab, _) throws(LabError) in
                try lab.crash(.w1)
            },
            Step(fault: "the witness comes back", promise: .nothing, duration: .seconds(2)) {
                (lab, _) throws(LabError) in
                let moment = Moment.now
                try lab.powerOn(.w1)
                return moment
            } repair: { (lab, owner) throws(LabError) in
                try lab.waitForStandby(owner.peer)
            },
            Step(fault: "20 % of all heartbeats lost", promise: .nothing, duration: .seconds(8)) {
                (lab, _) throws(LabError) in
                try lab.applyFaults { $0.loseVoterFrames(percent: 20) }
            } repair: { (lab, _) throws(LabError) in
                try lab.heal()
            },
        ]
    }

    private func keeps(_ promise: Promise, _ seen: Experiment.Outcome, before: Host) -> Bool {
        guard seen.answersFromTwoAtOnce == 0 else { return false }
        switch promise {
        case .nothing:
            return seen.lost == 0 && seen.changes(since: before) == 0 && seen.owner == before
        case .takeover(let limit):
            return seen.owner == before.peer && seen.changes(since: before) == 1
                && seen.outage <= limit
        }
    }
}
