import Testing
import VIPControl
import VIPLab

/// *Healthy means that any one host may fail now*, on every host that is asked.
///
/// Each row is a cluster that is silently broken, or harmlessly odd. All hosts are asked for their
/// status, the way monitoring does; then one host loses its power. If anybody said healthy, the
/// groups have to be served afterwards, with the addresses that they had before.
extension EndToEnd {
    @Suite("Healthy is a promise", .timeLimit(.minutes(1)))
    struct HealthTests {
        struct Row: Sendable, CustomTestStringConvertible {
            let says: String
            var hasSecondNetwork = false
            var hosts = Host.voters
            /// The file of all hosts.
            var all: @Sendable (inout AgentConfiguration) -> Void = { _ in }
            /// What a host's own file says instead.
            var own: [Host: @Sendable (inout AgentConfiguration) -> Void] = [:]
            /// Once the group is owned.
            var trouble: @Sendable (Lab) throws(LabError) -> Void = { (_) throws(LabError) in }
            /// Whose kernel does not answer from then on.
            var hanging: Host?
            /// Who loses its power.
            var victim = Host.lb1
            /// What these hosts give as a reason, in part.
            var reasons: [Host: String] = [:]
            /// Nothing is wrong: this must be healthy everywhere.
            var isWell = false

            var testDescription: String { says }
        }

        static func addGroup(
            _ name: String,
            _ addresses: [String]
        ) -> @Sendable (inout AgentConfiguration) -> Void {
            { configuration in
                var group = AgentConfiguration.Group()
                group.name = name
                group.addresses = addresses
                configuration.groups.append(group)
            }
        }

        static let lease = Duration.milliseconds(200)

        @Test(
            "and never given before nobody is left",
            arguments: wells + files + networks + hosts + kernels
        )
        func promise(row: Row) throws { try check(row) }

        private func check(_ row: Row) throws {
            var options = LabOptions(
                hasSecondNetwork: row.hasSecondNetwork,
                heartbeat: .milliseconds(20),
                lease: Self.lease
            )
            row.all(&options.configuration)
            let lab = try Lab(options)
            defer { lab.close() }
            try start(lab, row)
            try row.trouble(lab)
            if let host = row.hanging {
                try lab.holdAddressThread(of: host) { try prove(row, lab) }
            } else {
                try prove(row, lab)
            }
        }

        private func prove(_ row: Row, _ lab: Lab) throws {
            try expectReasons(row, lab)
            let healthy = try whoSaysHealthy(row, lab)
            if row.isWell { #expect(healthy == row.hosts, "all is well") }

            try lab.crash(row.victim)
            let isServed = try waitUntilServed(lab, by: row.hosts.filter { $0 != row.victim })
            #expect(
                isServed || healthy.isEmpty,
                "\(healthy) said healthy, and nobody serves after \(row.victim) has failed"
            )
            if row.isWell { #expect(isServed) }
        }

        /// Everybody has a file of its own, so that `trouble` may change it.
        private func start(_ lab: Lab, _ row: Row) throws {
            for host in row.hosts {
                var configuration = lab.options.configuration
                row.own[host]?(&configuration)
                var setup = lab.setup(of: host)
                setup.configurationFile = try lab.write(configuration, named: host.rawValue)
                try lab.start(setup)
            }
            let names = lab.options.configuration.groups.map(\.name)
            let limit = Moment.now + .seconds(5)
            while Moment.now < limit {
                let status = try? lab.status(of: .lb1)
                let others = names.filter { status?.group($0)?.state != .owner }
                if others.isEmpty { return }
                // They start at once, and any of them may be the first.
                for name in others where status?.group(name)?.owner == "lb2" {
                    try lab.control(.lb2, "switchover", name)
                }
                sleep(for: .milliseconds(50))
            }
            Issue.record("lb1 owns \(names) within 5 s: \(try lab.status(of: .lb1))")
        }

        private func expectReasons(_ row: Row, _ lab: Lab) throws {
            sleep(for: Self.lease * 4)
            for (host, words) in row.reasons {
                try lab.waitForStatus(of: host, within: .seconds(3), words) { status in
                    status.reasons.contains { $0.contains(words) }
                }
            }
        }

        /// Those of whom `vipctl status` ends with 0 in any of a few tries.
        private func whoSaysHealthy(_ row: Row, _ lab: Lab) throws -> [Host] {
            var healthy: Set<Host> = []
            for _ in 0..<(row.isWell ? 20 : 3) {
                for host in row.hosts {
                    let answer = try lab.askForStatus(of: host)
                    if answer.isSuccess { healthy.insert(host) }
                    let saysSo = answer.words.contains(": healthy")
                    #expect(saysSo == answer.isSuccess, "\(host): \(answer)")
                }
                if row.isWell, healthy.count == row.hosts.count { break }
                sleep(for: .milliseconds(30))
            }
            return row.hosts.filter(healthy.contains)
        }

        /// Whether those that are left serve all groups within eight leases.
        private func waitUntilServed(_ lab: Lab, by hosts: [Host]) throws -> Bool {
            let limit = Moment.now + Self.lease * 8
            while Moment.now < limit {
                let statuses = hosts.compactMap { try? lab.status(of: $0) }
                let isServed = try lab.options.configuration.groups.allSatisfy { group in
                    try statuses.contains { status in
                        guard status.group(group.name)?.state == .owner,
                            let host = Host(rawValue: status.host)
                        else { return false }
                        let present = try lab.addresses(on: host)
                        return group.addresses.allSatisfy(present.contains)
                    }
                }
                if isServed { return true }
                sleep(for: .milliseconds(20))
            }
            return false
        }
    }
}
