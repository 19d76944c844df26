import Testing
import VIPControl
import VIPLab

/// Round trips that are longer than a heartbeat.
extension EndToEnd {
    @Suite("A voter that is far away")
    struct FarHostTests {
        /// Each way.
        private static let delay = Duration.milliseconds(60)
        private static let lease = Duration.milliseconds(500)

        /// Once the agents have measured the way, and rest. Their round trips are smoothed: it
        /// takes some of them.
        private func waitForRoundTrip(_ lab: Lab, of voter: Host) throws {
            for host in Host.voters where host != voter {
                try lab.waitForStatus(of: host, "\(voter) is 120 ms away") { status in
                    let measured = status.voter(voter.rawValue)?.roundTripMicroseconds
                    return (118_000...140_000).contains(measured ?? 0)
                }
            }
            sleep(for: .seconds(2))
        }

        @Test("votes for a takeover, and everybody is healthy before")
        func witness() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            let cable = try LongCable(of: .w1, in: lab, eachWay: Self.delay)
            defer { cable.end() }
            try waitForRoundTrip(lab, of: .w1)
            for host in Host.voters {
                try lab.waitForStatus(of: host, "healthy") { $0.reasons.isEmpty }
            }

            let seen = try experiment.observe(for: .seconds(3)) { (lab) throws(LabError) in
                try lab.crash(.lb1)
            }
            expectTakeover(seen, by: .lb2, within: Self.lease * 2 + Self.delay * 2)
            #expect(cable.carried > 100)
        }

        @Test("takes the group over on an operator's word, and gives it back")
        func successor() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            let cable = try LongCable(of: .lb2, in: lab, eachWay: Self.delay)
            defer { cable.end() }
            try waitForRoundTrip(lab, of: .lb2)

            // The question and the offer, the release, and the client's own way to lb2 and back.
            let there = try experiment.observe(for: .seconds(2)) { (lab) throws(LabError) in
                try lab.switchover(from: .lb1)
            }
            expectTakeover(there, by: .lb2, within: .milliseconds(500))
            let back = try experiment.observe(for: .seconds(2)) { (lab) throws(LabError) in
                try lab.switchover(from: .lb2)
            }
            expectTakeover(back, by: .lb1, within: .milliseconds(500))
        }

        @Test("is told of, if its answers can't come in time")
        func tooFar() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            let cable = try LongCable(of: .w1, in: lab, eachWay: .milliseconds(140))
            defer { cable.end() }
            for host in Host.nodes {
                try lab.waitForStatus(of: host, "w1 is too far away") { status in
                    status.reasons.contains {
                        $0.contains("between \(host) and w1") && $0.contains("too late for a vote")
                    }
                }
            }
        }
    }
}
