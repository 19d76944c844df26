import Testing
import VIPControl
import VIPLab

extension EndToEnd {
    @Suite("Many addresses")
    struct ManyAddressesTests {
        /// Of one group. Clients ask for the first and the last.
        static let thousand =
            ["10.77.0.100"] + (0..<998).map { "10.78.\($0 / 250).\($0 % 250 + 1)" }
            + ["10.77.0.101"]

        /// Ten heartbeats pass while the first announcements of a thousand addresses leave, so
        /// whatever of that is done by the thread that renews would end the lease.
        @Test("ten switchovers of a thousand addresses, lease 100 ms, are ten changes of owner")
        func switchovers() throws {
            var options = LabOptions(heartbeat: .milliseconds(20), lease: .milliseconds(100))
            options.configuration.groups[0].addresses = Self.thousand
            options.configuration.groups[0].preferred = nil
            let experiment = try Experiment(options, addresses: ["10.77.0.100", "10.77.0.101"]) {
                (lab) throws(LabError) in
                try lab.start(.w1, .lb1)
                try lab.waitForOwner(.lb1)
                try lab.start(.lb2)
                try lab.waitForStandby(.lb2)
            }
            defer { experiment.close() }
            let lab = experiment.lab
            let before = try lab.takeovers()
            let begin = Moment.now
            var owner = Host.lb1
            for _ in 0..<10 {
                try lab.insistOnSwitchover(from: owner)
                owner = owner.peer
                // The burst of announcements, and what an owner too busy to renew would lose.
                sleep(for: .milliseconds(1500))
                #expect(try lab.status(of: owner).group("web")?.state == .owner)
            }
            #expect(try lab.takeovers() - before == 10)
            let seen = experiment.outcome(since: begin)
            expectOneOwner(seen)
            #expect(seen.views.map { $0.udp.changesOfOwner } == [10, 10])
            for host in Host.nodes {
                let counters = try lab.status(of: host).counters
                #expect(counters[.maximumLatenessMicroseconds] < 25_000, "\(host)")
            }
        }
    }
}

extension Lab {
    /// An order that the other node does not answer in time is off, and can be said again: on a
    /// machine with other things to do 20 ms are little.
    func insistOnSwitchover(from host: Host) throws {
        for _ in 0..<3 where try control(host, "switchover", webGroup).status == .exited(0) {
            return
        }
        try switchover(from: host)
    }

    /// How often either node has become owner since its agent was started.
    func takeovers() throws -> Int {
        try Host.nodes.reduce(0) { sum, host in
            try sum + history(of: host).count { $0.event == "takeover" }
        }
    }
}
