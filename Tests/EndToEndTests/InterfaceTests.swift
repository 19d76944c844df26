import Testing
import VIPControl
import VIPLab

extension EndToEnd {
    @Suite("Interfaces and what the kernel refuses")
    struct InterfaceTests {
        private func web(_ status: StatusReport) -> GroupStatus? { status.group("web") }

        @Test("an owner whose interface is renamed hands over, and stands by when it is named back")
        func renamed() throws {
            let experiment = try Experiment(LabOptions(hasSecondNetwork: true))
            defer { experiment.close() }
            let lab = experiment.lab
            let seen = try experiment.observe(for: .seconds(2)) { (lab) throws(LabError) in
                try lab.ip(.lb1, "link set eth0 name lan0")
            }
            expectTakeover(seen, by: .lb2, within: .milliseconds(1500))
            #expect(try lab.holders(of: "10.77.0.100") == [.lb2])
            try lab.waitForStatus(of: .lb1, "eth0 is called lan0 now") { status in
                web(status)?.state == .fault
                    && web(status)?.reason.hasPrefix("interface eth0 is called lan0 now") == true
            }
            #expect(try !lab.status(of: .lb2).isHealthy)

            let back = try experiment.observe(for: .seconds(2)) { (lab) throws(LabError) in
                try lab.ip(.lb1, "link set lan0 name eth0")
            }
            expectNothing(back, owner: .lb2)
            try lab.waitForStandby(.lb1)
        }

        @Test("a node that could not take the addresses says so before, and does not try to")
        func ipv6Off() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            try lab.setIPv6(.lb2, enabled: false)
            try lab.waitForStatus(of: .lb2, within: .seconds(3), "the kernel would refuse") {
                web($0)?.state == .fault
                    && web($0)?.reason.contains("IPv6 is switched off on eth0") == true
            }
            try lab.waitForStatus(of: .lb1, within: .seconds(3), "nobody would take over") {
                !$0.isHealthy
                    && $0.reasons.contains {
                        $0.contains("no other node is ready for group web: the kernel would refuse")
                    }
            }
            let check = try lab.runCommand("check", in: lab.setup(of: .lb2))
            #expect(check.status == .exited(0))
            #expect(check.complaint.contains("this host could not take group web over"))
            #expect(try lab.control(.lb1, "switchover", "web").status == .exited(1))

            let term = try lab.term(knownTo: .lb2)
            try lab.crash(.lb1)
            sleep(for: .seconds(4))
            #expect(try lab.term(knownTo: .lb2) == term)
            #expect(try lab.holders(of: "10.77.0.100").filter { $0 == .lb2 } == [])

            try lab.setIPv6(.lb2, enabled: true)
            try lab.waitForOwner(.lb2, within: .seconds(4))
        }

        @Test("where neither node can take them, the group is left alone until one can")
        func offOnBoth() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.startPair()
            for host in Host.nodes { try lab.setIPv6(host, enabled: false) }
            for host in Host.nodes {
                try lab.waitForStatus(of: host, within: .seconds(5), "the kernel would refuse") {
                    web($0)?.state == .fault
                }
            }
            sleep(for: .seconds(1))
            let terms = try Host.nodes.map { (host) throws in try lab.term(knownTo: host) }
            sleep(for: .seconds(5))
            #expect(try Host.nodes.map { (host) throws in try lab.term(knownTo: host) } == terms)
            try lab.setIPv6(.lb2, enabled: true)
            try lab.waitForOwner(.lb2, within: .seconds(6))
        }

        @Test("a node whose kernel does not answer says so, is not ready, and comes back")
        func silentKernel() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            let begin = Moment.now
            try lab.holdAddressThread(of: .lb2) {
                try lab.waitForStatus(of: .lb2, within: .seconds(4), "the kernel is silent") {
                    web($0)?.state == .fault
                        && web($0)?.reason.hasPrefix("the kernel has not answered for ") == true
                }
                try lab.waitForStatus(of: .lb1, within: .seconds(1), "nobody is ready") {
                    $0.reasons.contains {
                        $0.hasSuffix("for group web: the kernel does not answer")
                    }
                }
                #expect(try lab.control(.lb1, "switchover", "web").status == .exited(1))
            }
            try lab.waitForStandby(.lb2, within: .seconds(4))
            try lab.waitForStatus(of: .lb1, within: .seconds(1), "well") { $0.isHealthy }
            expectNothing(experiment.outcome(since: begin))
        }

        @Test("a stray address goes, in whatever shape somebody put it on a standby")
        func shapes() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            for address in ["10.77.0.100 peer 10.77.0.99/32", "10.77.0.100/24"] {
                let seen = try experiment.observe(for: .milliseconds(500)) {
                    (lab) throws(LabError) in
                    try lab.ip(.lb2, "address add \(address) dev eth0")
                }
                expectNothing(seen)
                #expect(try lab.holders(of: "10.77.0.100") == [.lb1], "\(address)")
            }
        }

        @Test("a reload takes an alternative name, and no interface that is not there")
        func reload() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            let begin = Moment.now
            var configuration = lab.options.configuration
            configuration.groups[0].interface = "service"
            try lab.write(configuration)
            let refused = try lab.askForReload(.lb1)
            #expect(refused.status == .exited(1))
            #expect(refused.complaint.contains("a group would lose its interface"))
            #expect(
                refused.complaint.contains(
                    "group web would leave eth0, which is there, for service, which is not"
                )
            )
            for host in Host.nodes {
                try lab.ip(host, "link property add dev eth0 altname service")
                #expect(try lab.askForReload(host).status == .exited(0))
            }
            sleep(for: .seconds(1))
            expectNothing(experiment.outcome(since: begin))
            try lab.waitForStandby(.lb2)
        }

        @Test("an agent without a name waits for it, and is tried again when it has one")
        func laterName() throws {
            let lab = try Lab()
            defer { lab.close() }
            let end = try lab.runBeforeItsName(.lb1, renamingAfter: 2)
            #expect(end.answer.output == "ended with 75\n")
            #expect(
                end.answer.complaint.contains(
                    "waiting for this host's name, which is 'localhost' now"
                )
            )
            #expect(end.answer.complaint.contains("'localhost', is not in cluster 'lab'"))
            #expect(end.duration > .seconds(2) && end.duration < .seconds(5))
        }
    }
}
