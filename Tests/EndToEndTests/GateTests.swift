import Glibc
import Testing
import VIPLab

extension EndToEnd {
    /// What the kernel enforces when the agent does not.
    @Suite("The gate")
    struct GateTests {
        @Test(
            "an owner's agent killed and not restarted: silent by its deadline, and soon gone",
            arguments: Pace.allCases
        )
        func kill(pace: Pace) throws {
            let experiment = try Experiment(pace.options, addresses: bothFamilies)
            defer { experiment.close() }
            let lab = experiment.lab
            var dead = Moment.now
            let seen = try experiment.observe(for: pace.lease + .seconds(1)) {
                (lab) throws(LabError) in
                let moment = try lab.kill(.lb1)
                dead = .now
                return moment
            }
            expectTakeover(seen, by: .lb2, within: pace.patience)
            #expect(seen.answers(by: .lb1, since: dead + pace.lease) == 0)
            #expect(seen.answers(by: .lb2, since: dead + pace.lease) > 1000)

            // The kernel takes the addresses off, within 15 s of the death.
            let deadline = dead + .seconds(15)
            while Moment.now < deadline, try Self.left(on: .lb1, in: lab) != [] {
                sleep(for: .milliseconds(20))
            }
            #expect(try Self.left(on: .lb1, in: lab) == [])
            let rest = experiment.outcome(since: dead)
            expectOneOwner(rest)
            #expect(rest.answers(by: .lb1, since: dead + pace.lease) == 0)
            #expect(rest.owner == .lb2)
            #expect(try lab.answerer(of: "10.77.0.100", askedBy: .lb1) == .lb2)
        }

        @Test(
            "an owner's agent that hangs for 15 s: silent by its deadline, and for good",
            arguments: Pace.allCases
        )
        func hang(pace: Pace) throws {
            let experiment = try Experiment(pace.options, addresses: bothFamilies)
            defer { experiment.close() }
            let lab = experiment.lab
            var stopped = Moment.now
            let seen = try experiment.observe(for: .seconds(15)) { (lab) throws(LabError) in
                let moment = try lab.pause(.lb1)
                stopped = .now
                return moment
            }
            expectTakeover(seen, by: .lb2, within: pace.patience)
            // The signal takes effect when the process is interrupted next, at once or so.
            let silent = stopped + pace.lease + .milliseconds(1)
            #expect(seen.answers(by: .lb1, since: silent) == 0)
            #expect(seen.answers(by: .lb2, since: silent) > 10_000)

            let woken = try experiment.observe(for: .seconds(2)) { (lab) throws(LabError) in
                try lab.resume(.lb1)
            }
            expectNothing(woken, owner: .lb2)
            #expect(woken.answers(by: .lb1, since: silent) == 0)
            #expect(
                woken.views.allSatisfy { view in
                    view.watch.announcements.allSatisfy { $0.host != .lb1 }
                }
            )
            try lab.waitForStandby(.lb1)
            #expect(try Self.left(on: .lb1, in: lab) == [])
        }

        @Test("a standby reaches the address as a client of the owner", arguments: bothFamilies)
        func standbyAsClient(address: String) throws {
            let experiment = try Experiment(LabOptions(), addresses: [address])
            defer { experiment.close() }
            let lab = experiment.lab
            #expect(try lab.answerer(of: address, askedBy: .lb2) == .lb1)
            try lab.switchover(from: .lb1)
            try lab.waitForOwner(.lb2)
            try lab.waitForStandby(.lb1)
            #expect(try lab.answerer(of: address, askedBy: .lb1) == .lb2)
        }

        /// The floating addresses that a host's kernel has.
        static func left(on host: Host, in lab: Lab) throws -> [String] {
            try lab.addresses(on: host).filter(bothFamilies.contains)
        }
    }
}
