import Glibc
import Testing
import VIPControl
import VIPLab

extension EndToEnd {
    /// Somebody takes the gate away, or there is none to be had.
    @Suite("Without a gate")
    struct GateFaultTests {
        @Test("the owner's qdisc is deleted: put back at once, and it still enforces")
        func deletedQdisc() throws {
            // The kernel stops the interface's queues when a qdisc goes, and when one comes: for
            // how long depends on what else the machine does.
            try expectRepair(losing: .max) { (lab) throws(LabError) in try lab.deleteQdisc(.lb1) }
        }

        @Test("the owner's filters are deleted: put back at once, and they still enforce")
        func deletedFilters() throws {
            try expectRepair { (lab) throws(LabError) in
                let moment = try lab.deleteFilters(.lb1, "egress")
                try lab.deleteFilters(.lb1, "ingress")
                return moment
            }
        }

        @Test("a gate that can't be put back: the group is handed over, and comes back with it")
        func impossibleGate() throws {
            let experiment = try Experiment(LabOptions(), addresses: bothFamilies)
            defer { experiment.close() }
            let lab = experiment.lab
            let seen = try experiment.observe(for: .seconds(2)) { (lab) throws(LabError) in
                try lab.replaceQdisc(.lb1)
            }
            expectTakeover(seen, by: .lb2, within: .milliseconds(1500))
            #expect(try GateTests.left(on: .lb1, in: lab) == [])
            let status = try lab.waitForStatus(of: .lb1, "the gate is missing") { status in
                status.gate?.state == .incomplete && !status.isHealthy
            }
            #expect(status.gate?.reason?.contains("eth0") == true, "\(status)")

            try lab.tc(.lb1, "qdisc del dev eth0 ingress")
            try lab.waitForStatus(of: .lb1, "the gate is in place") { status in
                status.gate?.state == .inPlace && status.isHealthy
            }
            try lab.waitForStandby(.lb1)
        }

        @Test("another's filter stays where it is, also when the agent goes")
        func foreignQdisc() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.tc(.lb1, "qdisc add dev eth0 clsact")
            try lab.addForeignFilter(.lb1, "egress", priority: 7)
            try lab.startPair()
            #expect(try lab.filters(.lb1, "egress").contains("pref 7 "))
            try lab.stop(.lb1)
            #expect(try lab.filters(.lb1, "egress").contains("pref 7 "))
            #expect(try lab.filters(.lb1, "ingress") == "")
        }

        @Test("a card that is added later gets the gate too")
        func newInterface() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.startPair()
            try lab.addCard(.lb1, named: "eth5")
            try lab.waitForStatus(of: .lb1, "the gate is in place") { $0.gate?.state == .inPlace }
            #expect(try lab.tc(.lb1, "filter show dev eth5 egress") != "")
            #expect(try lab.tc(.lb1, "filter show dev eth5 ingress") != "")
        }

        @Test(
            "without CAP_BPF a lease that lifetimes can't enforce is refused, and says what helps"
        )
        func refused() throws {
            let lab = try Lab()
            defer { lab.close() }
            var setup = lab.setup(of: .lb1)
            setup.withheldCapabilities = ["bpf", "sys_admin"]
            let end = try lab.launchAndWait(setup)
            #expect(end.status == .exited(78))
            #expect(end.log.contains("enforcement"), "\(end.log)")
        }

        @Test("without CAP_BPF, by enforcement = \"agent\": it runs, and shows the risk")
        func enforcedByTheAgent() throws {
            var options = LabOptions()
            options.configuration.groups[0].enforcement = "agent"
            let lab = try Lab(options)
            defer { lab.close() }
            for host in [Host.w1, .lb1] {
                var setup = lab.setup(of: host)
                if host == .lb1 { setup.withheldCapabilities = ["bpf", "sys_admin"] }
                try lab.supervise(setup)
            }
            try lab.waitForOwner(.lb1)
            let status = try lab.status(of: .lb1)
            #expect(status.gate?.state == .unavailable)
            #expect(status.group("web")?.enforcement == "agent")
            let words = (status.reasons + status.warnings).joined(separator: "\n")
            #expect(words.contains("nothing but the agent itself silences web"), "\(words)")
            #expect(lab.log(of: .lb1).contains("gate-unavailable"), "\(lab.log(of: .lb1))")
        }

        @Test("without CAP_SYS_ADMIN and a store: killed and restarted, and nobody notices")
        func noBPFFileSystem() throws {
            let experiment = try Experiment(LabOptions(), addresses: bothFamilies) {
                (lab) throws(LabError) in
                var setup = lab.setup(of: .lb1)
                setup.withheldCapabilities = ["sys_admin"]
                try lab.supervise(setup, keepsDescriptors: false)
                try lab.start(.w1)
                try lab.waitForOwner(.lb1)
                try lab.start(.lb2)
                try lab.waitForStandby(.lb2)
            }
            defer { experiment.close() }
            let lab = experiment.lab
            let supervisor = try lab.supervisor(of: .lb1)
            let seen = try experiment.observe(for: .seconds(3)) { (lab) throws(LabError) in
                let begin = Moment.now
                for number in 1...5 {
                    supervisor.kill()
                    _ = supervisor.waitForRestarts(number, until: .now + .seconds(1))
                    sleep(for: .milliseconds(300))
                }
                return begin
            }
            expectNothing(seen)
            #expect(supervisor.restarts.count == 5)
            try lab.waitForStatus(of: .lb1, "the gate is in place") { $0.gate?.state == .inPlace }
        }

        /// Clients notice nothing, the gate is back within milliseconds, and when the agent dies
        /// then, its host goes silent by the deadline.
        private func expectRepair(
            losing mostLost: Int = 0,
            _ fault: (Lab) throws(LabError) -> Moment
        ) throws {
            let experiment = try Experiment(LabOptions(), addresses: bothFamilies)
            defer { experiment.close() }
            let lab = experiment.lab
            let seen = try experiment.observe(for: .milliseconds(500), fault)
            expectNothing(seen, losing: mostLost)
            let status = try lab.waitForStatus(of: .lb1, "the gate is back") { status in
                status.gate?.state == .inPlace && status.counters[.gateRepairs] > 0
            }
            #expect(status.isHealthy)
            #expect(lab.log(of: .lb1).contains("gate-put-back"))
            expectNothing(try experiment.observe(for: .milliseconds(500)) { _ in .now })

            var dead = Moment.now
            let after = try experiment.observe(for: .seconds(2)) { (lab) throws(LabError) in
                let moment = try lab.kill(.lb1)
                dead = .now
                return moment
            }
            expectTakeover(after, by: .lb2, within: .milliseconds(1500))
            #expect(after.answers(by: .lb1, since: dead + .milliseconds(500)) == 0)
        }
    }
}
