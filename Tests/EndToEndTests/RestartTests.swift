import Testing
import VIPLab

extension EndToEnd {
    @Suite("Restarts")
    struct RestartTests {
        @Test("an owner killed and restarted within its lease keeps the address and the term")
        func withWitness() throws {
            try expectToGoOn(restarting: [.lb1], without: nil)
        }

        @Test("the same without a witness")
        func withoutWitness() throws {
            try expectToGoOn(restarting: [.lb1], without: .w1)
        }

        @Test("all three agents killed and restarted at once, and nothing happens")
        func all() throws {
            try expectToGoOn(restarting: [.lb1, .lb2, .w1], without: nil)
        }

        @Test("an address that has left the configuration is taken off at the next start")
        func forgottenAddress() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            #expect(try lab.addresses(on: .lb1).contains("fd77::64"))
            var configuration = lab.options.configuration
            configuration.groups[0].addresses = ["10.77.0.100"]
            var setup = lab.setup(of: .lb1)
            setup.configurationFile = try lab.write(configuration, named: "shorter")

            let seen = try experiment.observe(for: .seconds(1)) { (lab) throws(LabError) in
                let moment = Moment.now
                try lab.kill(.lb1)
                _ = try lab.launch(setup)
                return moment
            }
            expectNothing(seen)
            let left = try lab.addresses(on: .lb1)
            #expect(left.contains("10.77.0.100"))
            #expect(!left.contains("fd77::64"))
        }

        /// No client notices, the kernel never removes the address, the term is the same.
        private func expectToGoOn(restarting hosts: [Host], without absent: Host?) throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            if let absent {
                try lab.crash(absent)
                sleep(for: .seconds(1))
            }
            let term = try lab.term(knownTo: .lb1)
            let monitor = try AddressMonitor(in: lab, on: .lb1)
            let begin = Moment.now

            let seen = try experiment.observe(for: .seconds(3)) { (lab) throws(LabError) in
                let moment = Moment.now
                for host in hosts { try lab.kill(host) }
                for host in hosts { try lab.start(host) }
                return moment
            }
            expectNothing(seen)
            for address in lab.options.floatingAddresses {
                let removals = monitor.changes(of: address, since: begin)
                    .filter { $0.kind == .removed }
                #expect(removals.isEmpty)
            }
            try lab.waitForOwner(.lb1)
            #expect(try lab.term(knownTo: .lb1) == term)
        }
    }
}
