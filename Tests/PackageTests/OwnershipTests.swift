import Testing
import VIPControl
import VIPLab

extension Booted {
    /// Files that belong to somebody else, or may be used by others.
    @Suite("Owned")
    struct OwnershipTests {
        /// Breaks something on a standby whose agent is stopped, and starts it.
        private func start(_ machine: Machine, after script: String) throws -> String {
            try machine.shell("systemctl stop vip-agent; \(script)")
            let cursor = try machine.shell("journalctl -n 0 --show-cursor | sed 's/^-- cursor: //'")
            let setup = cursor.split(separator: "\n").last.map(String.init) ?? ""
            _ = try machine.run("systemctl", "start", "vip-agent")
            return try machine.journal("-u vip-agent --after-cursor='\(setup)'")
        }

        @Test("each is one clear line with the command that puts it right, and that does")
        func wrong() throws {
            let machines = try Booted.ready()
            defer { machines.close() }
            let lb2 = machines[.lb2]
            let key = "/etc/vip-agent/lb.key"
            for (script, line, cure) in [
                (
                    "chown root: \(key)",
                    "the agent runs as user vip-agent: chown vip-agent: \(key)",
                    "chown vip-agent: \(key)"
                ),
                (
                    "chmod 644 \(key)",
                    "the key has mode 0644, so others than its owner can use it",
                    "chmod 600 \(key)"
                ),
                (
                    "chown root:root /run/vip-agent/page",
                    "/run/vip-agent/page belongs to user root, and the agent runs as vip-agent: "
                        + "chown -R vip-agent: /run/vip-agent",
                    "chown -R vip-agent: /run/vip-agent"
                ),
                (
                    "rm -f /run/vip-agent/control.sock; mkdir /run/vip-agent/control.sock",
                    "/run/vip-agent/control.sock",
                    "rmdir /run/vip-agent/control.sock"
                ),
            ] {
                let log = try start(lb2, after: script)
                #expect(log.contains(line), "\(script): \(log)")
                let state = try lb2.run("systemctl", "is-active", "vip-agent").output
                #expect(state != "active\n", "\(script)")
                try lb2.shell("systemctl stop vip-agent; \(cure); systemctl start vip-agent")
                try machines.waitForPair(owner: .lb1)
            }
        }

        @Test("a check by root fails where the unit could not read the key")
        func checked() throws {
            let machines = try Booted.ready()
            defer { machines.close() }
            let lb2 = machines[.lb2]
            #expect(try lb2.run("vip-agent", "check").status == .exited(0))
            try lb2.shell("chown root: /etc/vip-agent/lb.key")
            let check = try lb2.run("vip-agent", "check")
            #expect(check.status == .exited(78))
            let advice = "chown vip-agent: /etc/vip-agent/lb.key"
            #expect(check.words.contains(advice), "\(check.words)")
        }

        @Test("a state directory of somebody else stops nobody, and is told of")
        func state() throws {
            let machines = try Booted.ready()
            defer { machines.close() }
            let lb2 = machines[.lb2]
            let log = try start(
                lb2,
                after: "chown root:root /var/lib/vip-agent/*; chmod 600 /var/lib/vip-agent/*"
            )
            #expect(log.contains("chown -R vip-agent: /var/lib/vip-agent"), "\(log)")
            try machines.waitForStatus(of: .lb2, "I stand by") { status in
                status.group("web")?.state == .standby
            }
        }
    }
}
