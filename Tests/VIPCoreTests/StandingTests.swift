import Testing
import VIPCore

/// Whether any one host may fail now: the arithmetic, over clusters of every shape.
@Suite("Any one host may fail")
struct StandingTests {
    /// Nodes come first, then witnesses; voter 0 is the owner, unless a case says otherwise.
    struct Case: Sendable, CustomTestStringConvertible {
        let says: String
        var nodes = 2
        var witnesses = 1
        var owner: Int? = 0
        var unready: [Int] = []
        /// Voters that do not vote.
        var silent: [Int] = []
        /// Pairs that do not exchange votes in time.
        var apart: [(Int, Int)] = []
        /// The hosts that may not fail now.
        let indispensable: [Int]

        var testDescription: String { says }

        var standing: Standing {
            let count = nodes + witnesses
            var ready = VoterMask.all(nodes)
            for node in unready { ready[node] = false }
            var voting = VoterMask.all(count)
            for voter in silent { voting[voter] = false }
            var reach = Array(repeating: VoterMask.all(count), count: count)
            for (one, other) in apart {
                reach[one][other] = false
                reach[other][one] = false
            }
            return Standing(
                voters: count,
                nodes: .all(nodes),
                ready: ready,
                voting: voting,
                reach: reach,
                owner: owner
            )
        }
    }

    static let pairAndWitness = [
        Case(says: "2+1, all well", indispensable: []),
        Case(says: "2+1, nobody owns it", owner: nil, indispensable: [0, 1, 2]),
        Case(says: "2+1, the witness does not vote", silent: [2], indispensable: [0, 1]),
        Case(says: "2+1, the standby does not vote", silent: [1], indispensable: [0, 2]),
        Case(says: "2+1, the owner's own voter does not vote", silent: [0], indispensable: [1, 2]),
        Case(says: "2+1, the standby would not take over", unready: [1], indispensable: [0]),
        Case(
            says: "2+1, the owner would not take over, which it need not",
            unready: [0],
            indispensable: []
        ),
        Case(
            says: "2+1, standby and witness do not hear each other",
            apart: [(1, 2)],
            indispensable: [0]
        ),
        Case(
            says: "2+1, owner and witness do not hear each other",
            apart: [(0, 2)],
            indispensable: [1]
        ),
        Case(says: "2+1, the nodes do not hear each other", apart: [(0, 1)], indispensable: [2]),
        Case(says: "2+1, the owner is the second node", owner: 1, unready: [1], indispensable: []),
    ]

    static let otherShapes = [
        Case(says: "3+0, all well", nodes: 3, witnesses: 0, indispensable: []),
        Case(
            says: "3+0, one standby is not ready",
            nodes: 3,
            witnesses: 0,
            unready: [1],
            indispensable: []
        ),
        Case(
            says: "3+0, no standby is ready",
            nodes: 3,
            witnesses: 0,
            unready: [1, 2],
            indispensable: [0]
        ),
        Case(
            says: "3+0, the ready standby is apart from the third host",
            nodes: 3,
            witnesses: 0,
            unready: [2],
            apart: [(1, 2)],
            indispensable: [0]
        ),
        Case(says: "3+2, all well", nodes: 3, witnesses: 2, indispensable: []),
        Case(
            says: "3+2, one voter does not vote",
            nodes: 3,
            witnesses: 2,
            silent: [4],
            indispensable: []
        ),
        Case(
            says: "3+2, both witnesses do not vote",
            nodes: 3,
            witnesses: 2,
            silent: [3, 4],
            indispensable: [0, 1, 2]
        ),
        Case(
            says: "3+2, a standby is apart from both witnesses, and the other is not ready",
            nodes: 3,
            witnesses: 2,
            unready: [2],
            apart: [(1, 3), (1, 4)],
            indispensable: [0]
        ),
        Case(says: "2+2, all well", nodes: 2, witnesses: 2, indispensable: []),
        Case(
            says: "2+2, one witness does not vote",
            witnesses: 2,
            silent: [3],
            indispensable: [0, 1, 2]
        ),
        Case(says: "1+0", nodes: 1, witnesses: 0, indispensable: [0]),
        Case(says: "2+0", witnesses: 0, indispensable: [0, 1]),
        Case(says: "1+1", nodes: 1, indispensable: [0, 1]),
        Case(says: "1+2", nodes: 1, witnesses: 2, indispensable: [0]),
    ]

    @Test("as the arithmetic says", arguments: pairAndWitness + otherShapes)
    func table(row: Case) {
        let standing = row.standing
        let found = (0..<standing.voters).filter { standing.indispensable[$0] }
        #expect(found == row.indispensable)
    }

    @Test("a loss says what would be missing")
    func losses() {
        let deaf = Case(says: "", apart: [(1, 2)], indispensable: []).standing
        #expect(deaf.loss(with: 0) == .noMajority(successor: 1, votes: VoterMask(bits: 0b010)))
        let unready = Case(says: "", unready: [1], indispensable: []).standing
        #expect(unready.loss(with: 0) == .noSuccessor)
        let silent = Case(says: "", silent: [2], indispensable: []).standing
        #expect(silent.loss(with: 1) == .ownerLosesMajority(votes: VoterMask(bits: 0b001)))
        #expect(Case(says: "", owner: nil, indispensable: []).standing.loss(with: 1) == .unowned)
    }

    @Test(
        "a shape bears a failure, or does not whatever its hosts do",
        arguments: [
            (1, 0, false), (2, 0, false), (1, 1, false), (1, 2, false), (1, 8, false),
            (2, 1, true), (3, 0, true), (2, 2, true), (3, 2, true), (4, 0, true), (9, 0, true),
            (2, 7, true),
        ]
    )
    func shapes(nodes: Int, witnesses: Int, bears: Bool) {
        #expect(Standing.bearsFailure(nodes: .all(nodes), voters: nodes + witnesses) == bears)
    }
}
