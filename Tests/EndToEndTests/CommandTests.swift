import Foundation
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
            let setup = lab.setup(of: .lb1)
            #expect(try lab.runCommand("clean", in: setup).status == .exited(75))
            #expect(try GateTests.left(on: .lb1, in: lab).count == 2)

            try lab.kill(.lb1)
            #expect(try lab.filters(.lb1, "egress") != "")
            #expect(try lab.filters(.lb1, "ingress") != "")
            let answer = try lab.runCommand("clean", in: setup)
            #expect(answer.status == .exited(0), "\(answer.complaint)")
            for wanted in bothFamilies + ["gate on eth0"] {
                #expect(answer.output.contains(wanted), "\(answer.output)")
            }
            #expect(try GateTests.left(on: .lb1, in: lab) == [])
            let queues = try lab.tc(.lb1, "qdisc show dev eth0")
            #expect(!queues.contains("clsact"), "\(queues)")
            #expect(try lab.runCommand("clean", in: setup).output == "nothing was left\n")
        }

        @Test("clean needs no configuration that can be used, and says where it looked only")
        func cleanWithoutConfiguration() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.start(.lb1, .w1)
            try lab.waitForOwner(.lb1)
            var setup = lab.setup(of: .lb1)
            setup.configurationFile = "\(lab.directory)/broken.toml"
            try Self.write("[[group]\n", to: setup.configurationFile)
            #expect(try lab.runCommand("clean", in: setup).status == .exited(75))

            try lab.kill(.lb1)
            #expect(try GateTests.left(on: .lb1, in: lab).count == 2)
            let answer = try lab.runCommand("clean", in: setup)
            #expect(answer.status == .exited(0), "\(answer.complaint)")
            #expect(answer.complaint.contains("broken.toml can't be used"))
            #expect(answer.complaint.split(separator: "\n").count == 1, "\(answer.complaint)")
            for wanted in bothFamilies + ["gate on eth0"] {
                #expect(answer.output.contains(wanted), "\(answer.output)")
            }
            #expect(try GateTests.left(on: .lb1, in: lab) == [])
            let queues = try lab.tc(.lb1, "qdisc show dev eth0")
            #expect(!queues.contains("clsact"), "\(queues)")
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
            var setup = lab.setup(of: .lb1)
            #expect(try lab.runCommand("check", in: setup).status == .exited(0))
            setup.withheldCapabilities = LifetimeTests.withheld
            let answer = try lab.runCommand("check", in: setup)
            #expect(answer.status == .exited(enforcement == nil ? 78 : 0), "\(answer.complaint)")
            if enforcement == nil {
                #expect(answer.complaint.contains("enforcement"), "\(answer.complaint)")
            }
        }

        @Test("an answer that can't be written is not one that all is well")
        func unwritten() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.startPair()
            let socket = "\(lab.setup(of: .lb1).runDirectory)/control.sock"
            let control = "\(try ManualPageTests.programs())/vipctl"
            for output in [">/dev/full", ">&-", ">&- <&-", ">&- 2>&-"] {
                for command in ["status", "status --json", "status --watch", "history"] {
                    let answer = try ManualPageTests.run(
                        "sh",
                        "-c",
                        "\(control) \(command) --socket \(socket) \(output)"
                    )
                    #expect(answer.status == 2, "\(command) \(output): \(answer.output)")
                }
            }
            // Nothing of it was sent to the agent.
            #expect(try lab.control(.lb1, "status").status == .exited(0))
        }

        @Test("names that are there, and of something else, are answered with what they are")
        func wrongNames() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.startPair()
            let witness = try lab.control(.lb1, "switchover", "web", "--to", "w1")
            #expect(witness.status == .exited(1))
            #expect(witness.complaint.contains("'w1' is a witness"), "\(witness.complaint)")
            let group = try lab.control(.lb1, "history", "--group", "mail")
            #expect(group.output.contains("entries there are of web"), "\(group.output)")
        }

        @Test("init translates a keepalived.conf, and overwrites nothing")
        func translate() throws {
            let lab = try Lab()
            defer { lab.close() }
            let conf = "\(lab.directory)/keepalived.conf"
            try Self.write(
                "vrrp_instance VI_1 {\ninterface eth0\nvirtual_ipaddress {\n10.77.0.100\n}\n}\n",
                to: conf
            )
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: conf)
            let target = "\(lab.directory)/new"
            try FileManager.default.createDirectory(
                atPath: target,
                withIntermediateDirectories: false
            )
            let arguments = [
                "--from", conf, "--directory", target, "--host", "lb1", "--node", "lb1=10.77.0.1",
                "--node", "lb2=10.77.0.2", "--witness", "w1=10.77.0.3",
            ]
            let answer = try lab.initialize(arguments)
            #expect(answer.status == .exited(0), "\(answer.complaint)")
            #expect(answer.output.hasPrefix("wrote \(target)/vip-agent.toml\n"))
            #expect(
                answer.complaint.hasPrefix("vip-agent: warning: \(conf):1: 'vrrp_instance VI_1'")
            )
            let attributes = try FileManager.default.attributesOfItem(
                atPath: "\(target)/vip-agent.toml"
            )
            let mode = try #require(attributes[.posixPermissions] as? Int)
            #expect(mode & 0o007 == 0)
            #expect(answer.output.contains("not everybody may read \(conf), nor vip-agent.toml"))
            var setup = lab.setup(of: .lb1)
            setup.configurationFile = "\(target)/vip-agent.toml"
            #expect(try lab.runCommand("check", in: setup).status == .exited(0))
            #expect(try lab.initialize(arguments).status == .exited(78))
        }

        @Test(
            "init writes nothing of a keepalived.conf that is missing, broken or not enough",
            arguments: [
                (nil, ["--node", "lb2"], 66),
                ("vrrp_instance VI_1 {\n", ["--node", "lb2"], 78),
                ("vrrp_instance VI_1 {\n}\n", ["--node", "lb2"], 64),
                ("", ["--node", "lb1=10.77.0.1", "--node", "lb2=10.77.0.2"], 78),
                (
                    "vrrp_instance VI_1 {\n}\n", ["--node", "lb2", "--group", "a=eth0,10.77.0.9"],
                    64
                ),
            ] as [(String?, [String], Int32)]
        )
        func refuse(text: String?, more: [String], status: Int32) throws {
            let lab = try Lab()
            defer { lab.close() }
            let conf = "\(lab.directory)/keepalived.conf"
            if let text { try Self.write(text, to: conf) }
            let target = "\(lab.directory)/new"
            try FileManager.default.createDirectory(
                atPath: target,
                withIntermediateDirectories: false
            )
            let answer = try lab.initialize(
                ["--from", conf, "--directory", target, "--host", "lb1"] + more
            )
            #expect(answer.status == .exited(status), "\(answer.complaint)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: target) == [])
        }

        private static func write(_ text: String, to path: String) throws {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
    }
}
