import Testing
import VIPControl
import VIPLab

extension Booted {
    /// What the service manager does to an agent, and what clients see of it.
    @Suite("Served")
    struct ServiceTests {
        @Test("killed 20 times in a row: back by its descriptors, and nobody notices")
        func killed() throws {
            let machines = try Booted.ready()
            defer { machines.close() }
            let clients = try Clients(of: machines)
            let lb1 = machines[.lb1]
            let before = try machines.status(of: .lb1)
            let term = try #require(before.group("web")).term
            let begin = Moment.now
            for _ in 0..<20 {
                let process = try lb1.shell("systemctl show -p MainPID --value vip-agent")
                try lb1.shell("systemctl kill -s KILL --kill-who=main vip-agent")
                try machines.waitForStatus(of: .lb1, "I own it, in another process") { status in
                    status.group("web")?.state == .owner
                        && (try? lb1.shell("systemctl show -p MainPID --value vip-agent"))
                            != process
                }
            }
            try machines.waitForPair(owner: .lb1)
            clients.expectNothing(since: begin)
            #expect(try machines.status(of: .lb1).group("web")?.term == term)
            #expect(try lb1.shell("systemctl show -p NRestarts --value vip-agent") == "20\n")
            let log = try lb1.journal()
            let found = log.split(separator: "\n").count {
                $0.contains("gate-found reason=\"by its descriptors\"")
            }
            #expect(found == 20)
        }

        @Test("stopped by SIGSTOP: silent by its deadline, and the watchdog brings it back")
        func hung() throws {
            let machines = try Booted.ready()
            defer { machines.close() }
            let clients = try Clients(of: machines)
            let begin = Moment.now
            try machines[.lb1].shell("systemctl kill -s STOP --kill-who=main vip-agent")
            try machines.waitForStatus(of: .lb2, "I own it") { status in
                status.group("web")?.state == .owner
            }
            // The watchdog's 10 s, and the unit's patience with what it ends.
            try machines.waitForStatus(of: .lb1, within: .seconds(30), "I stand by") { status in
                status.group("web")?.state == .standby && status.isHealthy
            }
            clients.expectOneOwner(since: begin)
            let seen = clients.udp.report(since: begin)
            #expect(seen.changesOfOwner == 1)
            #expect(seen.outage < .milliseconds(1500))
            figure("SIGSTOP under the unit, outage", seen.outage.human)
        }

        @Test("systemctl stop and start: handed over, and it stands by afterwards")
        func stopped() throws {
            let machines = try Booted.ready()
            defer { machines.close() }
            let clients = try Clients(of: machines)
            let lb1 = machines[.lb1]
            let begin = Moment.now
            try lb1.shell("systemctl stop vip-agent")
            let seen = clients.udp.report(since: begin)
            #expect(seen.owners.last == .lb2)
            #expect(seen.outage < .milliseconds(200))
            figure("systemctl stop, outage", seen.outage.human)
            #expect(try lb1.shell("tc qdisc show dev eth0").contains("clsact") == false)
            #expect(try lb1.shell("ip address show dev eth0").contains("10.77.0.100") == false)
            try lb1.shell("systemctl start vip-agent")
            try machines.waitForPair(owner: .lb2)
            clients.expectOneOwner(since: begin)
        }

        @Test("systemctl reload: the new file holds; a wrong one is refused, and shown")
        func reloaded() throws {
            let machines = try Booted.ready()
            defer { machines.close() }
            let clients = try Clients(of: machines)
            let lb1 = machines[.lb1]
            let begin = Moment.now
            try lb1.shell(
                """
                sed -i 's/^heartbeat = .*/heartbeat = "90ms"/' /etc/vip-agent/vip-agent.toml
                grep -q '"90ms"' /etc/vip-agent/vip-agent.toml
                systemctl reload vip-agent
                vipctl status | grep -q 'heartbeat 90 ms'
                """
            )
            try lb1.shell("echo 'lease = 5' >> /etc/vip-agent/vip-agent.toml")
            let refused = try lb1.run("systemctl", "reload", "vip-agent")
            #expect(!refused.isSuccess)
            let log = try lb1.journal()
            #expect(log.contains("vip-agent.toml:"), "\(log.suffix(2000))")
            #expect(try lb1.run("systemctl", "is-active", "vip-agent").output == "active\n")
            clients.expectNothing(since: begin)
            // Every reload is a program anew, and the priority is not lost by it.
            let policy = try lb1.shell("chrt -p $(systemctl show -p MainPID --value vip-agent)")
            #expect(policy.contains("SCHED_FIFO"), "\(policy)")
        }

        @Test("somebody puts the address back on the standby as fast as it can: few lines, no harm")
        func fight() throws {
            let machines = try Booted.ready()
            defer { machines.close() }
            let clients = try Clients(of: machines)
            let begin = Moment.now
            try machines[.lb2].shell(
                """
                end=$(($(date +%s) + 3))
                while [ $(date +%s) -lt $end ]; do
                    ip address replace 10.77.0.100/32 dev eth0
                done
                ip address del 10.77.0.100/32 dev eth0 2> /dev/null || :
                """
            )
            clients.expectNothing(since: begin)
            let log = try machines[.lb2].journal()
            let lines = log.split(separator: "\n").count { $0.hasPrefix("addresses-removed") }
            #expect((1...3).contains(lines), "\(lines)")
            try machines.waitForPair(owner: .lb1)
        }

        @Test("the journal has a priority and fields to search by")
        func journal() throws {
            let machines = try Booted.ready()
            defer { machines.close() }
            let lb1 = machines[.lb1]
            let takeovers = try lb1.shell(
                "journalctl --no-pager -o json -u vip-agent VIP_GROUP=web VIP_STATE=owner"
            )
            #expect(takeovers.contains("\"PRIORITY\":\"5\""), "\(takeovers)")
            #expect(takeovers.contains("\"SYSLOG_IDENTIFIER\":\"vip-agent\""))
            #expect(takeovers.contains("\"VIP_TERM\""))
        }
    }
}
