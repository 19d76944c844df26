import Testing
import VIPControl
import VIPLab

extension EndToEnd {
    @Suite("Faults of the network")
    struct NetworkFaultTests {
        @Test("a pair that is cut in two for 15 s changes nothing while both reach the witness")
        func partition() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let seen = try experiment.observe(for: .seconds(15)) { (lab) throws(LabError) in
                try lab.applyFaults { $0.partition(.lb1, from: .lb2) }
            }
            expectNothing(seen)

            let healed = try experiment.observe(for: .seconds(2)) { (lab) throws(LabError) in
                try lab.heal()
            }
            expectNothing(healed)
            try experiment.lab.waitForStandby(.lb2)
        }

        @Test("an isolated owner is silent before the other answers, and stands by when it is back")
        func isolation() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            let monitor = try AddressMonitor(in: lab, on: .lb1)
            let term = try lab.term(knownTo: .lb1)
            let begin = Moment.now
            let seen = try experiment.observe(for: .seconds(2)) { (lab) throws(LabError) in
                try lab.applyFaults { $0.isolate(.lb1) }
            }
            expectTakeover(seen, by: .lb2, within: .milliseconds(1500))

            // lb1 cannot be seen while it is isolated, so its kernel is asked when it let go.
            let released = monitor.changes(of: "10.77.0.100", since: begin)
                .first { $0.kind == .removed }
            let taken = try #require(seen.udp.tenures.first { $0.host == .lb2 }).answers[0].received
            #expect(try #require(released).at < taken)

            let healed = try experiment.observe(for: .seconds(2)) { (lab) throws(LabError) in
                try lab.heal()
            }
            expectNothing(healed, owner: .lb2)
            try lab.waitForStandby(.lb1)
            #expect(try lab.term(knownTo: .lb1) > term)
            #expect(try lab.holders(of: "10.77.0.100") == [.lb2])
        }

        @Test("an owner whose only cable is pulled out lets go, and stands by when it is back")
        func cable() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let seen = try experiment.observe(for: .seconds(2)) { (lab) throws(LabError) in
                try lab.cut(.lb1)
            }
            expectTakeover(seen, by: .lb2, within: .milliseconds(1500))
            #expect(try experiment.lab.holders(of: "10.77.0.100") == [.lb2])

            let back = try experiment.observe(for: .seconds(3)) { (lab) throws(LabError) in
                try lab.plug(.lb1)
            }
            expectNothing(back, owner: .lb2)
            try experiment.lab.waitForStandby(.lb1)
        }

        @Test("20 % loss of all heartbeats for 30 s changes nothing")
        func loss() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let seen = try experiment.observe(for: .seconds(30)) { (lab) throws(LabError) in
                try lab.applyFaults { $0.loseVoterFrames(percent: 20) }
            }
            expectNothing(seen)
        }

        @Test("a link that works one way only moves the address once at most, to one owner")
        func oneWay() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            var owner = Host.lb1
            for from in Host.voters {
                for to in Host.voters where to != from {
                    let seen = try experiment.observe(for: .seconds(2)) { (lab) throws(LabError) in
                        try lab.applyFaults { $0.block(from: from, to: to) }
                    }
                    expectOneOwner(seen)
                    #expect(seen.owner != nil, "\(from) -> \(to) blocked")
                    #expect(seen.changes(since: owner) <= 1, "\(from) -> \(to) blocked")
                    owner = seen.owner ?? owner
                    try experiment.lab.heal()
                    sleep(for: .milliseconds(500))
                }
            }
        }

        @Test("a second network between the voters makes a cut of the first one harmless to them")
        func secondNetwork() throws {
            let experiment = try Experiment(LabOptions(hasSecondNetwork: true))
            defer { experiment.close() }
            let seen = try experiment.observe(for: .seconds(3)) { (lab) throws(LabError) in
                try lab.applyFaults {
                    $0.partition(.lb1, from: .lb2, on: [.first])
                    $0.partition(.lb1, from: .w1, on: [.first])
                }
            }
            expectNothing(seen)
        }

        @Test("an owner that loses the clients' network and hears its peer over another hands over")
        func carrierWithPathLeft() throws {
            let experiment = try Experiment(LabOptions(hasSecondNetwork: true))
            defer { experiment.close() }
            let seen = try experiment.observe(for: .seconds(2)) { (lab) throws(LabError) in
                try lab.cut(.lb1, on: [.first])
            }
            // The kernel tells of a lost carrier within a second of the last such change.
            expectTakeover(seen, by: .lb2, within: .milliseconds(1500))
            // It was handed over: nobody waited for a lease to run out.
            let why = try experiment.lab.history(of: .lb2).last { $0.event == "takeover" }
            #expect(why?.reason == "handed over by lb1")
            try experiment.lab.waitForStatus(of: .lb1, "the interface is down") { status in
                status.groups.contains { $0.state == .fault }
            }
        }

        @Test("maintenance moves the address away, and is refused where it could go nowhere")
        func maintenance() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let seen = try experiment.observe(for: .seconds(1)) { (lab) throws(LabError) in
                let moment = Moment.now
                let answer = try lab.control(.lb1, "maintenance", "on")
                guard answer.status == .exited(0) else {
                    throw LabError("put lb1 into maintenance", found: answer.complaint)
                }
                return moment
            }
            expectTakeover(seen, by: .lb2, within: .milliseconds(400))
            try experiment.lab.waitForStatus(of: .lb1, "it is in maintenance") { status in
                status.groups.contains { $0.state == .maintenance }
            }
            let refused = try experiment.lab.control(.lb2, "maintenance", "on")
            #expect(refused.status == .exited(1))
            let off = try experiment.lab.control(.lb1, "maintenance", "off")
            #expect(off.status == .exited(0))
            try experiment.lab.waitForStandby(.lb1)
        }
    }
}
