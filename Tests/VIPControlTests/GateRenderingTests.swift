import Testing
import VIPControl

@Suite("The gate on the status page")
struct GateRenderingTests {
    /// The page's block about the gate.
    private func block(
        _ gate: GateStatus?,
        _ groups: [GroupStatus] = [],
        width: Int? = nil,
        isColoured: Bool = false
    ) -> String {
        var report = Sample.healthy
        report.gate = gate
        report.groups = groups
        let page = StatusPage(report, for: Presentation(width: width, isColoured: isColoured))
        let lines = page.text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.firstIndex(where: { $0.contains("gate:") }) else { return "" }
        return lines[first...].prefix { !$0.isEmpty }.joined(separator: "\n")
    }

    private func group(
        _ name: String,
        _ state: GroupStatus.State,
        openFor milliseconds: Int?,
        dropped: (leaving: UInt64, arriving: UInt64) = (0, 0)
    ) -> GroupStatus {
        GroupStatus(
            name: name,
            state: state,
            owner: nil,
            term: 1,
            leaseMilliseconds: nil,
            since: "2026-11-21T08:25:00.123Z",
            sinceMilliseconds: 1,
            reason: "",
            interface: "eth0",
            interfaceState: .up,
            enforcement: "gate",
            gate: GroupGateStatus(
                openMilliseconds: milliseconds,
                droppedLeaving: dropped.leaving,
                droppedArriving: dropped.arriving
            )
        )
    }

    private func group(_ name: String, enforcement: String) -> GroupStatus {
        var group = group(name, .standby, openFor: nil)
        group.enforcement = enforcement
        group.gate = nil
        return group
    }

    private func interface(
        _ name: String,
        leaving: Bool = true,
        arriving: Bool = true,
        risks: [String] = []
    ) -> GateInterfaceStatus {
        GateInterfaceStatus(
            name: name,
            index: 2,
            hasEgress: leaving,
            hasIngress: arriving,
            risks: risks
        )
    }

    private var whole: GateStatus {
        GateStatus(state: .inPlace, interfaces: [interface("eth0"), interface("eth1")])
    }

    @Test("is one line for a standby of whom nobody wants anything")
    func quiet() {
        #expect(
            block(whole, [group("web", .standby, openFor: nil)])
                == "gate: on eth0, eth1, both ways; closed"
        )
    }

    @Test("says how long it is open, and what it has dropped")
    func open() {
        let text = block(
            whole,
            [
                group("web", .owner, openFor: 388),
                group("db", .standby, openFor: nil, dropped: (3, 41)),
                group("mail", .standby, openFor: nil, dropped: (0, 7)),
                group("dns", .standby, openFor: nil, dropped: (9, 0)),
                group("ntp", .standby, openFor: nil),
            ]
        )
        #expect(
            text == """
                gate: on eth0, eth1, both ways
                  web: open for 388 ms
                  db: closed; frames dropped: 3 leaving, 41 arriving
                  mail: closed; frames dropped: 7 arriving
                  dns: closed; frames dropped: 9 leaving
                  1 more: as they must be
                """
        )
    }

    @Test("shouts where it is not as it must be")
    func wrong() {
        let text = block(
            whole,
            [group("web", .owner, openFor: nil), group("db", .standby, openFor: 12)]
        )
        #expect(
            text == """
                gate: on eth0, eth1, both ways
                  web: CLOSED, MUST BE OPEN
                  db: OPEN for 12 ms, MUST BE CLOSED
                """
        )
    }

    @Test("names the interfaces that lack it, the way, and why")
    func incomplete() {
        let gate = GateStatus(
            state: .incomplete,
            reason: "EBUSY",
            interfaces: [
                interface("eth0"),
                interface("eth1", leaving: false, arriving: false),
                interface("eth2", leaving: false),
                interface("eth3", arriving: false),
            ]
        )
        #expect(
            block(gate) == """
                gate: MISSING on eth1, both ways; on eth2, for what leaves; on eth3, for what \
                arrives; in place on eth0: EBUSY
                """
        )
        #expect(
            block(GateStatus(state: .incomplete, reason: "not looked yet"))
                == "gate: MISSING somewhere: not looked yet"
        )
    }

    @Test("tells of a risk once, with all interfaces that have it")
    func risks() {
        let tcx = "a tcx program runs before it"
        let gate = GateStatus(
            state: .inPlace,
            interfaces: [
                interface("eth0", risks: [tcx]),
                interface("eth1", risks: ["1 filter runs before it", tcx]),
            ]
        )
        #expect(
            block(gate) == """
                gate: on eth0, eth1, both ways
                  eth0, eth1: RISK: a tcx program runs before it
                  eth1: RISK: 1 filter runs before it
                """
        )
    }

    @Test("says what stands in for it where there is none, and where nothing does")
    func unavailable() {
        let gate = GateStatus(state: .unavailable, reason: "CAP_BPF is missing")
        let groups = [
            group("web", enforcement: "lifetimes"), group("db", enforcement: "agent"),
            group("mail", enforcement: "lifetimes"),
        ]
        #expect(
            block(gate, groups) == """
                gate: none on this host: CAP_BPF is missing
                  web, mail: the kernel lets go, by the lifetimes of the addresses
                  db: RISK: nothing but the agent lets go; while it hangs, two hosts may answer
                """
        )
        #expect(
            block(gate, [groups[1]], isColoured: true) == """
                \u{1B}[33mgate: none on this host: CAP_BPF is missing\u{1B}[0m
                  db: \u{1B}[33mRISK: nothing but the agent lets go; while it hangs, two hosts \
                may answer\u{1B}[0m
                """
        )
    }

    @Test("is short on a host with hundreds of interfaces and groups")
    func many() {
        let gate = GateStatus(
            state: .inPlace,
            interfaces: (0..<200).map { interface("veth\($0)") }
        )
        let groups = (0..<300).map { group("web\($0)", .owner, openFor: 400) }
        #expect(
            block(gate, groups) == """
                gate: on veth0, veth1, veth2, veth3, veth4, veth5 and 194 more, both ways
                  web0: open for 400 ms
                  web1: open for 400 ms
                  web2: open for 400 ms
                  web3: open for 400 ms
                  web4: open for 400 ms
                  web5: open for 400 ms
                  294 more: as they must be
                """
        )
        let wrong: [GroupStatus] = groups.dropLast() + [group("last", .owner, openFor: nil)]
        #expect(block(gate, wrong).contains("  last: CLOSED, MUST BE OPEN\n"))
    }

    @Test("fits in 80 columns")
    func narrow() {
        let gate = GateStatus(
            state: .unavailable,
            reason: "the kernel refuses to load programs here (EPERM), lockdown is on, and no "
                + "capability of this process would change that"
        )
        #expect(
            block(gate, [group("database", enforcement: "agent")], width: 80) == """
                gate: none on this host: the kernel refuses to load programs here (EPERM),
                  lockdown is on, and no capability of this process would change that
                  database: RISK: nothing but the agent lets go; while it hangs, two hosts may
                            answer
                """
        )
    }

    @Test("is not mentioned by a witness, or by an agent that has none")
    func none() {
        #expect(block(nil, [group("web", enforcement: "none")]) == "")
    }
}
