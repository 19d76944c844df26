import Testing
import VIPControl
import VIPLab

extension EndToEnd {
    @Suite("Foreign claims")
    struct ForeignClaimTests {
        static let stranger = MACAddress(bits: 0x0200_0000_00c1)

        @Test(
            "a stranger who claims the address once is told, answered, and forgotten by clients",
            arguments: bothFamilies
        )
        func once(address: String) throws {
            let experiment = try Experiment(address: address)
            defer { experiment.close() }
            // What comes in the first second may be the owner before.
            sleep(for: .milliseconds(1200))
            let seen = try experiment.observe(for: .seconds(2)) { (lab) throws(LabError) in
                try lab.claim(address, by: Self.stranger, at: .w1)
            }
            expectOneOwner(seen)
            // Those of the milliseconds until the answer. Without one: of up to a minute.
            #expect(seen.lost < 60)
            #expect(seen.changes(since: .lb1) == 0)

            let status = try experiment.lab.status(of: .lb1)
            #expect(!status.isHealthy)
            let reason = try #require(status.reasons.first { $0.contains("\(Self.stranger)") })
            #expect(reason.contains("02:00:00:00:00:c1 on eth0 claims \(address) (once, last"))
            #expect(status.counters[.foreignClaims] == 1)
            let entries = try experiment.lab.history(of: .lb1).filter {
                $0.event == "foreign-claim"
            }
            #expect(entries.count == 1)
            #expect(
                experiment.lab.log(of: .lb1).contains(
                    "02:00:00:00:00:c1 on eth0 claims \(address), which this host owns"
                )
            )
            // Who does not own it has nothing to say.
            #expect(try experiment.lab.status(of: .lb2).isHealthy)
        }

        @Test("a stranger who claims it 50 times a second is answered once a second, and told once")
        func often() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            sleep(for: .milliseconds(1200))
            let lab = experiment.lab
            // The burst of the owner's own announcements is not to be counted.
            sleep(for: .seconds(8))
            let seen = try experiment.observe(for: .seconds(4)) { (lab) throws(LabError) in
                try lab.claim(
                    "10.77.0.100",
                    by: Self.stranger,
                    at: .w1,
                    times: 150,
                    every: .milliseconds(20)
                )
            }
            expectOneOwner(seen)
            let answers = seen.watch.announcements.filter { $0.host == .lb1 }.count / 2
            #expect((3...5).contains(answers))
            // A second after the last claim at most, it is over.
            sleep(for: .milliseconds(200))
            expectNothing(try experiment.observe(for: .seconds(2)) { _ throws(LabError) in .now })
            let status = try lab.status(of: .lb1)
            #expect(status.reasons.contains { $0.contains("(150 times, last") })
            #expect(status.counters[.foreignClaims] == 150)
            #expect(try lab.history(of: .lb1).count { $0.event == "foreign-claim" } == 1)
            let lines = lab.log(of: .lb1).split(separator: "\n")
            #expect(lines.count { $0.contains("foreign-claim") } <= 2)
            for host in Host.nodes {
                #expect(try lab.status(of: host).counters[.lateWakes] == 0)
            }
        }

        @Test("an upgraded or reloaded agent goes on listening, and on counting")
        func successors() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            sleep(for: .milliseconds(1200))
            try lab.claim("10.77.0.100", by: Self.stranger, at: .w1)
            try lab.waitForStatus(of: .lb1, "told") { $0.counters[.foreignClaims] == 1 }
            try lab.upgrade(.lb1)
            try lab.waitForStatus(of: .lb1, "upgraded") { $0.counters[.reexecutions] == 1 }
            sleep(for: .milliseconds(1200))
            for address in bothFamilies {
                try lab.claim(address, by: Self.stranger, at: .w1)
            }
            try lab.waitForStatus(of: .lb1, "told again") { $0.counters[.foreignClaims] == 3 }
        }

        @Test("planned moves, takeovers and fail-backs between the two are no claims")
        func moves() throws {
            let experiment = try Experiment(
                LabOptions(heartbeat: .milliseconds(5), lease: .milliseconds(15)),
                addresses: bothFamilies
            )
            defer { experiment.close() }
            let lab = experiment.lab
            var owner = Host.lb1
            for _ in 0..<6 {
                try lab.switchover(from: owner)
                owner = owner.peer
                sleep(for: .milliseconds(1300))
            }
            try lab.pause(.lb1)
            sleep(for: .milliseconds(1300))
            try lab.resume(.lb1)
            sleep(for: .milliseconds(1300))
            for host in Host.nodes {
                #expect(try lab.status(of: host).counters[.foreignClaims] == 0, "\(host)")
            }
        }
    }
}
