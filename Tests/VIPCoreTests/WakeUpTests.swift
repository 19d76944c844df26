import Testing
import VIPCore

/// `Agent.wakeUp`: whoever steps the agent whenever it asks for it gets somewhere.
@Suite("An agent that is woken whenever it asks")
struct WakeUpTests {
    /// How often it wants to be stepped within `milliseconds`; a spin ends the count at 10,000.
    func steps(_ talk: inout Conversation, _ milliseconds: Double) -> Int {
        let end = talk.now + .ms(milliseconds)
        var steps = 0
        while steps < 10_000, let due = talk.agent.wakeUp(at: talk.now), due < end.boottime {
            if due > talk.now.boottime {
                talk.pass((due - talk.now.boottime) / .milliseconds(1))
            }
            talk.wake()
            steps += 1
        }
        return steps
    }

    @Test("does not spin in any role")
    func roles() {
        var standby = Conversation.lonely()
        #expect((8...40).contains(steps(&standby, 1000)))
        var candidate = Conversation.candidate()
        #expect((8...80).contains(steps(&candidate, 1000)))
        var owner = Conversation.owner()
        #expect((8...120).contains(steps(&owner, 1000)))
        var lettingGo = Conversation.owner()
        lettingGo.pass(497)
        lettingGo.wake()
        #expect((8...40).contains(steps(&lettingGo, 1000)))
        var witness = Conversation.witness()
        #expect((8...40).contains(steps(&witness, 1000)))
        var abstaining = Conversation.lonely(memory: .new(Incarnation(21)))
        abstaining.greet(w1)
        #expect((8...80).contains(steps(&abstaining, 1000)))
    }

    @Test("does not spin once the kernel leaves it without an answer")
    func noAnswerByKernel() throws {
        var talk = Conversation.candidate()
        talk.hear(w1, try #require(talk.grant(of: w1)))
        #expect((8...120).contains(steps(&talk, 1000)))
    }

    @Test(
        "does not spin when a voter refuses whatever it is asked",
        arguments: RefusalReason.allCases
    )
    func refusals(reason: RefusalReason) throws {
        for beginning in [Conversation.candidate(), Conversation.owner()] {
            var talk = beginning
            let refused = Refused(
                try #require(talk.request(to: w1)),
                because: reason,
                current: reason == .held ? lb2Holder : nil,
                remaining: .zero,
                highestGranted: Term(3)
            )
            talk.hear(w1, .refused(refused))
            #expect((5...150).contains(steps(&talk, 1000)))
        }
    }

    @Test("does not spin as a suspended owner whose voters introduce themselves")
    func suspendedOwner() {
        let tenure = TenureRecord(
            term: Term(4),
            counted: [lb1, w1].map {
                Contribution(voter: $0, stamp: .ms(9900), length: .milliseconds(500))
            },
            deadline: .ms(10_397),
            forced: false
        )
        let record = GroupRecord(group: web, highestUsed: Term(4), tenure: tenure)
        var talk = Conversation(
            .pair(lb1, suspended: true),
            memory: .settled(lb1Incarnation, records: [record])
        )
        talk.addressesAdded()
        talk.greet(w1)
        talk.greet(lb2)
        #expect((8...80).contains(steps(&talk, 1000)))
    }

    @Test("does not spin while BOOTTIME is slewed against RAW", arguments: [0.9, 1.1])
    func slewed(rate: Double) {
        var talk = Conversation.owner()
        let end = talk.now.raw + .ms(600)
        var steps = 0
        while steps < 10_000, talk.now.raw < end, let due = talk.agent.wakeUp(at: talk.now) {
            let pause = max((due - talk.now.boottime) / .milliseconds(1), 0)
            talk.pass(boottime: pause, raw: pause / rate)
            talk.wake()
            steps += 1
        }
        #expect((5...100).contains(steps))
        #expect(!talk.serves)
    }

    @Test("does not spin during a takeover by force, a switchover, an appeal, and a shutdown")
    func commands() {
        let ready = Condition(group: web, owns: false, forced: false, term: .none, unready: nil)
        var forced = Conversation.lonely()
        forced.step(.command(.takeover(web), id: 1))
        forced.addressesAdded()
        forced.greet(w1)
        #expect((8...150).contains(steps(&forced, 1000)))

        var owner = Conversation.owner()
        owner.greet(lb2)
        owner.hear(lb2, .condition(ready))
        owner.step(.command(.switchover(web, to: lb2), id: 1))
        #expect((8...150).contains(steps(&owner, 1000)))

        var standby = Conversation.lonely(.pair(lb2))
        standby.greet(lb1)
        var owns = ready
        owns.owns = true
        standby.hear(lb1, .condition(owns))
        standby.step(.command(.switchover(web, to: nil), id: 1))
        #expect((8...150).contains(steps(&standby, 3000)))

        var stopping = Conversation.owner()
        stopping.step(.shutdown)
        #expect((8...150).contains(steps(&stopping, 3000)))
    }

    @Test("sends no more than a few frames a heartbeat to a voter that does not answer")
    func fewFrames() {
        var talk = Conversation.owner()
        talk.pass(100)
        var frames = 0
        let end = talk.now + .ms(300)
        while let due = talk.agent.wakeUp(at: talk.now), due < end.boottime {
            talk.pass(max((due - talk.now.boottime) / .milliseconds(1), 0))
            talk.wake()
            for case .send(let frame) in talk.effects where frame.receiver == w1 { frames += 1 }
        }
        #expect((3...15).contains(frames))
    }
}
