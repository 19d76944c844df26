import Testing
import VIPCore

/// What a host makes of all that the others say, to judge whether any one of them may fail.
@Suite("What a host knows of the others' votes")
struct OutlookTests {
    /// lb2, a standby that hears everybody, and is told that everybody hears everybody.
    private static func standby(
        votes: UInt16 = 0b111,
        response: UInt32 = 100,
        deaf: Bool = false,
        digest: UInt32 = 0,
        timingDigest: UInt64 = 0,
        groupsDigest: UInt64 = 0,
        tells: Bool = true,
        owns: Bool = true
    ) -> Conversation {
        var talk = Conversation.lonely(.pair(lb2))
        func presence(hears others: [HostID]) -> Presence {
            Presence(
                abstaining: false,
                maintenance: false,
                stopping: false,
                suspended: false,
                timingDigest: timingDigest,
                groupsDigest: groupsDigest,
                hearings: others.map { voter in
                    Presence.Hearing(
                        voter: voter,
                        path: 0,
                        heard: true,
                        ageMilliseconds: 1,
                        roundTripMicroseconds: response
                    )
                }
            )
        }
        let condition = Condition(
            group: web,
            owns: owns,
            forced: false,
            term: Term(3),
            unready: nil,
            votes: VoterMask(bits: votes),
            digest: digest
        )
        talk.greet(lb1)
        talk.greet(w1)
        if tells {
            talk.hear(lb1, .presence(presence(hears: [lb2, w1])), .condition(condition))
        } else {
            talk.hear(lb1, .presence(presence(hears: [lb2, w1])))
        }
        talk.hear(w1, .presence(presence(hears: deaf ? [lb2] : [lb1, lb2])))
        return talk
    }

    private func group(_ talk: Conversation) -> AgentStatus.GroupStatus {
        talk.agent.status(at: talk.now).groups[0]
    }

    @Test("where all is well, any host may fail, and a standby knows it")
    func well() {
        let group = group(Self.standby())
        #expect(group.standing.owner == 0)
        #expect(group.standing.indispensable.isEmpty)
        #expect(group.votes.map(\.counts) == [true, true, true])
        #expect(group.idleHolder == nil)
        #expect(group.lacking.isEmpty)
        #expect(group.differing.isEmpty)
    }

    @Test("a voter whose grants do not count is known to all, for the owner says so")
    func silentWitness() {
        let group = group(Self.standby(votes: 0b011))
        #expect(group.votes.map(\.counts) == [true, true, false])
        #expect(
            group.standing.loss(with: 0) == .noMajority(successor: 1, votes: VoterMask(bits: 2))
        )
    }

    @Test("who has the lease and does not serve is named")
    func idleHolder() {
        let group = group(Self.standby(owns: false))
        #expect(group.idleHolder == lb1)
        #expect(group.standing.loss(with: 2) == .unowned)
    }

    @Test("a node that says nothing of the group, or something else, is named")
    func files() {
        #expect(group(Self.standby(tells: false)).lacking == [lb1])
        #expect(group(Self.standby(digest: 1)).differing == [lb1])
        let other = Self.standby(timingDigest: 5, groupsDigest: 6)
        let voters = other.agent.status(at: other.now).voters
        #expect(voters.map(\.timingDiffers) == [true, false, true])
        #expect(voters.map(\.groupsDiffer) == [true, false, true])
    }

    @Test("two others that do not hear each other are no majority together")
    func silence() {
        let talk = Self.standby(deaf: true)
        let status = talk.agent.status(at: talk.now)
        #expect(status.silences.map(\.listener) == [w1])
        #expect(status.silences.map(\.speaker) == [lb1])
        let standing = status.groups[0].standing
        #expect(standing.loss(with: 1) == .ownerLosesMajority(votes: VoterMask(bits: 0b001)))
    }

    @Test(
        "an answer that takes half a lease comes too late for a vote",
        arguments: [(249_999, true), (250_000, false)]
    )
    func distance(microseconds: UInt32, votes: Bool) {
        let talk = Self.standby(response: microseconds)
        let status = talk.agent.status(at: talk.now)
        #expect(status.groups[0].standing.indispensable.isEmpty == votes)
        let others = status.distances.first { $0.voter == lb1 && $0.other == w1 }
        #expect(others?.response == (votes ? nil : .microseconds(Int64(microseconds))))
    }

    @Test("what was said more than three heartbeats ago counts no more")
    func stale() {
        var talk = Self.standby()
        talk.pass(351)
        #expect(group(talk).standing.indispensable == .all(3))
    }

    @Test("an owner knows how old each grant is, and why one is missing")
    func refused() throws {
        var talk = Conversation.owner()
        let request = try #require(talk.request(to: w1))
        talk.hear(w1, .refused(Refused(request, because: .unknownGroup)))
        talk.pass(1)
        let vote = talk.agent.status(at: talk.now).groups[0].votes[2]
        #expect(vote.refusal == .unknownGroup)
    }
}
