import Testing
import VIPLab
import VIPSimulation

extension EndToEnd {
    /// With the key, one voter can say anything. While it does, it may take away a majority or give
    /// two hosts one; it may never leave anything of that behind.
    @Suite("A voter that lies")
    struct LiarTests {
        /// The most that may come of a lie, from the first one to a lease after the last.
        enum Harm {
            /// Clients notice nothing.
            case none
            /// A node may ask for a planned move, and each takes a moment.
            case moves
            /// Where the liar's vote is needed for a majority, nobody has one.
            case outage
            /// It votes for both: nobody can prevent that who needs its vote.
            case twoOwners
        }

        struct Row: CustomTestStringConvertible, Sendable {
            let liar: Host
            let lie: Lie
            /// How many frames carry it; nil: all, for a second.
            var times: Int?
            /// Nothing gets through between the two nodes: the witness decides.
            var pairIsCut = false
            var harm = Harm.none

            var testDescription: String {
                let manner = times == 1 ? "once" : "for a second"
                return "\(liar): \(lie), \(manner)\(pairIsCut ? ", to a pair that is cut" : "")"
            }
        }

        static let rows = [
            Row(liar: .w1, lie: .lateStamp, times: 1),
            Row(liar: .w1, lie: .longLength, times: 1),
            Row(liar: .w1, lie: .lowTermFar, times: 1),
            Row(liar: .w1, lie: .lowTermFar),
            Row(liar: .w1, lie: .lowTermEnd),
            Row(liar: .w1, lie: .lowTermNear),
            Row(liar: .w1, lie: .appeal),
            Row(liar: .w1, lie: .deaf),
            Row(liar: .w1, lie: .shortLength, pairIsCut: true, harm: .outage),
            Row(liar: .w1, lie: .held, pairIsCut: true, harm: .outage),
            Row(liar: .w1, lie: .abstaining, pairIsCut: true, harm: .outage),
            Row(liar: .w1, lie: .grantAnyway, pairIsCut: true, harm: .twoOwners),
            Row(liar: .lb2, lie: .lateStamp, times: 1),
            Row(liar: .lb2, lie: .lowTermFar),
            Row(liar: .lb2, lie: .ownership),
            Row(liar: .lb2, lie: .inquiry),
            Row(liar: .lb2, lie: .appeal, harm: .moves),
            Row(liar: .lb1, lie: .ownership),
            Row(liar: .lb1, lie: .inquiry),
        ]

        static let options = LabOptions(heartbeat: .milliseconds(20), lease: .milliseconds(100))

        @Test("leaves nothing behind once it is honest again", arguments: rows)
        func honestAgain(_ row: Row) throws {
            let experiment = try Experiment(Self.options)
            defer { experiment.close() }
            let liar = try Liar(row.liar, in: experiment.lab)
            defer { liar.end() }
            let timing = Self.options.configuration

            if row.pairIsCut {
                try experiment.lab.applyFaults { $0.partition(.lb1, from: .lb2) }
            }
            let begin = Moment.now
            let lies = try tell(row, by: liar)
            // Nobody lets a liar have the others ask and answer at the speed of the wire.
            #expect(lies.count < 500)
            let spent = lies.last + timing.lease
            // With a little for a machine that has other things to do.
            let due = spent + timing.heartbeat * 2 + .milliseconds(50)
            // Clients that went to the wrong one of two are told once a second (`ClaimWatch`).
            let found = due + (row.harm == .twoOwners ? .seconds(1) : .zero)
            (found + .milliseconds(300)).sleepUntil()

            let during = experiment.outcome(since: begin, until: spent)
            expectNoMore(than: row.harm, during)
            let honest = experiment.outcome(since: due)
            let owner = try #require(honest.owner, "nobody serves")
            #expect(honest.watch.resolution.owners == [owner])
            #expect(honest.watch.resolution.lost == 0)
            expectNothing(experiment.outcome(since: found), owner: owner)
            report(row, lies.count, during, try served(experiment, by: owner, since: lies.last))

            try experiment.lab.heal()
            #expect(throws: Never.self, "healthy again") {
                try experiment.lab.waitForStandby(owner.peer, within: .seconds(2))
            }
            let alone = try experiment.observe(for: .seconds(1)) { (lab) throws(LabError) in
                try lab.applyFaults {
                    $0.partition(owner, from: owner.peer)
                    $0.partition(owner, from: .w1)
                }
            }
            expectTakeover(alone, by: owner.peer, within: .milliseconds(500))
            expectOneOwner(experiment.outcome(since: spent))
        }

        private func tell(_ row: Row, by liar: Liar) throws -> (last: Moment, count: Int) {
            liar.lie(row.lie, times: row.times ?? .max)
            if row.times == nil {
                sleep(for: .seconds(1))
            } else {
                #expect(liar.waitUntilHonest(by: .now + .seconds(2)))
            }
            return try #require(liar.beHonest(), "nothing that it could lie in")
        }

        private func expectNoMore(than harm: Harm, _ during: Experiment.Outcome) {
            switch harm {
            case .none:
                expectOneOwner(during)
                #expect(during.changes(since: .lb1) == 0)
                #expect(during.outage <= Self.options.configuration.lease)
            case .moves, .outage:
                // Owners may follow one another faster than any operator would have them.
                #expect(questionsToBoth(during) == 0)
            case .twoOwners:
                #expect(questionsToBoth(during) > 0, "nobody has believed it")
            }
        }

        /// How many were answered by both hosts: nothing else proves two owners at one instant
        /// where they follow one another quickly.
        private func questionsToBoth(_ seen: Experiment.Outcome) -> Int {
            let answers = seen.watch.resolution.tenures.flatMap(\.answers)
            let asked = Host.nodes.map { host in Set(answers.filter { $0.host == host }.map(\.sent))
            }
            return asked[0].intersection(asked[1]).count
        }

        /// How long it took until that host had the address.
        private func served(
            _ experiment: Experiment,
            by owner: Host,
            since last: Moment
        ) throws -> Duration {
            let tenures = experiment.outcome(since: last).watch.resolution.tenures
            return try #require(tenures.first { $0.host == owner }).begin - last
        }

        /// For people: how bad it was, and when it was over.
        private func report(_ row: Row, _ lies: Int, _ during: Experiment.Outcome, _ over: Duration)
        {
            print(
                "\(row.testDescription): \(lies) lies, \(during.lost) of \(during.udp.questions) "
                    + "questions lost, longest outage \(during.outage.human), "
                    + "\(questionsToBoth(during)) answered by both; "
                    + "served \(over.human) after the last lie"
            )
        }

        @Test("has a row for each of the simulator's lies")
        func allLies() {
            #expect(Set(Self.rows.map(\.lie)) == Set(Lie.allCases))
        }
    }
}
