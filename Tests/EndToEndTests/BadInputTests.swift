import Testing
import VIPControl
import VIPLab

extension EndToEnd {
    @Suite("Bad input")
    struct BadInputTests {
        /// EX_TEMPFAIL of sysexits.h: another agent, or a port in use.
        let busy = ExitStatus.exited(75)
        /// EX_CONFIG.
        let misconfigured = ExitStatus.exited(78)

        @Test("a second live host with the name of a first is refused and reported")
        func duplicateName() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            // A clone: the key, the name and the peers of lb1, at an address of its own.
            var configuration = lab.options.configuration
            configuration.voters[0].addresses = [Host.client.address()]
            var setup = lab.setup(of: .client)
            setup.name = "lb1"
            setup.configurationFile = try lab.write(configuration, named: "clone")
            // For the first qdisc the kernel stops the queues of a card, and the clone's host is
            // the client's: questions that did not leave would be counted as lost ones.
            try lab.tc(.client, "qdisc add dev \(Network.first.interface) clsact")

            let seen = try experiment.observe(for: .seconds(3)) { (lab) throws(LabError) in
                let moment = Moment.now
                _ = try lab.launch(setup)
                return moment
            }
            expectNothing(seen)
            try lab.waitForStatus(of: .lb2, "a second lb1 was heard") { status in
                let words = status.reasons + status.warnings
                return words.contains { $0.contains("lb1") }
                    && status.dropped.total > 0
            }
            #expect(try lab.addresses(on: .client).contains("10.77.0.100") == false)
        }

        @Test("a flood of what is no frame is dropped in the kernel, told of, and does no harm")
        func flood() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            let before = try Usage(of: lab.agent(of: .lb1)).processorTime
            let begin = Moment.now
            let floods = try [[UInt8](repeating: 7, count: 200), [1, 2, 3]].map { octets in
                try Flood(octets, in: lab, to: .lb1, for: .seconds(2))
            }
            for flood in floods { flood.wait() }
            let seen = experiment.outcome(since: begin)
            let used = try Usage(of: lab.agent(of: .lb1)).processorTime - before
            let sent = UInt64(floods.reduce(0) { $0 + $1.sent })
            let dropped = try lab.status(of: .lb1).dropped
            print("flood: \(sent) datagrams, \(used.human) of a processor, \(dropped)")
            expectNothing(seen)
            #expect(dropped["in_kernel"] > sent / 2)
            // Who sends it is told of by the few that pass.
            for reason in ["bad_magic", "too_short"] {
                #expect(dropped[reason] > 0)
                #expect(dropped[reason] < sent / 50)
            }
            #expect(lab.log(of: .lb1).contains("bad_magic, from \(Host.client.address())"))
            #expect(used < .milliseconds(400))
        }

        @Test("a second agent on a host ends with status 75 and one line, whatever its directories")
        func secondAgent() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.start(.lb1)
            try lab.waitForStatus(of: .lb1, "I am up") { _ in true }

            let directories = [lab.setup(of: .lb1).runDirectory, "\(lab.directory)/elsewhere"]
            for (number, directory) in directories.enumerated() {
                var setup = lab.setup(of: .lb1)
                setup.runDirectory = directory
                setup.logFile = "\(lab.directory)/second-\(number).log"
                let end = try lab.launchAndWait(setup)
                #expect(end.status == busy)
                #expect(end.log.split(separator: "\n").count == 1, "\(end.log)")
            }
            try lab.waitForStatus(of: .lb1, "I am still up") { _ in true }
        }

        @Test("a port in use ends the agent with status 75 and a line that names it")
        func portInUse() throws {
            let lab = try Lab()
            defer { lab.close() }
            let other = try Heartbeats(in: lab, from: .lb2, to: .lb1, port: 7694)
            let end = try lab.launchAndWait(lab.setup(of: .lb1))
            #expect(end.status == busy)
            #expect(end.log.contains("7694"))
            #expect(other.arrived(of: 1) == 1)
        }

        @Test("a configuration with an error ends the agent with status 78 and says where it is")
        func badConfiguration() throws {
            let lab = try Lab()
            defer { lab.close() }
            var configuration = lab.options.configuration
            configuration.lease = .milliseconds(1)
            var setup = lab.setup(of: .lb1)
            setup.configurationFile = try lab.write(configuration, named: "bad")
            let end = try lab.launchAndWait(setup)
            #expect(end.status == misconfigured)
            #expect(end.log.contains("bad.toml:7:"))
        }

        @Test("a name that is not in the configuration ends the agent with status 78")
        func unknownName() throws {
            let lab = try Lab()
            defer { lab.close() }
            var setup = lab.setup(of: .lb1)
            setup.name = "lb9"
            let end = try lab.launchAndWait(setup)
            #expect(end.status == misconfigured)
            #expect(end.log.contains("lb9"))
            #expect(end.log.contains("--host"))
        }

        @Test("an interface that does not exist is waited for, and the status says so")
        func missingInterface() throws {
            var options = LabOptions()
            options.configuration.groups[0].interface = "eth7"
            let lab = try Lab(options)
            defer { lab.close() }
            try lab.start(.lb1, .w1)
            let status = try lab.waitForStatus(of: .lb1, "eth7 is missing") { status in
                guard let group = status.group("web") else { return false }
                return group.state != .owner && group.interfaceState == .missing
            }
            #expect(!status.isHealthy)
            sleep(for: .seconds(1))
            _ = try lab.agent(of: .lb1)
        }

        @Test("frames that nobody with the key has sent are counted by reason and change nothing")
        func forgedFrames() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            let before = try lab.status(of: .lb1).dropped
            let seen = try experiment.observe(for: .seconds(2)) { (lab) throws(LabError) in
                let moment = Moment.now
                try lab.sendGarbage(to: .lb1, frames: 500)
                return moment
            }
            expectNothing(seen)
            let after = try lab.status(of: .lb1).dropped
            let counted = after.total - before.total
            #expect(counted >= 500)
        }

        @Test("vipctl says within its exit status that no agent is there")
        func noAgent() throws {
            let lab = try Lab()
            defer { lab.close() }
            let answer = try lab.control(.lb1, "status")
            #expect(answer.status == .exited(2))
            #expect(answer.complaint.contains("control.sock"))
        }
    }
}
