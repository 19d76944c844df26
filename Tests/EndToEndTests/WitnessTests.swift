import Testing
import VIPControl
import VIPLab

extension EndToEnd {
    @Suite("The witness")
    struct WitnessTests {
        @Test("the witness goes away and comes back, and nothing happens")
        func awayAndBack() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            let away = try experiment.observe(for: .seconds(3)) { (lab) throws(LabError) in
                try lab.crash(.w1)
            }
            expectNothing(away)
            try lab.waitForStatus(of: .lb1, "degraded") { !$0.isHealthy }

            let back = try experiment.observe(for: .seconds(3)) { (lab) throws(LabError) in
                let moment = Moment.now
                try lab.powerOn(.w1)
                return moment
            }
            expectNothing(back)
            try lab.waitForStatus(of: .lb1, "healthy again") { $0.isHealthy }
        }

        @Test("without witness and owner nobody claims, until an operator forces it")
        func force() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            try lab.crash(.w1)
            sleep(for: .seconds(1))
            let seen = try experiment.observe(for: .seconds(3)) { (lab) throws(LabError) in
                try lab.crash(.lb1)
            }
            expectOneOwner(seen)
            #expect(seen.udp.tenures.contains { $0.host == .lb2 } == false)
            #expect(try lab.addresses(on: .lb2).contains("10.77.0.100") == false)

            let question = try lab.control(.lb2, "takeover", "web")
            #expect(question.status == .exited(64))
            #expect(try lab.addresses(on: .lb2).contains("10.77.0.100") == false)

            let forced = try lab.control(.lb2, "takeover", "web", "--force")
            #expect(forced.status == .exited(0), "\(forced.output)\(forced.complaint)")
            try lab.waitForOwner(.lb2)
            let served = try experiment.observe(for: .seconds(2)) { _ throws(LabError) in .now }
            expectNothing(served, owner: .lb2)
            #expect(try lab.status(of: .lb2).group("web")?.isForced == true)
            #expect(try lab.history(of: .lb2).contains { $0.text.contains("force") })
        }

        @Test("a forced takeover is refused while another voter is heard")
        func refusedForce() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let seen = try experiment.observe(for: .seconds(1)) { (lab) throws(LabError) in
                let moment = Moment.now
                let answer = try lab.control(.lb2, "takeover", "web", "--force")
                #expect(answer.status == .exited(1))
                return moment
            }
            expectNothing(seen)
        }
    }
}
