import Testing
import VIPLab

extension EndToEnd {
    @Suite("Takeover")
    struct TakeoverTests {
        @Test("when the owner loses power the standby takes over after the lease, and keeps it")
        func crash() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            let term = try lab.term(knownTo: .lb1)

            let seen = try experiment.observe(for: .seconds(2)) { (lab) throws(LabError) in
                try lab.crash(.lb1)
            }
            expectTakeover(seen, by: .lb2, within: .milliseconds(1500))
            // The owner had renewed a heartbeat ago at most, so most of its lease was left.
            #expect(seen.outage >= .milliseconds(300))
            #expect(seen.watch.announcements.contains { $0.host == .lb2 })
            #expect(try lab.term(knownTo: .lb2) > term)

            let back = try experiment.observe(for: .seconds(3)) { (lab) throws(LabError) in
                let moment = Moment.now
                try lab.powerOn(.lb1)
                return moment
            }
            expectNothing(back, owner: .lb2)
            try lab.waitForStandby(.lb1)
            #expect(try lab.holders(of: "10.77.0.100") == [.lb2])
            #expect(try lab.holders(of: "fd77::64") == [.lb2])
        }

        /// How long it takes is for `viplab bench`, on a quiet machine: on a busy one the lease may
        /// move more than once.
        @Test("with a lease of 15 ms too, the standby takes over and the dead owner is silent")
        func quickCrash() throws {
            let experiment = try Experiment(
                LabOptions(heartbeat: .milliseconds(5), lease: .milliseconds(15))
            )
            defer { experiment.close() }
            let term = try experiment.lab.term(knownTo: .lb2)
            let seen = try experiment.observe(for: .seconds(1)) { (lab) throws(LabError) in
                try lab.crash(.lb1)
            }
            expectOneOwner(seen)
            #expect(seen.owner == .lb2)
            #expect(seen.changes(since: .lb1) >= 1)
            #expect(try experiment.lab.term(knownTo: .lb2) > term)
            #expect(try experiment.lab.addresses(on: .lb2).contains("10.77.0.100"))
        }

        @Test("IPv6 clients see the same")
        func crashForIPv6() throws {
            let experiment = try Experiment(address: "fd77::64")
            defer { experiment.close() }
            let seen = try experiment.observe(for: .seconds(2)) { (lab) throws(LabError) in
                try lab.crash(.lb1)
            }
            expectTakeover(seen, by: .lb2, within: .milliseconds(1500))
        }

        @Test("a thousand addresses of one group are taken over at once, all of them")
        func manyAddresses() throws {
            var options = LabOptions()
            options.configuration.groups[0].addresses =
                ["10.77.0.100"] + (0..<999).map { "10.78.\($0 / 250).\($0 % 250 + 1)" }
            let experiment = try Experiment(options)
            defer { experiment.close() }
            let lab = experiment.lab
            let addresses = options.floatingAddresses
            try lab.waitForAddresses(addresses, on: .lb1)
            #expect(try !lab.addresses(on: .lb2).contains(where: Set(addresses).contains))

            let seen = try experiment.observe(for: .seconds(3)) { (lab) throws(LabError) in
                let moment = try lab.kill(.lb1)
                try lab.waitForAddresses(addresses, on: .lb2)
                return moment
            }
            expectTakeover(seen, by: .lb2, within: .milliseconds(1500))
            try lab.waitForAddresses(addresses, on: .lb2)
            for host in Host.nodes {
                let log = lab.log(of: host)
                for event in ["addresses-put-back", "addresses-refused", "kernel-refused"] {
                    #expect(!log.contains(event), "\(host)")
                }
            }
        }

        @Test("a switchover takes the address to the other node, and back")
        func switchover() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let there = try experiment.observe(for: .seconds(1)) { (lab) throws(LabError) in
                try lab.switchover(from: .lb1)
            }
            expectTakeover(there, by: .lb2, within: .milliseconds(250))
            try experiment.lab.waitForOwner(.lb2)
            try experiment.lab.waitForStandby(.lb1)
            #expect(try experiment.lab.holders(of: "10.77.0.100") == [.lb2])

            let back = try experiment.observe(for: .seconds(1)) { (lab) throws(LabError) in
                try lab.switchover(from: .lb2)
            }
            expectTakeover(back, by: .lb1, within: .milliseconds(250))
            #expect(try experiment.lab.holders(of: "fd77::64") == [.lb1])
        }

        @Test("an owner that is stopped hands over, and ends within 2 s with status 0")
        func stop() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let agent = try experiment.lab.agent(of: .lb1)
            let seen = try experiment.observe(for: .seconds(1)) { (lab) throws(LabError) in
                try lab.stop(.lb1)
            }
            expectTakeover(seen, by: .lb2, within: .milliseconds(250))
            #expect(agent.status == .exited(0))
            #expect(try experiment.lab.addresses(on: .lb1).contains("10.77.0.100") == false)
            #expect(try experiment.lab.addresses(on: .lb1).contains("fd77::64") == false)
        }
    }
}
