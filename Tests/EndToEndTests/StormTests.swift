import Testing
import VIPControl
import VIPLab

extension EndToEnd {
    /// Nothing here is measured against a clock: how late an agent is depends on what else the
    /// machine does. Printed is how late it was.
    @Suite("A storm of changes to addresses")
    struct StormTests {
        @Test("an owner whose address is put and taken a thousand times a second stays the owner")
        func flapping() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            let monitor = try AddressMonitor(in: lab, on: .lb1)
            let before = try lab.takeovers()
            let term = try lab.term(knownTo: .lb2)
            let begin = try lab.flap(on: .lb1, times: 3000)
            #expect(experiment.waitForService(by: .now + .seconds(10)))
            let seen = experiment.outcome(since: begin)

            let taken = monitor.changes(of: "10.77.0.100", since: begin)
                .count { $0.kind == .removed }
            print("flapping: taken \(taken) times, \(seen.lost) lost, \(try lateness(lab))")
            #expect(taken >= 3000)
            expectOneOwner(seen)
            #expect(seen.udp.owners == [.lb1])
            #expect(seen.watch.resolution.owners == [.lb1])
            // His address has no lifetime, and gets one when the agent renews it next.
            #expect(try lab.waitForLifetime(of: "10.77.0.100", on: .lb1))
            try expectSameOwner(lab, after: before, in: term)
            expectNothing(try experiment.observe(for: .seconds(1)) { _ in .now })
        }

        @Test("65,535 addresses of others on an owner's host are none of its business")
        func crowd() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            let before = try lab.takeovers()
            let term = try lab.term(knownTo: .lb2)
            let begin = Moment.now
            try lab.crowd(.lb1)
            let seen = experiment.outcome(since: begin)
            print("crowd: \((Moment.now - begin).human), \(try lateness(lab))")
            expectNothing(seen)
            try expectSameOwner(lab, after: before, in: term)

            // A new process asks for all of them, and serves meanwhile. Where that takes a second
            // or more, it hands over.
            let after = try experiment.observe(for: .seconds(2)) { (lab) throws(LabError) in
                try lab.killAndRestart(.lb1)
            }
            expectOneOwner(after)
            #expect(experiment.waitForService(by: .now + .seconds(10)))
        }

        private func lateness(_ lab: Lab) throws -> String {
            let counters = try lab.status(of: .lb1).counters
            return "at most \(counters[.maximumLatenessMicroseconds]) µs late"
        }

        private func expectSameOwner(_ lab: Lab, after takeovers: Int, in term: UInt64) throws {
            #expect(try lab.takeovers() == takeovers)
            for host in Host.nodes { #expect(try lab.term(knownTo: host) == term) }
            try lab.waitForStandby(.lb2)
        }
    }
}

extension Lab {
    /// Whether an address has a lifetime of an agent's within ten seconds.
    fileprivate func waitForLifetime(of address: String, on host: Host) throws -> Bool {
        let limit = Moment.now + .seconds(10)
        while Moment.now < limit {
            if let lifetime = try lifetime(of: address, on: host), lifetime < .max { return true }
            sleep(for: .milliseconds(50))
        }
        return false
    }
}
