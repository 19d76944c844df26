import Testing
import VIPCore

/// docs/protocol.md, "Who silences a host whose agent can't": what a host does while its kernel
/// would not enforce its deadline.
@Suite("A host whose gate is missing")
struct GateTests {
    static let ready = Condition(group: web, owns: false, forced: false, term: .none, unready: nil)

    func inquiry(in talk: Conversation) -> Inquiry? {
        for case .inquiry(let inquiry) in talk.records(to: lb2) { return inquiry }
        return nil
    }

    @Test("does not ask for a vacant lease, and asks as soon as it is there")
    func standby() {
        var talk = Conversation.lonely()
        talk.step(.gate(web, inPlace: false))
        #expect(talk.greet(w1) == [])
        #expect(talk.state == .fault)
        #expect(talk.agent.status(at: talk.now).groups.first?.unready == .gateMissing)
        #expect(talk.step(.gate(web, inPlace: true)).contains("to w1: request 1"))
    }

    @Test("gives up a candidacy")
    func candidate() {
        var talk = Conversation.candidate()
        let lines = talk.step(.gate(web, inPlace: false))
        #expect(lines == ["to lb2: release 1", "to w1: release 1"])
        #expect(
            talk.reports.first
                == .candidacyFailed(web, term: Term(1), .notReady(.gateMissing))
        )
    }

    @Test("declines to succeed an owner, and says why")
    func declines() {
        var talk = Conversation.lonely(.pair(lb2))
        talk.step(.gate(web, inPlace: false))
        talk.greet(lb1)
        let inquiry = Inquiry(group: web, number: 5, highestTerm: Term(3))
        #expect(talk.hear(lb1, .inquiry(inquiry)) == ["to lb1: declined gateMissing"])
    }

    @Test("hands over to a node that is ready, and goes on owning where none is")
    func owner() {
        var alone = Conversation.owner()
        #expect(alone.step(.gate(web, inPlace: false)) == [])
        #expect(alone.serves)

        alone.greet(lb2)
        #expect(alone.hear(lb2, .condition(Self.ready)) == ["to lb2: inquiry"])
        #expect(alone.serves)
    }

    @Test("says that it hands over for the gate")
    func reason() throws {
        var talk = Conversation.owner()
        talk.greet(lb2)
        talk.hear(lb2, .condition(Self.ready))
        talk.step(.gate(web, inPlace: false))
        let request = Request(
            group: web,
            term: Term(2),
            holder: lb2Holder,
            length: .milliseconds(500),
            stamp: .ms(42)
        )
        let number = try #require(inquiry(in: talk)).number
        talk.hear(lb2, .offer(Offer(number: number, request: request)))
        #expect(
            talk.reports.first
                == .transition(
                    web,
                    from: .owner,
                    to: .lettingGo,
                    term: Term(1),
                    reason: .gateMissing,
                    after: .zero
                )
        )
    }

    @Test("does not wait for the end of a hold-down")
    func heldDown() throws {
        var cluster = Cluster()
        for _ in 0..<6 {
            let owner = try #require(cluster.owner)
            #expect(cluster.command(owner, .switchover(web, to: nil))?.hasPrefix("moved") == true)
            cluster.run(500)
        }
        let owner = try #require(cluster.owner)
        #expect(cluster.status(owner)?.groups.first?.heldDownUntil != nil)
        cluster.tell(owner, .gate(web, inPlace: false))
        cluster.run(100)
        #expect(cluster.owner != nil)
        #expect(cluster.owner != owner)
    }

    @Test("that goes on with a tenure has a second to find the gate before it hands over")
    func restored() {
        let tenure = TenureRecord(
            term: Term(4),
            counted: [lb1, w1].map {
                Contribution(voter: $0, stamp: .ms(9_900), length: .milliseconds(500))
            },
            deadline: .ms(10_397),
            forced: false
        )
        let record = GroupRecord(group: web, highestUsed: Term(4), tenure: tenure)
        var talk = Conversation(
            .pair(lb1),
            memory: .settled(lb1Incarnation, records: [record])
        )
        talk.step(.gate(web, inPlace: false))
        talk.step(.interface(web, up: true))
        talk.addressesAdded()
        for beat in 1...10 {
            talk.greet(w1)
            if let grant = talk.grant(of: w1) { talk.hear(w1, grant) }
            talk.greet(lb2)
            talk.hear(lb2, .condition(Self.ready))
            #expect(inquiry(in: talk) == nil, "after \(beat) heartbeats")
            talk.pass(beat == 10 ? 99 : 100)
            talk.wake()
        }
        talk.pass(1)
        talk.wake()
        #expect(inquiry(in: talk) != nil)
    }
}
