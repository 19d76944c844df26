import Testing
import VIPControl
import VIPLab

extension Booted {
    @Suite("Upgraded")
    struct UpgradeTests {
        @Test(
            "20 upgrades and downgrades of the owner under 1,000 questions a second: none is lost"
        )
        func underLoad() throws {
            let machines = try Booted.ready(previous: true)
            defer { machines.close() }
            let clients = try Clients(of: machines)
            let lb1 = machines[.lb1]
            let before = try machines.status(of: .lb1)
            let process = try lb1.shell("systemctl show -p MainPID --value vip-agent")
            for round in 1...10 {
                for package in try [machines.packages.current, machines.packages.previous] {
                    let begin = Moment.now
                    let printed = try machines.install(package, on: .lb1)
                    #expect(
                        printed.contains("vip-agent: the running agent goes on as version"),
                        "round \(round): \(printed)"
                    )
                    clients.expectNothing(since: begin)
                }
            }
            let after = try machines.status(of: .lb1)
            #expect(after.group("web")?.term == before.group("web")?.term)
            #expect(try lb1.shell("systemctl show -p MainPID --value vip-agent") == process)
            // The program that runs is the one on disk, not a deleted one.
            let program = try lb1.shell(
                "readlink /proc/$(systemctl show -p MainPID --value vip-agent)/exe"
            )
            #expect(program == "/usr/sbin/vip-agent\n")
            let log = try lb1.journal()
            #expect(log.split(separator: "\n").count { $0.hasPrefix("took over ") } == 20)
        }

        @Test("all three, one after the other, witness and standby first")
        func all() throws {
            let machines = try Booted.ready(previous: true)
            defer { machines.close() }
            let clients = try Clients(of: machines)
            let begin = Moment.now
            for host in [Host.w1, .lb2, .lb1] {
                try machines.install(machines.packages.current, on: host)
                try machines.waitForPair(owner: .lb1)
            }
            clients.expectNothing(since: begin)
        }

        @Test("with a file that is refused: the running agent goes on, and the package says so")
        func refused() throws {
            let machines = try Booted.ready(previous: true)
            defer { machines.close() }
            let clients = try Clients(of: machines)
            let lb1 = machines[.lb1]
            try lb1.shell("echo 'nonsense = true' >> /etc/vip-agent/vip-agent.toml")
            let begin = Moment.now
            let printed = try machines.install(machines.packages.current, on: .lb1)
            #expect(printed.contains("the running agent goes on as the version that it was"))
            #expect(printed.contains("'nonsense' is not known"), "\(printed)")
            clients.expectNothing(since: begin)
            #expect(
                try lb1.shell("dpkg-query -W -f '${Status}' vip-agent")
                    == "install ok installed"
            )
            try lb1.shell(
                "sed -i '/nonsense/d' /etc/vip-agent/vip-agent.toml; systemctl reload vip-agent"
            )
            clients.expectNothing(since: begin)
            try machines.waitForPair(owner: .lb1)
        }
    }
}
