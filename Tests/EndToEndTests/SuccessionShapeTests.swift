import Glibc
import Testing
import VIPControl
import VIPLab

/// What a configuration can look like, as far as a succession could care: which sockets there are,
/// and what else is handed over.
struct Shape: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let options: LabOptions
    /// Whether the nodes may have a gate.
    let hasGate: Bool

    private init(
        _ name: String,
        hasSecondNetwork: Bool = false,
        hasGate: Bool = true,
        heartbeat: Duration = .milliseconds(100),
        lease: Duration = .milliseconds(500),
        _ change: (inout AgentConfiguration) -> Void = { _ in }
    ) {
        testDescription = name
        self.hasGate = hasGate
        var options = LabOptions(
            hasSecondNetwork: hasSecondNetwork,
            heartbeat: heartbeat,
            lease: lease
        )
        change(&options.configuration)
        self.options = options
    }

    /// One voter's addresses after the other's, each by the host.
    private static func addresses(
        _ configuration: inout AgentConfiguration,
        _ addresses: (Host) -> [String]
    ) {
        for (index, host) in Host.voters.enumerated() {
            configuration.voters[index].addresses = addresses(host)
        }
    }

    private static func second(_ address: String) -> AgentConfiguration.Group {
        var group = AgentConfiguration.Group()
        group.name = "db"
        group.addresses = [address]
        return group
    }

    static let table: [Shape] = [
        Shape("IPv4"),
        Shape("IPv6") { addresses(&$0) { [$0.ipv6Address()] } },
        Shape("two families, one network") { addresses(&$0) { [$0.address(), $0.ipv6Address()] } },
        Shape("two networks", hasSecondNetwork: true),
        Shape("two networks of two families", hasSecondNetwork: true) {
            addresses(&$0) { [$0.address(), $0.ipv6Address(on: .second)] }
        },
        Shape("another port, two families") {
            addresses(&$0) { ["\($0.address()):7800", "[\($0.ipv6Address())]:7801"] }
        },
        Shape("a port for each host, IPv6") {
            addresses(&$0) { ["[\($0.ipv6Address())]:\(7810 + $0.number)"] }
        },
        Shape("two groups, one address each") {
            $0.groups[0].addresses = ["10.77.0.100"]
            $0.groups.append(second("fd77::65"))
        },
        Shape("no gate", hasGate: false, heartbeat: .milliseconds(500), lease: .seconds(6)) {
            addresses(&$0) { [$0.address(), $0.ipv6Address()] }
        },
    ]
}

/// How an agent becomes another program.
enum SuccessionForm: String, CaseIterable {
    case reload, hangUp, signal, changedProgram
}

extension EndToEnd {
    @Suite("Every succession in every shape")
    struct SuccessionShapeTests {
        @Test("no client loses an answer, and no term passes", arguments: Shape.table)
        func nothing(shape: Shape) throws {
            let programs = try InstalledBinaries()
            var options = shape.options
            options.binaries = programs.binaries
            let experiment = try Experiment(options, addresses: options.floatingAddresses) {
                (lab) throws(LabError) in
                try start(shape, in: lab)
            }
            defer { experiment.close() }
            let lab = experiment.lab
            let groups = options.configuration.groups.map(\.name)
            let terms = try terms(of: groups, in: lab)
            let begin = Moment.now
            for (index, form) in SuccessionForm.allCases.enumerated() {
                try succeed(form, on: .lb1, in: lab, programs)
                try lab.waitForReexecutions(index + 1, of: .lb1)
                sleep(for: .milliseconds(100))
            }
            // And all three at once.
            for host in Host.voters { try lab.reload(host) }
            for host in Host.voters {
                try lab.waitForReexecutions(host == .lb1 ? 5 : 1, of: host)
            }
            try lab.upgradeAndWait(.lb2)
            try lab.upgradeAndWait(.w1)
            sleep(for: .milliseconds(300))

            expectNothing(experiment.outcome(since: begin))
            #expect(try self.terms(of: groups, in: lab) == terms)
            for host in Host.voters {
                #expect(!lab.log(of: host).contains("made-anew"), "\(lab.log(of: host))")
                #expect(!lab.log(of: host).contains("refused"), "\(lab.log(of: host))")
            }
        }

        /// Here the program finds, once it has begun, that it can't open anything more. Begun anew
        /// it can.
        @Test(
            "a successor that can't start starts once more as after a death",
            arguments: [false, true]
        )
        func startsOver(isSupervised: Bool) throws {
            let programs = try InstalledBinaries()
            var options = LabOptions()
            options.binaries = programs.binaries
            let experiment = try Experiment(options, addresses: bothFamilies) {
                (lab) throws(LabError) in
                try lab.startPair(supervising: isSupervised ? [.lb1] : [])
            }
            defer { experiment.close() }
            let lab = experiment.lab
            let term = try lab.term(knownTo: .lb1)
            try programs.replaceAgent(
                byScript: """
                    #!/bin/bash
                    ulimit -S -n hard
                    if [ -n "$VIP_AGENT_HANDOVER" ]; then
                        number=3
                        while [ -e /proc/self/fd/$number ]; do number=$((number + 1)); done
                        ulimit -S -n $((number + 2))
                    fi
                    exec \(try Binaries.find().agent) "$@"

                    """
            )
            let begin = Moment.now
            try lab.upgrade(.lb1)
            while !lab.log(of: .lb1).contains("take-over-failed") {
                try #require(.now - begin < .seconds(5), "\(lab.log(of: .lb1))")
                sleep(for: .milliseconds(10))
            }
            sleep(for: .seconds(1))
            expectNothing(experiment.outcome(since: begin))
            #expect(try lab.term(knownTo: .lb1) == term)
            #expect(try lab.reexecutions(of: .lb1) == 0)
        }

