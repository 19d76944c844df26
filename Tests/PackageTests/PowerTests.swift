import Testing
import VIPControl
import VIPLab

extension Booted {
    /// Machines that go off and on.
    @Suite("Powered")
    struct PowerTests {
        @Test(
            "the owner loses power: the standby takes over, and the other stands by when it is back"
        )
        func poweredOff() throws {
            let machines = try Booted.ready()
            defer { machines.close() }
            let clients = try Clients(of: machines)
            let begin = try machines[.lb1].powerOff()
            try machines.waitForStatus(of: .lb2, "I own it") { status in
                status.group("web")?.state == .owner
            }
            let seen = clients.udp.report(since: begin)
            #expect(seen.owners.last == .lb2)
            #expect(seen.outage < .milliseconds(1500))
            figure("power off, outage", seen.outage.human)
            try machines[.lb1].powerOn()
            try machines.waitForPair(owner: .lb2)
            clients.expectOneOwner(since: begin)
        }

        @Test("each host is rebooted in turn: a switchover at most, and all is well after each")
        func rebooted() throws {
            let machines = try Booted.ready()
            defer { machines.close() }
            let clients = try Clients(of: machines)
            for (host, owner) in [(Host.w1, Host.lb1), (.lb2, .lb1), (.lb1, .lb2)] {
                let begin = Moment.now
                try machines[host].reboot()
                try machines.waitForPair(owner: owner)
                let seen = clients.udp.report(since: begin)
                #expect(seen.owners.last == owner, "\(host)")
                #expect(seen.outage < .milliseconds(200), "\(host)")
                figure("reboot of \(host), outage", seen.outage.human)
                clients.expectOneOwner(since: begin)
                // Who comes back finds an owner that is well, and does not stand against it.
                #expect(try !machines[host].journal().contains("candidacy"), "\(host)")
            }
        }

        @Test("all three lose power at once: one owner when they are back")
        func allAtOnce() throws {
            let machines = try Booted.ready()
            defer { machines.close() }
            let clients = try Clients(of: machines)
            let begin = Moment.now
            for host in Host.voters { try machines[host].powerOff() }
            let on = Moment.now
            for host in Host.voters { try machines[host].powerOn(waiting: false) }
            #expect(clients.udp.waitForService(by: .now + .seconds(30)))
            figure("all three switched on, until the address is served", (Moment.now - on).human)
            for host in Host.voters { try machines[host].waitForBoot() }
            try machines.waitForPair(owner: nil)
            clients.expectOneOwner(since: begin)
        }

        @Test("the interface comes after the boot: the agent waits for it, and then stands by")
        func lateInterface() throws {
            let machines = try Booted.ready()
            defer { machines.close() }
            let clients = try Clients(of: machines)
            let begin = Moment.now
            try machines[.lb1].shutDown()
            try machines.lab.removeCards(.lb1)
            try machines[.lb1].boot()
            let status = try machines.waitForStatus(of: .lb1, "there is no interface") { status in
                status.reasons.joined().contains("there is no interface")
            }
            #expect(status.group("web")?.state == .fault)
            let state = try machines[.lb1].run("systemctl", "is-active", "vip-agent")
            #expect(state.output == "active\n")
            try machines.lab.insertCards(.lb1)
            try machines.waitForPair(owner: .lb2)
            clients.expectOneOwner(since: begin)
        }

        @Test("booted with a broken configuration: not restarted for ever, and the reason is said")
        func brokenConfiguration() throws {
            let machines = try Booted.ready()
            defer { machines.close() }
            let lb1 = machines[.lb1]
            try lb1.shell("echo 'nonsense = true' >> /etc/vip-agent/vip-agent.toml")
            try lb1.reboot()
            let state = try lb1.run("systemctl", "is-active", "vip-agent")
            #expect(state.output == "failed\n")
            #expect(try lb1.shell("systemctl show -p NRestarts --value vip-agent") == "0\n")
            #expect(try lb1.journal().contains("'nonsense' is not known"))
            try lb1.shell(
                "sed -i '/nonsense/d' /etc/vip-agent/vip-agent.toml; systemctl start vip-agent"
            )
            try machines.waitForPair(owner: .lb2)
        }

        @Test(
            "booted with a disk that takes nothing: it runs, takes over, and says that it can't record",
            arguments: ["ENOSPC", "EROFS"]
        )
        func uselessDisk(reason: String) throws {
            let machines = try Booted.ready()
            defer { machines.close() }
            let lb1 = machines[.lb1]
            try lb1.shutDown()
            let disk = try lb1.addStateDisk()
            if reason == "EROFS" { try disk.makeReadOnly() } else { try disk.fill() }
            try lb1.boot()
            try machines.waitForStatus(of: .lb1, "I stand by") { status in
                status.group("web")?.state == .standby
            }
            let clients = try Clients(of: machines)
            let begin = try machines[.lb2].powerOff()
            try machines.waitForStatus(of: .lb1, "I own it") { status in
                status.group("web")?.state == .owner
            }
            let seen = clients.udp.report(since: begin)
            #expect(seen.owners.last == .lb1)
            clients.expectOneOwner(since: begin)
            let status = try machines.status(of: .lb1)
            let words = (status.reasons + status.warnings).joined(separator: "\n")
            #expect(words.contains(reason), "\(words)")
        }

        @Test("the owner's disk hangs: it goes on, lets go and takes over")
        func hungDisk() throws {
            let machines = try Booted.ready()
            defer { machines.close() }
            let lb1 = machines[.lb1]
            try lb1.shutDown()
            let disk = try lb1.addStateDisk()
            try lb1.boot()
            try machines.waitForPair(owner: .lb2)
            try machines[.lb2].shell("vipctl switchover web")
            try machines.waitForPair(owner: .lb1)
            let clients = try Clients(of: machines)
            let begin = Moment.now
            try disk.freeze()
            // A thawed disk lets the lab be removed.
            defer { try? disk.thaw() }
            // Terms are recorded: this makes one to write.
            try machines[.lb1].shell("vipctl switchover web")
            try machines.waitForStatus(of: .lb2, "I own it") { status in
                status.group("web")?.state == .owner
            }
            // Clients take it for two owners if a tenure is much shorter than a lease.
            sleep(for: .seconds(1))
            try machines[.lb2].shell("vipctl switchover web")
            try machines.waitForStatus(of: .lb1, "I own it again") { status in
                status.group("web")?.state == .owner
            }
            sleep(for: .seconds(3))
            let seen = clients.udp.report(since: begin)
            #expect(seen.owners.last == .lb1)
            #expect(seen.outage < .milliseconds(200))
            clients.expectOneOwner(since: begin)
            try disk.thaw()
            try machines.waitForPair(owner: .lb1)
        }
    }
}
