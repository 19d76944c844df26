import Testing
import VIPControl
import VIPLab

extension EndToEnd {
    /// Hosts whose kernels can only let go of an address by its lifetime.
    @Suite("Without eBPF")
    struct LifetimeTests {
        static let withheld = ["bpf", "sys_admin"]
        /// The shortest lease in whole seconds that lifetimes enforce with room for a late refresh.
        static let options = LabOptions(heartbeat: .milliseconds(500), lease: .seconds(6))

        @Test("an address lives for 2 s at most, whatever becomes of the agent, and so one owner")
        func succession() throws {
            let experiment = try Experiment(Self.options, addresses: bothFamilies) {
                (lab) throws(LabError) in
                for host in [Host.lb1, .w1, .lb2] {
                    var setup = lab.setup(of: host)
                    if host != .w1 { setup.withheldCapabilities = Self.withheld }
                    try lab.supervise(setup)
                    if host == .w1 { try lab.waitForOwner(.lb1) }
                }
                try lab.waitForStandby(.lb2)
            }
            defer { experiment.close() }
            let lab = experiment.lab
            let supervisor = try lab.supervisor(of: .lb1)
            let begin = Moment.now
            try expectShortLifetimes("started", in: lab)

            #expect(supervisor.kill())
            #expect(supervisor.waitForRestarts(1, until: .now + .seconds(1)))
            try expectShortLifetimes("restarted within the lease", in: lab)

            #expect(try lab.askForReload(.lb1).output == "reload: nothing changed\n")
            try expectShortLifetimes("reloaded", in: lab)

            try lab.upgradeAndWait(.lb1)
            try expectShortLifetimes("upgraded", in: lab)
            expectNothing(experiment.outcome(since: begin))

            let dead = try experiment.observe(for: .seconds(8)) { (lab) throws(LabError) in
                supervisor.restart(false)
                let moment = Moment.now
                supervisor.kill()
                return moment
            }
            expectTakeover(dead, by: .lb2, within: .seconds(7))
            expectOneOwner(experiment.outcome(since: begin))
        }

        @Test("restarted within the lease into a lost capability: clients are served again")
        func lostCapability() throws {
            let experiment = try Experiment(Self.options, addresses: bothFamilies)
            defer { experiment.close() }
            let lab = experiment.lab
            var setup = lab.setup(of: .lb1)
            setup.withheldCapabilities = Self.withheld
            let begin = try lab.kill(.lb1)
            try lab.supervise(setup)
            // Until the gate that the dead agent has left is closed, if it is still there.
            (begin + .seconds(7)).sleepUntil()
            #expect(experiment.waitForService(by: .now + .seconds(3)))
            let seen = experiment.outcome(since: begin)
            expectOneOwner(seen)
            #expect(seen.outage < .seconds(5))
            #expect(seen.owner != nil)
        }

        /// Looked at for longer than it takes to refresh the addresses.
        private func expectShortLifetimes(_ when: String, in lab: Lab) throws {
            let group = try lab.waitForStatus(of: .lb1, "I own \(lab.webGroup)") { status in
                status.group(lab.webGroup)?.state == .owner
            }
            .group(lab.webGroup)
            #expect(group?.enforcement == "lifetimes", "\(when)")
            let end = Moment.now + .milliseconds(1500)
            while Moment.now < end {
                for address in bothFamilies {
                    let left = try lab.lifetime(of: address, on: .lb1)
                    guard let left, left <= 2 else {
                        Issue.record("\(when): \(address) has \(left.map { "\($0) s" } ?? "gone")")
                        return
                    }
                }
                sleep(for: .milliseconds(20))
            }
        }
    }
}
