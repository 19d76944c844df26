import Testing
import VIPConfiguration

@Suite("What enforces a lease")
struct EnforcementTests {
    private func configuration(_ line: String) throws -> Configuration {
        try Configuration(parsing: Example.text + line + "\n", path: "vip.toml")
    }

    @Test("is the kernel, or the agent where the file says so")
    func values() throws {
        let kernel = try configuration("enforcement = \"kernel\"")
        #expect(kernel.groups.map(\.enforcement) == [.kernel])
        let agent = try configuration("enforcement = \"agent\"")
        #expect(agent.groups.map(\.enforcement) == [.agent])
        #expect(agent.warningText == "")
    }

    @Test(
        "is nothing else",
        arguments: [
            (
                "\"kernal\"",
                """
                vip.toml:30:15: error: 'enforcement' is 'kernal', but kernel or agent is wanted
                 30 | enforcement = "kernal"
                    |               ^~~~~~~~
                    = help: did you mean 'kernel'?
                """
            ),
            (
                "\"none\"",
                """
                vip.toml:30:15: error: 'enforcement' is 'none', but kernel or agent is wanted
                 30 | enforcement = "none"
                    |               ^~~~~~
                    = help: write "kernel" or "agent"
                """
            ),
            (
                "false",
                """
                vip.toml:30:15: error: 'enforcement' is a Boolean, but a string is wanted
                 30 | enforcement = false
                    |               ^~~~~
                    = help: write enforcement = "…"
                """
            ),
        ]
    )
    func diagnostics(value: String, verdict: String) {
        #expect(Example.verdict(on: Example.text + "enforcement = \(value)\n") == verdict)
    }

    @Test("is told for each group, and its terms before the numbers of the lease")
    func lifetimes() throws {
        let lifetimes = AddressLifetimes(
            lifetime: .seconds(2),
            refreshInterval: .seconds(1),
            lateness: .milliseconds(1_300)
        )
        let plan = try Example.configuration().plan(for: "lb1", enforcement: .lifetimes(lifetimes))
        #expect(
            plan.hasSuffix(
                """
                groups
                  web: prefers this node, fails back after 1m of good health
                    on eth0  10.77.0.100/32
                             fd77::64/128
                    enforced by the lifetimes of its addresses: there is no gate

                lease
                  the kernel removes an address within 3.3s of its last refresh;
                  it is refreshed every 1s, and only while the lease has that much left
                  the owner is silent by    498.998 ms after it sent its last renewal
                  a standby may claim from  500.000 ms
                  margin                      1.002 ms
                """
            )
        )
    }

    @Test("is one line for a gate, and a risk where it is nothing but the agent")
    func others() throws {
        let configuration = try Example.configuration()
        let plain = try configuration.plan(for: "lb1")
        let gate = try configuration.plan(for: "lb1", enforcement: .gate)
        #expect(
            gate
                == plain.replacingOccurrence(
                    of: "fd77::64/128\n",
                    with: "fd77::64/128\n    enforced by the gate\n"
                )
        )
        let agent = try configuration.plan(for: "lb1", enforcement: .agent)
        #expect(
            agent.contains(
                """
                    RISK: enforced by nothing but the agent, as configured: there is no gate

                lease
                  this holds while the agent runs; while it hangs, two hosts may answer:
                  the owner is silent by    498.998 ms after it sent its last renewal
                """
            )
        )
    }
}

extension String {
    fileprivate func replacingOccurrence(of old: String, with new: String) -> String {
        guard let range = firstRange(of: old) else { return self }
        return replacingCharacters(in: range, with: new)
    }
}
