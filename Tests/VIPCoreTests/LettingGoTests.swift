import Testing
import VIPCore

/// docs/protocol.md, "Letting go".
@Suite("A host that lets go")
struct LettingGoTests {
    /// lb1 has just let go because its lease ran out; its gate is closed.
    func lettingGo() -> Conversation {
        var talk = Conversation.owner()
        talk.pass(497)
        talk.wake()
        return talk
    }

    @Test("gives up its term in the page, closes the gate, takes the addresses off, in this order")
    func order() {
        var talk = Conversation.owner()
        talk.pass(497)
        #expect(
            talk.wake() == [
                "page: grant lb1 1 until 10500ms, used 1, no tenure",
                "close gate",
                "remove addresses #3",
            ]
        )
    }

    @Test(
        "frees its own grant and releases its term only once the addresses are off and the gate drained"
    )
    func release() {
        var talk = lettingGo()
        #expect(
            talk.drained() == [
                "page: grant lb1 1 freed, used 1, no tenure",
                "to lb2: release 1",
                "to w1: release 1",
            ]
        )
        #expect(
            talk.records(to: w1).contains(
                .release(Release(group: web, term: Term(1), holder: lb1Holder))
            )
        )
    }

    @Test("counts its own voter as another host: it refuses others until the addresses are off")
    func ownVoterWaits() {
        var talk = lettingGo()
        let request = Request(
            group: web,
            term: Term(9),
            holder: lb2Holder,
            length: .milliseconds(500),
            stamp: .ms(1)
        )
        #expect(talk.hear(lb2, .request(request)).contains("to lb2: refused 9 held by lb1"))
        talk.drained()
        #expect(talk.hear(lb2, .request(request)).last == "to lb2: granted 9")
    }

    @Test("is not hurried by the kernel's answer to another question")
    func otherAnswer() {
        var talk = lettingGo()
        #expect(talk.step(.addressesRemoved(web, request: 1)) == [])
        #expect(talk.step(.addressesAdded(web, request: 2, failed: false)) == [])
    }

    @Test("answers a grant that comes meanwhile with nothing, since its gate may be open")
    func strayGrantWhileLettingGo() throws {
        var talk = lettingGo()
        #expect(talk.hear(w1, try #require(talk.grant(of: w1))) == [])
    }

    @Test("gives back a grant that comes after it has let go")
    func strayGrant() throws {
        var talk = lettingGo()
        talk.drained()
        #expect(talk.hear(w1, try #require(talk.grant(of: w1))).last == "to w1: release 1")
    }

    @Test("ignores a grant that names another holder, or its own host in another incarnation")
    func foreignGrant() throws {
        var talk = lettingGo()
        talk.drained()
        var granted = Granted(answering: try #require(talk.request(to: w1)))
        granted.holder = Holder(host: lb1, incarnation: Incarnation(111))
        #expect(talk.hear(w1, .granted(granted)) == [])
        granted.holder = lb2Holder
        #expect(talk.hear(w1, .granted(granted)) == [])
    }

    @Test("repeats its release to a voter that it hears until that has acknowledged it")
    func repeats() {
        var talk = Conversation.owner()
        talk.pass(400)
        talk.greet(w1)
        talk.pass(97)
        talk.wake()
        talk.drained()
        #expect(talk.sleep(40).contains("to w1: release 1"))
        talk.hear(w1, .released(group: web, term: Term(1), holder: lb1Holder))
        #expect(!talk.sleep(400).contains("to w1: release 1"))
    }

    @Test("stops repeating its release after one lease, when the grants have run out anyway")
    func repeatsForOneLease() {
        var talk = Conversation.owner()
        talk.pass(400)
        talk.greet(w1)
        talk.pass(97)
        talk.wake()
        talk.drained()
        #expect(talk.sleep(499).contains("to w1: release 1"))
        #expect(!talk.sleep(5000).contains("to w1: release 1"))
    }

    @Test("never uses a term again that it has released or given up")
    func termsAreFresh() {
        var talk = lettingGo()
        talk.drained()
        talk.pass(200)
        #expect(talk.greet(w1).contains("to w1: request 2"))
    }

    @Test("lets go at once when its only link goes down and nobody is there to take over")
    func linkDown() {
        var talk = Conversation.owner()
        #expect(
            talk.step(.interface(web, up: false)) == [
                "page: grant lb1 1 until 10500ms, used 1, no tenure",
                "close gate",
                "remove addresses #3",
            ]
        )
    }

    @Test("keeps the group when a check fails here and nobody else is ready")
    func unhealthyAlone() {
        var talk = Conversation.owner()
        #expect(talk.step(.health(web, healthy: false)) == [])
        #expect(talk.serves)
    }

    // MARK: - The end of the process

    @Test("on shutdown closes gate and addresses, releases, and exits when that is acknowledged")
    func shutdown() {
        var talk = Conversation.owner()
        #expect(
            talk.step(.shutdown) == [
                "page: grant lb1 1 until 10500ms, used 1, no tenure",
                "close gate",
                "remove addresses #3",
            ]
        )
        #expect(talk.drained().last == "to w1: release 1")
        // lb2 is not heard, so nothing is expected of it.
        #expect(
            talk.hear(w1, .released(group: web, term: Term(1), holder: lb1Holder)) == ["exit"]
        )
    }

    @Test("on shutdown exits within one and a half seconds though the kernel never answers")
    func shutdownIsBounded() {
        var talk = Conversation.owner()
        talk.step(.shutdown)
        #expect(!talk.sleep(1499).contains("exit"))
        #expect(talk.sleep(1).contains("exit"))
        #expect(!talk.sleep(5000).contains("exit"), "once")
    }

    @Test(
        "on shutdown does not exit with an open gate, however slow its heartbeat and its successor"
    )
    func shutdownWithSlowSuccessor() throws {
        let slow = Settings.pair(lb1, heartbeat: .seconds(10), lease: .seconds(30))
        var talk = Conversation.owner(slow)
        talk.greet(lb2)
        let ready = Condition(group: web, owns: false, forced: false, term: .none, unready: nil)
        talk.hear(lb2, .condition(ready))
        #expect(talk.step(.shutdown).contains("to lb2: inquiry"))
        let lines = talk.sleep(1500)
        let closed = try #require(lines.firstIndex(of: "close gate"))
        let exit = try #require(lines.firstIndex(of: "exit"))
        #expect(closed < exit)
    }
}
