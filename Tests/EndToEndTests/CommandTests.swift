import Testing
import VIPLab

extension EndToEnd {
    @Suite("Commands of the agent's program")
    struct CommandTests {
        @Test("clean is refused while an agent runs, and leaves nothing of a dead one")
        func clean() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.start(.lb1, .w1)
            try lab.waitForOwner(.lb1)
            let place = lab.place(of: .lb1)
            #expect(try lab.runCommand("clean", in: place).status == .exited(75))
            #expect(try GateTests.left(on: .lb1, in: lab).count == 2)

            try lab.kill(.lb1)
            #expect(try lab.filters(.lb1, "egress") != "")
            #expect(try lab.filters(.lb1, "ingress") != "")
            let answer = try lab.runCommand("clean", in: place)
            #expect(answer.status == .exited(0), "\(answer.complaint)")
            for wanted in bothFamilies + ["gate on eth0"] {
                #expect(answer.output.contains(wanted), "\(answer.output)")
            }
            #expect(try GateTests.left(on: .lb1, in: lab) == [])
            let queues = try lab.trafficControl(.lb1, "qdisc", "show", "dev", "eth0")
            #expect(!queues.contains("clsact"), "\(queues)")
            #expect(try lab.runCommand("clean", in: place).output == "nothing was left\n")
        }

        @Test(
            "check without CAP_BPF refuses what nothing would enforce, unless it is asked for",
            arguments: [nil, "agent"]
        )
        func checkWithoutGate(enforcement: String?) throws {
            var options = LabOptions()
            options.configuration.groups[0].enforcement = enforcement
            let lab = try Lab(options)
            defer { lab.close() }
            var place = lab.place(of: .lb1)
            #expect(try lab.runCommand("check", in: place).status == .exited(0))
            place.withheldCapabilities = LifetimeTests.withheld
            let answer = try lab.runCommand("check", in: place)
            #expect(answer.status == .exited(enforcement == nil ? 78 : 0), "\(answer.complaint)")
            if enforcement == nil {
                #expect(answer.complaint.contains("enforcement"), "\(answer.complaint)")
            }
        }
    }
}
