import Testing
import VIPControl
import VIPLab

extension EndToEnd {
    @Suite("Reload")
    struct ReloadTests {
        /// A group beside that of the lab's own configuration.
        private static var second: AgentConfiguration.Group {
            var group = AgentConfiguration.Group()
            group.name = "db"
            group.addresses = ["10.77.0.101"]
            return group
        }

        /// Writes another configuration in the place of the lab's own.
        private func change(
            _ lab: Lab,
            _ change: (inout AgentConfiguration) -> Void
        ) throws {
            var configuration = lab.options.configuration
            change(&configuration)
            try lab.write(configuration)
        }

        @Test("with the same file nothing changes, on any host")
        func same() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let seen = try experiment.observe(for: .seconds(1)) { (lab) throws(LabError) in
                let moment = Moment.now
                for host in Host.voters {
                    let answer = try lab.askForReload(host)
                    guard answer.output == "reload: nothing changed\n" else {
                        throw LabError("reload \(host)", found: answer.output + answer.complaint)
                    }
                }
                return moment
            }
            expectNothing(seen)
        }

        @Test("SIGHUP is a reload")
        func signal() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.startPair()
            try lab.reload(.lb1)
            try lab.waitForStatus(of: .lb1, "I have reloaded") {
                $0.counters[.reexecutions] == 1
            }
            #expect(try lab.status(of: .lb1).group(lab.webGroup)?.state == .owner)
        }

        @Test("a wrong file changes nothing, and every fault is shown with its place")
        func wrong() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            let text = lab.options.configuration.text(keyFile: lab.keyFile)
            let begin = Moment.now
            try lab.write(
                text.replacing("heartbeat = ", with: "heart_beat = ")
                    .replacing("prefer = \"lb1\"", with: "prefer = \"lb9\"")
            )
            let answer = try lab.askForReload(.lb1)
            #expect(answer.status == .exited(1))
            for wanted in ["vip-agent.toml:6:1: error:", "heart_beat", "lb9", "heartbeat"] {
                #expect(answer.complaint.contains(wanted), "\(wanted) in \(answer.complaint)")
                #expect(lab.log(of: .lb1).contains(wanted))
            }
            let status = try lab.status(of: .lb1)
            #expect(status.reasons.contains { $0.contains("heart_beat") })
            #expect(try lab.control(.lb1, "status").status == .exited(1))
            #expect(try lab.reexecutions(of: .lb1) == 0)
            expectNothing(experiment.outcome(since: begin))

            try lab.write(text)
            #expect(try lab.askForReload(.lb1).status == .exited(0))
            #expect(try !lab.status(of: .lb1).reasons.contains { $0.contains("refused") })
            expectNothing(experiment.outcome(since: begin))
        }

        @Test("a refused reload is a reason until the file is again what runs")
        func putBack() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.startPair()
            let text = lab.options.configuration.text(keyFile: lab.keyFile)
            try lab.write(text.replacing("heartbeat = ", with: "heart_beat = "))
            #expect(try lab.askForReload(.lb1).status == .exited(1))
            let refused = try lab.status(of: .lb1)
            #expect(refused.reasons.contains { $0.contains("refused") })
            sleep(for: .seconds(1))
            #expect(try !lab.status(of: .lb1).isHealthy)
            try lab.write(text)
            try lab.waitForStatus(of: .lb1, "the file is again what runs") { status in
                !status.reasons.contains { $0.contains("refused") }
            }
        }

        @Test("a group that is added is served, and one that is removed is let go of")
        func groups() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            let begin = Moment.now
            try change(lab) { $0.groups.append(Self.second) }
            // The witness first: a node that asks for the group too early leaves it to the other.
            for host in [Host.w1, .lb1, .lb2] {
                let answer = try lab.askForReload(host)
                #expect(answer.output == "reload: group db added\n", "\(answer.complaint)")
            }
            try lab.waitForAddresses(["10.77.0.101"], on: try owner(of: "db", in: lab))

            try change(lab) { _ in }
            for host in Host.voters {
                let answer = try lab.askForReload(host)
                #expect(answer.output.contains("group db removed"), "\(answer.complaint)")
            }
            try lab.waitForAddresses(["10.77.0.101"], on: .lb1, areThere: false)
            #expect(try lab.status(of: .lb1).group("db") == nil)
            expectNothing(experiment.outcome(since: begin))
        }

        @Test("a group that one host alone knows does not keep it from reloads and upgrades")
        func unknownGroup() throws {
            let experiment = try Experiment(LabOptions(), addresses: bothFamilies) {
                (lab) throws(LabError) in
                var setup = lab.setup(of: .lb1)
                setup.configurationFile =
                    try lab.write(lab.options.configuration, named: "lb1")
                try lab.supervise(setup)
                try lab.start(.w1)
                try lab.waitForOwner(.lb1)
                try lab.start(.lb2)
                try lab.waitForStandby(.lb2)
            }
            defer { experiment.close() }
            let lab = experiment.lab
            let begin = Moment.now
            var configuration = lab.options.configuration
            configuration.groups.append(Self.second)
            try lab.write(configuration, named: "lb1")
            #expect(try lab.askForReload(.lb1).output == "reload: group db added\n")
            // It asks the others for it meanwhile, which do not know it.
            sleep(for: .seconds(1))

            let ordered = Moment.now
            #expect(try lab.askForReload(.lb1).output == "reload: nothing changed\n")
            try lab.upgradeAndWait(.lb1, within: .seconds(3))
            try lab.write(lab.options.configuration, named: "lb1")
            #expect(try lab.askForReload(.lb1).output.contains("group db removed"))
            #expect(.now - ordered < .seconds(5))
            expectNothing(experiment.outcome(since: begin))
        }

        @Test("an address that goes from one group to another in two reloads waits to be accepted")
        func movedInTwoSteps() throws {
            var options = LabOptions()
            options.configuration.groups.append(Self.second)
            let experiment = try Experiment(options)
            defer { experiment.close() }
            let lab = experiment.lab
            let begin = Moment.now
            try change(lab) { $0.groups[0].addresses = ["10.77.0.100"] }
            for host in Host.voters {
                #expect(try !lab.askForReload(host).output.contains("waits to be accepted"))
            }
            try change(lab) {
                $0.groups[0].addresses = ["10.77.0.100"]
                $0.groups[1].addresses = ["10.77.0.101", "fd77::64"]
            }
            for host in Host.voters {
                let answer = try lab.askForReload(host)
                #expect(answer.output.contains("waits to be accepted"), "\(host): \(answer)")
                try lab.waitForStatus(of: host, "the addresses have changed") { status in
                    status.reasons.contains { $0.contains("accept-voters") }
                }
            }
            #expect(try lab.holders(of: "fd77::64") == [])

            for host in Host.voters { try lab.acceptVoters(host) }
            // Either node, as the first that waited has left the groups to the other.
            let group = try lab.waitForStatus(of: .lb1, "all is well") { $0.isHealthy }.group("db")
            let owner = try #require(group?.owner.flatMap(Host.init))
            try lab.waitForAddresses(["10.77.0.101", "fd77::64"], on: owner)
            #expect(try lab.holders(of: "fd77::64") == [owner])
            expectOneOwner(experiment.outcome(since: begin))
        }

        /// Whoever took it: which node was told first decides.
        private func owner(of group: String, in lab: Lab) throws -> Host {
            let deadline = Moment.now + .seconds(5)
            while Moment.now < deadline {
                for host in Host.nodes
                where try lab.status(of: host).group(group)?.state == .owner { return host }
                sleep(for: .milliseconds(20))
            }
            throw LabError("see an owner of \(group)", found: "none within five seconds")
        }

        @Test("another address of a group comes and goes, and the rest and the term stay")
        func addresses() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            let term = try lab.term(knownTo: .lb1)
            let begin = Moment.now
            try change(lab) { $0.groups[0].addresses = ["10.77.0.100", "10.77.0.102"] }
            let answer = try lab.askForReload(.lb1)
            #expect(
                answer.output
                    == "reload: group web: 10.77.0.102/32 added, fd77::64/128 removed\n"
            )
            try lab.waitForAddresses(["10.77.0.102"], on: .lb1)
            try lab.waitForAddresses(["fd77::64"], on: .lb1, areThere: false)
            #expect(try lab.term(knownTo: .lb1) == term)
            expectNothing(experiment.outcome(since: begin))
        }

        @Test("a longer lease is put on record, and no client notices")
        func timing() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            let begin = Moment.now
            try change(lab) { $0.lease = .seconds(1) }
            for host in Host.voters {
                let answer = try lab.askForReload(host)
                #expect(answer.output == "reload: lease 1s instead of 500ms\n")
            }
            #expect(try lab.recordedLease(of: .w1) == .seconds(1))
            expectNothing(experiment.outcome(since: begin))
        }

        @Test("other voters wait to be accepted, and who asked is told before")
        func voters() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.startPair()
            try change(lab) { $0.voters[2].name = "w2" }
            let answer = try lab.askForReload(.lb2)
            #expect(answer.status == .exited(0))
            #expect(answer.output.contains("voter w2 added; voter w1 removed"))
            #expect(answer.output.contains("waits to be accepted"))
            try lab.waitForStatus(of: .lb2, "the voters have changed") { status in
                status.reasons.contains { $0.contains("accept-voters") }
            }
            #expect(try lab.status(of: .lb1).group(lab.webGroup)?.state == .owner)
        }

        @Test("a node does not become a witness by a reload")
        func role() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.startPair()
            try change(lab) { configuration in
                configuration.voters[0].isWitness = true
                configuration.voters[2].isWitness = false
                configuration.groups[0].preferred = .lb2
            }
            let answer = try lab.askForReload(.lb1)
            #expect(answer.status == .exited(1))
            #expect(answer.complaint.contains("can't become a witness"), "\(answer.complaint)")
            #expect(try lab.status(of: .lb1).group(lab.webGroup)?.state == .owner)
        }
    }
}
