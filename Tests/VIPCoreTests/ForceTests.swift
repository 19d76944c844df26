import Testing
import VIPCore

/// docs/protocol.md, "Force".
@Suite("A takeover by force")
struct ForceTests {
    /// lb1 owns by force in term 1; nobody is heard.
    func forced() -> Conversation {
        var talk = Conversation.lonely()
        talk.step(.command(.takeover(web), id: 7))
        talk.addressesAdded()
        return talk
    }

    @Test("takes a fresh term and the own voter's grant, marked in the page, for one lease")
    func begins() {
        var talk = Conversation.lonely()
        #expect(
            talk.step(.command(.takeover(web), id: 7)) == [
                "record term 1",
                "page: grant lb1 1 until 10500ms, used 1, forced tenure 1 until 10446.803ms",
                "close gate",
                "add addresses #2",
                "reply 7: done",
            ]
        )
        #expect(talk.addressesAdded() == ["open gate until 10446.803ms", "announce"])
    }

    @Test("is shown")
    func shown() {
        let talk = forced()
        #expect(talk.agent.status(at: talk.now).groups.first?.forced == true)
    }

    @Test("goes on for one lease at a time")
    func goesOn() {
        var talk = forced()
        talk.sleep(10_000)
        #expect(talk.serves)
    }

    @Test("is refused while another voter is heard")
    func voterHeard() {
        var talk = Conversation.lonely()
        talk.greet(w1, hears: false)
        let lines = talk.step(.command(.takeover(web), id: 7))
        #expect(lines.count == 1)
        #expect(lines.first?.contains("voterHeard") == true)
        talk.sleep(351)
        #expect(talk.step(.command(.takeover(web), id: 8)).last == "reply 8: done")
    }

    @Test("is refused while the own voter has a live grant")
    func ownVoterHolds() {
        let grant = Grant(holder: lb2Holder, term: Term(5), expiry: .ms(10_300), released: false)
        let record = GroupRecord(group: web, grant: grant, highestGranted: Term(5))
        var talk = Conversation.lonely(memory: .settled(lb1Incarnation, records: [record]))
        let lines = talk.step(.command(.takeover(web), id: 7))
        #expect(lines.count == 1)
        #expect(lines.first?.contains("held") == true)
        talk.pass(300)
        #expect(
            talk.step(.command(.takeover(web), id: 8)).prefix(2) == [
                "record term 6",
                "page: grant lb1 6 until 10800ms, used 6, forced tenure 6 until 10746.803ms",
            ]
        )
    }

    @Test("is refused while the own voter abstains, without a link, on a witness, and to an owner")
    func otherRefusals() {
        func refusal(_ talk: Conversation) -> String {
            var talk = talk
            let lines = talk.step(.command(.takeover(web), id: 7))
            return lines.count == 1 ? lines[0] : "\(lines)"
        }
        #expect(refusal(.lonely(memory: .new(Incarnation(21)))).contains("abstaining"))
        var noLink = Conversation(.pair(lb1))
        noLink.addressesRemoved()
        #expect(refusal(noLink).contains("interfaceDown"))
        #expect(refusal(Conversation(.pair(w1))).contains("notANode"))
        #expect(refusal(.owner()).contains("alreadyOwner"))
        #expect(refusal(.lonely(.pair(lb1, suspended: true))).contains("suspended"))
    }

    @Test("ends at once when another node asks for the lease")
    func otherRequest() {
        var talk = forced()
        talk.hear(lb2)
        let request = Request(
            group: web,
            term: Term(1),
            holder: lb2Holder,
            length: .milliseconds(500),
            stamp: .ms(1)
        )
        #expect(talk.hear(lb2, .request(request)).contains("close gate"))
        #expect(!talk.serves)
    }

    @Test("ends at once when a voter's refusal names another holder")
    func otherHolderNamed() throws {
        var talk = forced()
        talk.pass(100)
        talk.wake()
        talk.hear(w1)
        let refused = Refused(
            try #require(talk.request(to: w1)),
            because: .held,
            current: lb2Holder,
            remaining: .milliseconds(300),
            highestGranted: Term(9)
        )
        #expect(talk.hear(w1, .refused(refused)).contains("close gate"))
    }

    @Test(
        "ends at once when another node owns the group, by force or not",
        arguments: [true, false]
    )
    func otherOwner(byForce: Bool) {
        var talk = forced()
        talk.hear(lb2)
        let owns = Condition(group: web, owns: true, forced: byForce, term: Term(1), unready: nil)
        #expect(talk.hear(lb2, .condition(owns)).contains("close gate"))
    }

    @Test("does not end an owner that a majority has made, whatever the forced term")
    func majorityStays() {
        var talk = Conversation.owner()
        talk.hear(lb2)
        let owns = Condition(group: web, owns: true, forced: true, term: Term(9), unready: nil)
        #expect(talk.hear(lb2, .condition(owns)) == [])
        #expect(talk.serves)
    }

    @Test("becomes ordinary ownership when a majority grants it")
    func confirmed() throws {
        var talk = forced()
        talk.pass(100)
        talk.greet(w1)
        talk.hear(w1, try #require(talk.grant(of: w1)))
        let status = talk.agent.status(at: talk.now).groups.first
        #expect(status?.forced == false)
        #expect(status?.state == .owner)
        talk.sleep(400)
        #expect(talk.sleep(98).contains("close gate"), "and ends with the majority's lease")
    }

    @Test("lets go a lease after a voter is heard again, if no majority has confirmed it")
    func notConfirmed() {
        var talk = forced()
        talk.pass(100)
        talk.greet(w1)
        #expect(!talk.sleep(499).contains("close gate"))
        #expect(talk.sleep(1).contains("close gate"))
    }

    @Test("does not outlive its process")
    func notRestored() {
        let grant = Grant(holder: lb1Holder, term: Term(4), expiry: .ms(10_400), released: false)
        let tenure = TenureRecord(
            term: Term(4),
            counted: [
                Contribution(voter: lb1, stamp: .ms(9900), length: .milliseconds(500))
            ],
            deadline: .ms(10_397),
            forced: true
        )
        let record = GroupRecord(
            group: web,
            grant: grant,
            highestGranted: Term(4),
            highestUsed: Term(4),
            tenure: tenure
        )
        var talk = Conversation(.pair(lb1), memory: .settled(lb1Incarnation, records: [record]))
        #expect(
            Transcript.lines(talk.effects) == [
                "page: grant lb1 4 until 10400ms, used 4, no tenure",
                "close gate",
                "remove addresses #1",
            ]
        )
        #expect(
            talk.drained() == [
                "page: grant lb1 4 freed, used 4, no tenure",
                "to lb2: release 4",
                "to w1: release 4",
            ]
        )
    }

    @Test("ends with its process on shutdown, in order")
    func shutdown() {
        var talk = forced()
        #expect(
            talk.step(.shutdown) == [
                "page: grant lb1 1 until 10500ms, used 1, no tenure",
                "close gate",
                "remove addresses #3",
            ]
        )
    }

    @Test("ends when the link goes down")
    func linkDown() {
        var talk = forced()
        #expect(talk.step(.interface(web, up: false)).contains("close gate"))
    }
}
