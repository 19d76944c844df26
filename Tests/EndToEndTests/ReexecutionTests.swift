import Testing
import VIPControl
import VIPLab

extension EndToEnd {
    @Suite("Re-execution")
    struct ReexecutionTests {
        @Test("twenty upgrades in a row, and no client loses an answer")
        func owner() throws { #expect(try upgradeTwentyTimes(.ordinary)) }

        /// Another process that has the processors for 10 ms takes a lease of 15 away, whatever the
        /// agent does. So each attempt has to be safe and in order, and one of three undisturbed.
        @Test("with a lease of 15 ms, twenty upgrades in a row are nothing where nothing else runs")
        func quickOwner() throws {
            let isUndisturbed = try (1...3).contains { _ in try upgradeTwentyTimes(.quick) }
            #expect(isUndisturbed, "somebody noticed something in each of three attempts")
        }

        /// Whether nobody noticed anything of it. What holds without any allowance is expected
        /// here.
        private func upgradeTwentyTimes(_ pace: Pace) throws -> Bool {
            let experiment = try Experiment(pace.options, addresses: bothFamilies)
            defer { experiment.close() }
            let lab = experiment.lab
            let term = try lab.term(knownTo: .lb1)
            let monitor = try AddressMonitor(in: lab, on: .lb1)
            try lab.upgradeAndWait(.lb1)
            let before = try Usage(of: lab.agent(of: .lb1))
            let begin = Moment.now

            for _ in 0..<20 { try lab.upgradeAndWait(.lb1) }
            let seen = experiment.outcome(since: begin)
            expectOneOwner(seen)
            #expect(try lab.reexecutions(of: .lb1) == 21)
            let after = try Usage(of: lab.agent(of: .lb1))
            #expect(after.descriptors == before.descriptors)
            #expect(after.memory < before.memory + 2 << 20)
            // What was before goes on: the history has a number for everything, and none twice.
            let numbers = try lab.history(of: .lb1).map(\.sequence)
            let first = try #require(numbers.min())
            #expect(numbers.sorted() == Array(first..<first + UInt64(numbers.count)))
            #expect(try lab.history(of: .lb1).contains { $0.event == "takeover" })

            let removals = bothFamilies.flatMap { address in
                monitor.changes(of: address, since: begin).filter { $0.kind == .removed }
            }
            let now = try lab.term(knownTo: .lb1)
            // No address moves, and none is removed, but with the lease.
            #expect(now >= term)
            if now == term {
                #expect(seen.changes(since: .lb1) == 0)
                #expect(removals.isEmpty)
            }
            return seen.lost == 0 && seen.views.allSatisfy { $0.udp.owners == [.lb1] }
                && removals.isEmpty && now == term
        }

        @Test("standby and witness are upgraded too, and go on as what they were")
        func others() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            let seen = try experiment.observe(for: .seconds(1)) { (lab) throws(LabError) in
                let moment = Moment.now
                try lab.upgradeAndWait(.lb2)
                try lab.upgradeAndWait(.w1)
                return moment
            }
            expectNothing(seen)
            try lab.waitForStandby(.lb2)
            #expect(try lab.status(of: .w1).role == .witness)
        }

        @Test("maintenance outlasts an upgrade")
        func maintenance() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.startPair()
            #expect(try lab.control(.lb2, "maintenance", "on").status == .exited(0))
            try lab.upgradeAndWait(.lb2)
            #expect(try lab.status(of: .lb2).group(lab.webGroup)?.state == .maintenance)
        }

        @Test("a program that can't take over is not become, and what goes on says so")
        func badPrograms() throws {
            let programs = try InstalledBinaries()
            var options = LabOptions()
            options.binaries = programs.binaries
            let lab = try Lab(options)
            defer { lab.close() }
            try lab.startPair()
            let term = try lab.term(knownTo: .lb1)
            for (script, wanted) in [
                ("#!/bin/sh\nexit 0\n", "it is not vip-agent"),
                ("#!/bin/sh\necho torn >&2; kill -SEGV $$\n", "was killed by signal 11"),
                ("#!/bin/sh\nexec sleep 60\n", "gave no answer within 3 s"),
                ("#!/bin/sh\necho vip-agent-successor 99 node 9.9\n", "version 9.9"),
                ("#!/nowhere\n", "can't be run"),
                (
                    "#!/bin/sh\necho 'vip-agent: the lease is too short for me' >&2; exit 78\n",
                    "the lease is too short for me"
                ),
            ] {
                try programs.replaceAgent(byScript: script)
                let answer = try lab.askForReload(.lb1)
                #expect(answer.status == .exited(1), "\(script)")
                #expect(answer.complaint.contains(wanted), "\(answer.complaint)")
                let status = try lab.status(of: .lb1)
                #expect(status.group(lab.webGroup)?.state == .owner)
                let reasons = status.reasons
                #expect(reasons.contains { $0.contains(wanted) }, "\(reasons)")
                #expect(!status.isHealthy)
            }
            try programs.restoreAgent()
            let answer = try lab.askForReload(.lb1)
            #expect(answer.status == .exited(0), "\(answer.complaint)")
            let reasons = try lab.status(of: .lb1).reasons
            #expect(!reasons.contains { $0.contains("refused") })
            #expect(try lab.term(knownTo: .lb1) == term)
            #expect(try lab.reexecutions(of: .lb1) == 1)
        }
    }
}
