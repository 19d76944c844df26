import Testing
import VIPCore

/// What a step costs does not grow with the groups that nothing happens to. That it does the same
/// as one that looks at all of them is for the simulation to see (`World.compares`).
@Suite("An agent with 300 groups")
struct GroupsTests {
    static let groups = (1...300).map { GroupID(UInt64($0)) }

    func condition(_ group: GroupID) -> Record {
        .condition(Condition(group: group, owns: false, forced: false, term: .none, unready: nil))
    }

    func request(_ group: GroupID, at now: Reading) -> Record {
        .request(
            Request(
                group: group,
                term: Term(1),
                holder: lb1Holder,
                length: .milliseconds(500),
                stamp: now
            )
        )
    }

    @Test("looks at those that a frame names, and no others")
    func frames() {
        var talk = Conversation.witness(.pair(w1, groups: Self.groups))
        talk.hear(lb1)
        #expect(talk.agent.groupsLookedAt == 0)
        talk.hear(lb1, condition(GroupID(7)), condition(GroupID(299)))
        #expect(talk.agent.groupsLookedAt == 2)
        talk.hear(lb1, request(GroupID(64), at: talk.now))
        #expect(talk.agent.groupsLookedAt == 1)
        talk.hear(lb1, condition(GroupID(301)))
        #expect(talk.agent.groupsLookedAt == 0, "it has no such group")
    }

    @Test("looks at those that have something due, and wakes for them")
    func due() {
        var talk = Conversation.witness(.pair(w1, groups: Self.groups))
        talk.hear(lb1, request(GroupID(64), at: talk.now), request(GroupID(65), at: talk.now))
        talk.pass(499)
        talk.hear(lb1)
        talk.hear(lb2)
        talk.wake()
        #expect(talk.agent.groupsLookedAt == 0)
        #expect(talk.agent.wakeUp(at: talk.now) == talk.now.boottime + .ms(1))
        talk.pass(1)
        talk.wake()
        #expect(talk.agent.groupsLookedAt == 2, "the leases have run out")
    }

    @Test("looks at all of them when a voter is not heard any more")
    func circumstances() {
        var talk = Conversation.witness(.pair(w1, groups: Self.groups))
        talk.pass(351)
        talk.wake()
        #expect(talk.agent.groupsLookedAt == 300)
        talk.wake()
        #expect(talk.agent.groupsLookedAt == 0)
    }
}
