import Testing
import VIPControl
import VIPLab

extension EndToEnd {
    /// The service manager keeps the sockets to the voters, so that nobody else gets their port.
    @Suite("Ports in the service manager's store")
    struct StoredPortTests {
        private static func mixed() -> LabOptions {
            var options = LabOptions()
            for (index, host) in Host.voters.enumerated() {
                options.configuration.voters[index].addresses =
                    [host.address(), host.ipv6Address()]
            }
            return options
        }

        @Test("who wants the port of an agent that dies does not get it, and nobody notices")
        func squatters() throws {
            let options = Self.mixed()
            let experiment = try Experiment(options, addresses: bothFamilies) {
                (lab) throws(LabError) in
                try lab.startPair(supervising: [.lb1])
            }
            defer { experiment.close() }
            let lab = experiment.lab
            let supervisor = try lab.supervisor(of: .lb1)
            #expect(Set(supervisor.storedNames).isSuperset(of: ["udp4.7694", "udp6.7694"]))
            let squatters = try [false, true].map { ipv6 in
                try Squatter(in: lab, on: .lb1, ipv6: ipv6)
            }
            defer { for squatter in squatters { squatter.end() } }
            let term = try lab.term(knownTo: .lb1)
            let begin = Moment.now
            for number in 1...5 {
                // With and without a succession before it: the successor's sockets are the same.
                if number == 3 { try lab.upgradeAndWait(.lb1) }
                #expect(supervisor.kill())
                #expect(supervisor.waitForRestarts(number, until: .now + .seconds(1)))
                try lab.waitForOwner(.lb1)
                sleep(for: .milliseconds(200))
            }
            for squatter in squatters {
                #expect(squatter.attempts > 100)
                #expect(!squatter.hasSucceeded)
            }
            expectNothing(experiment.outcome(since: begin))
            #expect(try lab.term(knownTo: .lb1) == term)
            #expect(!lab.log(of: .lb1).contains("made-anew"))

            // An agent that has stopped needs it no more.
            try lab.stop(.lb1)
            let deadline = Moment.now + .seconds(2)
            while !squatters.allSatisfy(\.hasSucceeded), .now < deadline {
                sleep(for: .milliseconds(10))
            }
            #expect(squatters.map(\.hasSucceeded) == [true, true])
            #expect(!supervisor.storedNames.contains { $0.hasPrefix("udp") })
        }

        @Test("without a store the first crash gives the port away")
        func withoutStore() throws {
            let lab = try Lab()
            defer { lab.close() }
            let supervisor = try lab.supervise(lab.setup(of: .lb1), keepsDescriptors: false)
            try lab.waitForStatus(of: .lb1, "I am up") { _ in true }
            let squatter = try Squatter(in: lab, on: .lb1)
            defer { squatter.end() }
            supervisor.kill()
            let deadline = Moment.now + .seconds(2)
            while !squatter.hasSucceeded, .now < deadline { sleep(for: .milliseconds(5)) }
            #expect(squatter.hasSucceeded)
        }

        @Test("a port that has left the configuration leaves the store, by reload and by restart")
        func otherPort() throws {
            let lab = try Lab()
            defer { lab.close() }
            let supervisor = try lab.supervise(lab.setup(of: .lb1))
            try wait(for: ["udp4.7694"], in: supervisor)
            func write(_ port: Int) throws {
                var configuration = lab.options.configuration
                configuration.voters[0].addresses = ["\(Host.lb1.address()):\(port)"]
                try lab.write(configuration)
            }
            try write(7700)
            #expect(try lab.askForReload(.lb1).status == .exited(0))
            try wait(for: ["udp4.7700"], in: supervisor)
            try write(7701)
            supervisor.kill()
            try wait(for: ["udp4.7701"], in: supervisor)
            // Nobody has what was let go of.
            for port in [UInt16(7694), 7700] {
                let squatter = try Squatter(in: lab, on: .lb1, port: port)
                defer { squatter.end() }
                let deadline = Moment.now + .seconds(2)
                while !squatter.hasSucceeded, .now < deadline { sleep(for: .milliseconds(5)) }
                #expect(squatter.hasSucceeded, "\(port)")
            }
        }

        private func wait(for names: Set<String>, in supervisor: Supervisor) throws {
            let deadline = Moment.now + .seconds(8)
            var found: Set<String> = []
            while .now < deadline {
                found = Set(supervisor.storedNames.filter { $0.hasPrefix("udp") })
                if found == names { return }
                sleep(for: .milliseconds(10))
            }
            Issue.record("the store has \(found) and not \(names)")
        }
    }
}