        private func start(_ shape: Shape, in lab: Lab) throws(LabError) {
            guard !shape.hasGate else { return try lab.startPair() }
            for host in [Host.lb1, .w1, .lb2] {
                var setup = lab.setup(of: host)
                if host != .w1 { setup.withheldCapabilities = LifetimeTests.withheld }
                try lab.supervise(setup)
                if host == .w1 { try lab.waitForOwner(.lb1) }
            }
            try lab.waitForStandby(.lb2)
        }

        private func succeed(
            _ form: SuccessionForm,
            on host: Host,
            in lab: Lab,
            _ programs: InstalledBinaries
        ) throws {
            switch form {
            case .reload:
                let answer = try lab.askForReload(host)
                #expect(answer.output == "reload: nothing changed\n", "\(answer.complaint)")
            case .hangUp: try lab.reload(host)
            case .signal: try lab.upgrade(host)
            case .changedProgram:
                try programs.restoreAgent()
                try lab.upgrade(host)
            }
        }

        private func terms(of groups: [String], in lab: Lab) throws -> [UInt64?] {
            let status = try lab.status(of: .lb1)
            return groups.map { status.group($0)?.term }
        }

        @Test("a witness of two clusters with a port and families of their own")
        func sharedWitness() throws {
            let programs = try InstalledBinaries()
            let shared = try SharedWitness(
                { configuration in
                    for (index, host) in Host.voters.enumerated() {
                        configuration.voters[index].addresses =
                            configuration.clusterName == "alpha"
                            ? ["\(host.address()):7801", "[\(host.ipv6Address())]:7801"]
                            : ["\(host.address(on: .second)):7802"]
                    }
                },
                binaries: programs.binaries
            )
            defer { shared.close() }
            try shared.start()
            let probes = try [shared.alpha, shared.beta].map { try UDPProbe(in: $0) }
            defer { for probe in probes { probe.end() } }
            for probe in probes { #expect(probe.waitForService(by: .now + .seconds(2))) }
            let terms = try [shared.alpha, shared.beta].map { try $0.term(knownTo: .lb1) }
            let begin = Moment.now
            let witness = try #require(shared.witness)
            for (index, form) in SuccessionForm.allCases.enumerated() {
                switch form {
                case .reload:
                    let answer = try shared.reload(shared.beta)
                    #expect(answer.words == "reload: nothing changed\n")
                case .hangUp: witness.send(signal: SIGHUP)
                case .signal: witness.send(signal: SIGUSR2)
                case .changedProgram:
                    try programs.restoreAgent()
                    witness.send(signal: SIGUSR2)
                }
                let deadline = Moment.now + .seconds(10)
                while try shared.status(of: shared.alpha).counters[.reexecutions] != index + 1 {
                    try #require(.now < deadline, "\(form): \(shared.log)")
                    sleep(for: .milliseconds(10))
                }
            }
            sleep(for: .milliseconds(300))
            for probe in probes {
                let seen = probe.report(since: begin)
                #expect(seen.lost == 0)
                #expect(seen.owners == [.lb1])
            }
            #expect(try [shared.alpha, shared.beta].map { try $0.term(knownTo: .lb1) } == terms)
            #expect(!shared.log.contains("made-anew"), "\(shared.log)")
        }

        /// No rehearsal would let this pass. Here it does, as the program is exchanged in between:
        /// one that has no sockets any more when it begins.
        @Test("what can't be taken over is made anew, and the owner goes on")
        func brokenDescriptors() throws {
            let programs = try InstalledBinaries()
            var options = LabOptions()
            options.binaries = programs.binaries
            let experiment = try Experiment(options)
            defer { experiment.close() }
            let lab = experiment.lab
            let term = try lab.term(knownTo: .lb1)
            try programs.replaceAgent(
                byScript: """
                    #!/bin/bash
                    if [ "$1" = run ]; then
                        for path in /proc/self/fd/*; do
                            case "$(readlink "$path")" in
                                socket:*) eval "exec ${path##*/}</dev/null" ;;
                            esac
                        done
                    fi
                    exec \(try Binaries.find().agent) "$@"

                    """
            )
            let begin = Moment.now
            try lab.upgradeAndWait(.lb1)
            sleep(for: .seconds(1))
            expectNothing(experiment.outcome(since: begin))
            #expect(try lab.term(knownTo: .lb1) == term)
            let log = lab.log(of: .lb1)
            for name in ["udp 0.0.0.0:7694", "control", "announcer"] {
                #expect(log.contains("take over \(name):"), "\(name) in \(log)")
            }
        }
    }
}
