import Testing
import VIPControl
import VIPLab

extension Booted {
    @Suite("Installed")
    struct InstallTests {
        @Test("without a configuration: enabled, not started, and told what to do; then it is easy")
        func first() throws {
            let machines = try Booted.bare()
            defer { machines.close() }
            let printed = try machines.install(machines.packages.current, on: .lb1)
            #expect(printed.contains("vip-agent: installed, and not started"), "\(printed)")
            #expect(printed.contains("vip-agent init --help"))
            let lb1 = machines[.lb1]
            #expect(
                try lb1.run("systemctl", "is-enabled", "vip-agent").output == "enabled\n"
            )
            #expect(
                try lb1.run("systemctl", "is-active", "vip-agent").output == "inactive\n"
            )
            #expect(try lb1.shell("systemctl list-units --failed --plain --no-legend") == "")

            try machines.writeConfiguration(on: .lb1)
            try lb1.shell("systemctl start vip-agent")
            for host in [Host.lb2, .w1] {
                // Key and configuration are given: the package starts the agent by itself.
                try machines.copyConfiguration(from: .lb1, to: host)
                let begin = Moment.now
                try machines.install(machines.packages.current, on: host)
                try machines.waitForStatus(of: host, "it answers") { _ in true }
                figure("apt install to the first status", (Moment.now - begin).human)
                let state = try machines[host].run("systemctl", "is-active", "vip-agent")
                #expect(state.output == "active\n")
            }
            try machines.waitForPair(owner: nil)
        }

        @Test("nothing is left of it after a purge, also where the agent was killed before")
        func purged() throws {
            let machines = try Booted.bare()
            defer { machines.close() }
            let hosts: [Host] = [.lb1, .lb2, .w1]
            // The kernel chooses link-local addresses a moment after a link is up.
            sleep(for: .seconds(2))
            let before = try hosts.map { try traces(on: machines[$0]) }
            try machines.setUp()

            // Removed only: configuration, key and terms stay for the day on which it comes back.
            try machines[.w1].shell("apt-get remove -y -q vip-agent")
            let kept = try machines[.w1].shell("ls /etc/vip-agent /var/lib/vip-agent")
            #expect(kept.contains("vip-agent.toml") && kept.contains("lb.key"), "\(kept)")
            #expect(try machines[.w1].run("pgrep", "vip-agent").status == .exited(1))

            // The owner of the address, killed, and nobody restarts it.
            try machines[.lb1].shell(
                """
                mkdir -p /run/systemd/system/vip-agent.service.d
                printf '[Service]\\nRestart=no\\n' > /run/systemd/system/vip-agent.service.d/no.conf
                systemctl daemon-reload
                systemctl kill -s KILL vip-agent
                rm -r /run/systemd/system/vip-agent.service.d
                systemctl daemon-reload
                """
            )
            for (host, before) in zip(hosts, before) {
                try machines[host].shell("apt-get purge -y -q vip-agent")
                let changes = try difference(before, traces(on: machines[host]))
                #expect(changes == [], "\(host)")
            }
        }

        private func difference(_ old: [String: String], _ new: [String: String]) -> [String] {
            new.flatMap { kind, text in
                let after = Set(text.split(separator: "\n"))
                let before = Set((old[kind] ?? "").split(separator: "\n"))
                return after.subtracting(before).map { "\(kind): new: \($0)" }
                    + before.subtracting(after).map { "\(kind): gone: \($0)" }
            }
        }

        /// Whatever a package could leave on a host.
        private func traces(on machine: Machine) throws -> [String: String] {
            let questions = [
                // apt and dpkg keep a diary and backups of their own lists.
                "files": """
                find / -xdev -path /proc -prune -o -path /sys -prune \
                -o -path /var/log -prune -o -path /var/cache -prune \
                -o -path '/var/lib/dpkg/*-old' -prune -o -path /var/lib/apt -prune -o -path /tmp -prune \
                -o -path '/var/tmp/*' -prune -o -path '/etc/*-' -prune -o -print | sort
                find /run -not -path '/run/systemd/*' -not -path '/run/udev/*' \
                -not -path '/run/user/*' -not -path '/run/log/*' -not -path /run/adduser \
                    | sort
                """,
                "users": "getent passwd; getent group; getent shadow | cut -d: -f1",
                "units": "systemctl list-unit-files --no-legend; systemctl --failed --no-legend",
                "addresses": "ip -o address | sed 's/valid_lft.*//'; ip route; ip -6 route",
                "tc": "tc qdisc; tc filter show dev eth0 ingress; tc filter show dev eth0 egress",
                "nft": "nft list ruleset",
                "bpf": "ls -A /sys/fs/bpf 2>&1 || :",
                "sockets": "ss -xlH | awk '{print $5}' | grep vip || :",
            ]
            return try questions.mapValues { try machine.shell($0) }
        }

        @Test(
            "the sandbox: exposure 2.0 at most, a user of its own, four capabilities, memory locked"
        )
        func sandbox() throws {
            let machines = try Booted.ready()
            defer { machines.close() }
            let lb1 = machines[.lb1]
            let verdict = try lb1.shell("systemd-analyze security --no-pager vip-agent | tail -1")
            figure("systemd-analyze security", verdict)
            let exposure = verdict.split(separator: " ").compactMap { Double($0) }.first
            #expect(try #require(exposure, "\(verdict)") <= 2.0)

            // CAP_NET_ADMIN 12, CAP_NET_RAW 13, CAP_IPC_LOCK 14, CAP_BPF 39.
            // What only the start needed is given back after 2 s.
            sleep(for: .seconds(5))
            let node = try processStatus(of: lb1)
            #expect(node["CapEff"] == "0000008000007000", "\(node)")
            #expect(node["CapBnd"] == node["CapEff"])
            #expect(node["NoNewPrivs"] == "1")
            #expect(node["Seccomp"] == "2")
            let witness = try processStatus(of: machines[.w1])
            for set in ["CapEff", "CapPrm", "CapInh", "CapAmb"] {
                #expect(witness[set] == "0000000000000000", "\(set)")
            }
            for host in [Host.lb1, .w1] {
                let user = try machines[host].shell(
                    "ps -o user:20=,group:20= -p $(systemctl show -p MainPID --value vip-agent)"
                )
                #expect(
                    user.split(separator: " ").joined(separator: " ") == "vip-agent vip-agent\n"
                )
            }
            figure("resident, owner at defaults", node["VmRSS"] ?? "unknown")
            let locked = try #require(node["VmLck"])
            #expect(locked.hasSuffix(" kB") && locked != "0 kB", "memory is locked")
            // From an open one, a program could be attached to others' services.
            let groups = try lb1.run(
                "sh",
                "-c",
                """
                nsenter -t $(systemctl show -p MainPID --value vip-agent) -m \
                    setpriv --reuid=vip-agent --clear-groups ls /sys/fs/cgroup
                """
            )
            #expect(groups.words.contains("Permission denied"), "\(groups.words)")

            // A container may lack the capability to lower it; what the service manager tries is
            // all that can be seen here.
            let oom = try lb1.shell("systemctl show -p OOMScoreAdjust --value vip-agent")
            #expect(oom == "-900\n")
        }

        private func processStatus(of machine: Machine) throws -> [String: String] {
            let text = try machine.shell(
                "cat /proc/$(systemctl show -p MainPID --value vip-agent)/status"
            )
            var fields: [String: String] = [:]
            for line in text.split(separator: "\n") {
                let parts = line.split(separator: ":", maxSplits: 1)
                guard parts.count == 2 else { continue }
                fields[String(parts[0])] = parts[1].split(separator: "\t").joined()
                    .split(separator: " ").joined(separator: " ")
            }
            return fields
        }

        @Test("who is in the group vip-agent asks and orders without sudo, and nobody else does")
        func operators() throws {
            let machines = try Booted.ready()
            defer { machines.close() }
            let lb1 = machines[.lb1]
            try lb1.shell("adduser --system --ingroup vip-agent oper; adduser --system stranger")
            let status = try lb1.run("setpriv", "--reuid=oper", "--init-groups", "vipctl", "status")
            #expect(status.status == .exited(0), "\(status.words)")
            let order = try lb1.run(
                "setpriv",
                "--reuid=oper",
                "--init-groups",
                "vipctl",
                "announce",
                "web"
            )
            #expect(order.status == .exited(0), "\(order.words)")
            let key = try lb1.run(
                "setpriv",
                "--reuid=oper",
                "--regid=vip-agent",
                "--init-groups",
                "cat",
                "/etc/vip-agent/lb.key"
            )
            #expect(key.words.contains("Permission denied"))
            let stranger = try lb1.run(
                "setpriv",
                "--reuid=stranger",
                "--regid=nogroup",
                "--clear-groups",
                "vipctl",
                "status"
            )
            #expect(stranger.status == .exited(2))
            #expect(
                stranger.words
                    == "vipctl: permission denied at /run/vip-agent/control.sock: be root or in group "
                    + "vip-agent\n"
            )
        }

        @Test("a user of the host who takes the agent's name does not keep it from starting")
        func squatted() throws {
            let machines = try Booted.ready()
            defer { machines.close() }
            let lb2 = machines[.lb2]
            try lb2.shell(
                """
                systemctl stop vip-agent
                setpriv --reuid=nobody --regid=nogroup --clear-groups perl -MSocket -e '
                    socket(S, AF_UNIX, SOCK_STREAM, 0);
                    bind(S, pack_sockaddr_un("\\0vip-agent")) or die; listen(S, 1); sleep 60
                ' > /dev/null 2>&1 &
                sleep 0.5
                systemctl start vip-agent
                """
            )
            try machines.waitForPair(owner: .lb1)
            let log = try lb2.journal()
            #expect(log.contains("name-taken"), "\(log)")
            #expect(log.contains("holds the socket @vip-agent and is no agent"))
            // Root and the agent's own user are believed.
            let second = try lb2.run("vip-agent", "clean")
            #expect(second.status == .exited(75), "\(second.words)")
        }
    }
}
