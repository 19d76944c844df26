import Testing
import VIPCore

/// docs/protocol.md, "Replacing the process": when another may replace it.
@Suite("An agent at rest")
struct RestTests {
    func isAtRest(_ talk: Conversation) -> Bool { talk.agent.isAtRest(at: talk.now) }

    /// Its first renewal, 100 ms after it became owner, is on its way to the witness.
    func renewing() -> Conversation {
        var talk = Conversation.owner()
        talk.pass(100)
        talk.greet(w1)
        return talk
    }

    @Test("is an owner right after a majority has answered its newest renewal")
    func owner() throws {
        var talk = renewing()
        #expect(!isAtRest(talk))
        talk.pass(2)
        talk.hear(w1, try #require(talk.grant(of: w1)))
        #expect(isAtRest(talk))
        talk.pass(25)
        #expect(isAtRest(talk))
        talk.pass(1)
        #expect(!isAtRest(talk))
    }

    @Test("is no owner whose answer is to an older renewal")
    func olderAnswer() throws {
        var talk = renewing()
        let old = try #require(talk.grant(of: w1))
        talk.pass(100)
        talk.greet(w1)
        talk.hear(w1, old)
        #expect(!isAtRest(talk))
    }

    @Test("owes no operator an answer")
    func command() throws {
        var talk = renewing()
        talk.greet(lb2)
        talk.hear(lb2, .condition(GateTests.ready))
        talk.step(.command(.switchover(web, to: lb2), id: 7))
        talk.hear(w1, try #require(talk.grant(of: w1)))
        #expect(!isAtRest(talk))
    }

    @Test("is no candidate, nobody that lets go, and nobody whose release is unacknowledged")
    func onTheWay() {
        #expect(!isAtRest(Conversation.candidate()))
        var talk = Conversation.owner()
        talk.greet(w1)
        talk.step(.shutdown)
        #expect(!isAtRest(talk))
        var released = Conversation.candidate()
        released.step(.gate(web, inPlace: false))
        #expect(!isAtRest(released))
        released.hear(w1, .released(group: web, term: Term(1), holder: lb1Holder))
        #expect(isAtRest(released))
    }

    @Test("is no owner by force, whose tenure would end")
    func forced() {
        var talk = Conversation.lonely()
        #expect(!talk.agent.isForced)
        #expect(isAtRest(talk))
        talk.step(.command(.takeover(web), id: 7))
        talk.addressesAdded()
        talk.sleep(300)
        #expect(talk.agent.isForced)
        #expect(!isAtRest(talk))
    }

    @Test("has made no offer for which an owner may be letting go")
    func offer() {
        var talk = Conversation.lonely(.pair(lb2))
        talk.greet(lb1)
        talk.hear(lb1, .inquiry(Inquiry(group: web, number: 5, highestTerm: Term(3))))
        #expect(!isAtRest(talk))
        talk.pass(501)
        #expect(isAtRest(talk))
    }

    @Test("is a voter that nobody relies on, or that has just granted")
    func voter() {
        var talk = Conversation.witness()
        #expect(isAtRest(talk))
        let request = Request(
            group: web,
            term: Term(1),
            holder: lb1Holder,
            length: .milliseconds(500),
            stamp: .ms(1)
        )
        talk.hear(lb1, .request(request))
        #expect(isAtRest(talk))
        talk.pass(26)
        #expect(!isAtRest(talk))
        talk.pass(474)
        #expect(isAtRest(talk))
    }
}
