import Testing
import VIPCore

/// docs/protocol.md, "Sessions": who is heard, and that a recording changes nothing.
@Suite("A session")
struct SessionTests {
    func request(_ term: UInt64, _ holder: Holder = lb1Holder) -> Record {
        .request(
            Request(
                group: web,
                term: Term(term),
                holder: holder,
                length: .milliseconds(500),
                stamp: .ms(1)
            )
        )
    }

    @Test("is read only once it has answered a challenge of this process")
    func challenge() {
        var talk = Conversation(.pair(w1))
        var frame = talk.frame(from: lb1, [request(5)])
        frame.proof = 0
        #expect(talk.hear(frame) == [])
        #expect(talk.agent.drops(for: .unproven) == 1)
        #expect(talk.hear(lb1, request(5)).last == "to lb1: granted 5")
    }

    @Test("is challenged with its own challenge repeated, so one exchange does for both")
    func mutual() {
        var talk = Conversation(.pair(w1))
        var frame = talk.frame(from: lb1)
        frame.proof = 0
        talk.hear(frame)
        var answers: [Frame] = []
        for case .send(let answer) in talk.effects where answer.receiver == lb1 {
            answers.append(answer)
        }
        #expect(answers.count == 1)
        #expect(answers.first?.proof == frame.challenge)
        #expect(answers.first?.challenge != 0)
    }

    @Test("is challenged at most once a millisecond, whatever is thrown at it")
    func challengesAreBounded() {
        var talk = Conversation(.pair(w1))
        var answers = 0
        for _ in 0..<1000 {
            talk.pass(0.01)
            var frame = talk.frame(from: lb1)
            frame.proof = 12345
            talk.hear(frame)
            for case .send(let answer) in talk.effects where answer.records.isEmpty {
                answers += answer.receiver == lb1 ? 1 : 0
            }
        }
        #expect((1...10).contains(answers))
    }

    @Test("has its duplicates dropped, over the same path and over another")
    func duplicates() {
        var talk = Conversation.witness(.pair(w1, paths: 2))
        var frame = talk.frame(from: lb1, [request(5)])
        #expect(talk.hear(frame).last == "to lb1: granted 5")
        #expect(talk.hear(frame) == [])
        frame.path = 1
        #expect(talk.hear(frame) == [])
        #expect(talk.agent.drops(for: .duplicate) == 2)
        #expect(talk.agent.status(at: talk.now).voters[0].paths.map(\.heard) == [true, true])
    }

    @Test("has what comes out of order dropped")
    func outOfOrder() {
        var talk = Conversation.witness()
        let older = talk.frame(from: lb1, [request(5)])
        let newer = talk.frame(from: lb1, [request(6)])
        #expect(talk.hear(newer).last == "to lb1: granted 6")
        #expect(talk.hear(older) == [])
    }

    @Test("is not kept alive by old frames of a path that had swallowed them")
    func lateCopies() {
        var talk = Conversation.witness(.pair(w1, paths: 2))
        var swallowed: [Frame] = []
        for _ in 1...20 {
            talk.pass(100)
            var frame = talk.frame(from: lb1)
            talk.hear(frame)
            frame.path = 1
            swallowed.append(frame)
        }
        for frame in swallowed {
            talk.pass(100)
            talk.hear(frame)
        }
        #expect(talk.agent.status(at: talk.now).voters[0].heard == false)
    }

    @Test(
        "recorded frames of every kind change nothing, whoever has restarted since",
        arguments: 0..<3
    )
    func replay(whoRestarted: Int) {
        // Record a whole life: lb2 as standby and successor, lb1 as owner, w1 as voter.
        var talk = Conversation.lonely(.pair(lb2))
        talk.greet(lb1)
        talk.greet(w1)
        talk.hear(lb1, request(5))
        talk.hear(lb1, .inquiry(Inquiry(group: web, number: 600, highestTerm: Term(5))))
        talk.hear(lb1, .appeal(Appeal(group: web, number: 3, successor: nil)))
        talk.hear(lb1, .declined(group: web, number: 600, because: .busy))
        talk.hear(
            lb1,
            .condition(
                Condition(group: web, owns: true, forced: false, term: Term(5), unready: nil)
            )
        )
        talk.hear(lb1, .release(Release(group: web, term: Term(5), holder: lb1Holder)))
        if let grant = talk.grant(of: w1) { talk.hear(w1, grant) }
        talk.hear(w1, .released(group: web, term: Term(5), holder: lb2Holder))
        let recorded = talk.sent

        switch whoRestarted {
        case 0: break
        case 1:
            // The peers have other processes now.
            talk.restart(lb1)
            talk.restart(w1)
            talk.greet(lb1)
            talk.greet(w1)
        default:
            // This host has.
            talk = Conversation.lonely(.pair(lb2), memory: .settled(lb2Incarnation), seed: 2)
            talk.greet(lb1)
            talk.greet(w1)
        }
        talk.wake()
        let before = talk.agent.status(at: talk.now)
        for frame in recorded {
            #expect(talk.hear(frame) == [])
            let changes = talk.effects.filter { effect in
                if case .send(let frame) = effect { return !frame.records.isEmpty }
                return true
            }
            #expect(changes == [])
        }
        #expect(talk.agent.status(at: talk.now) == before)
    }

    @Test("a voter that restarted is asked again as soon as it has introduced itself")
    func restartedVoter() {
        var talk = Conversation.owner()
        talk.pass(25)
        talk.restart(w1)
        var lines = talk.hear(w1)
        lines += talk.hear(w1)
        #expect(lines == ["announce", "to lb2: request 1", "to w1: request 1"])
    }

    @Test("two live hosts with one name are refused and reported")
    func duplicateName() {
        var talk = Conversation.witness()
        // The second host introduces itself; then the first one goes on.
        let first = talk.parts[0]
        talk.restart(lb1)
        talk.hear(lb1)
        talk.hear(lb1)
        let second = talk.parts[0]
        talk.pass(2)
        talk.parts[0] = first
        talk.parts[0].sequence += 10
        talk.hear(lb1)
        talk.hear(lb1)
        #expect(talk.reports.contains(.duplicateName(lb1)))
        #expect(talk.hear(lb1, request(5)) == [])
        talk.parts[0] = second
        #expect(talk.hear(lb1, request(6)) == [])
        #expect(talk.agent.drops(for: .duplicateName) == 3)
        #expect(talk.agent.status(at: talk.now).voters[0].duplicateName)
    }

    @Test("a restarted host is not taken for a second one, however often it restarts")
    func restartsAreNoDuplicates() {
        var talk = Conversation.witness()
        for term in UInt64(1)...20 {
            talk.pass(600)
            talk.restart(lb1)
            talk.greet(lb1)
            #expect(talk.hear(lb1, request(term)).last == "to lb1: granted \(term)")
        }
        #expect(talk.agent.drops(for: .duplicateName) == 0)
    }

    @Test("frames for others, by strangers, by oneself, or over no path are dropped with a reason")
    func strangers() {
        var talk = Conversation.witness()
        var frame = talk.frame(from: lb1, [request(5)])
        frame.receiver = lb2
        talk.hear(frame)
        #expect(talk.agent.drops(for: .notForUs) == 1)

        frame = talk.frame(from: lb1, [request(5)])
        frame.sender = w1
        talk.hear(frame)
        #expect(talk.agent.drops(for: .ownName) == 1)

        frame = talk.frame(from: lb1, [request(5)])
        frame.sender = HostID(77)
        talk.hear(frame)
        #expect(talk.agent.drops(for: .unknownSender) == 1)

        frame = talk.frame(from: lb1, [request(5)])
        frame.path = 1
        talk.hear(frame)
        #expect(talk.agent.drops(for: .unknownPath) == 1)
    }

    @Test("an owner is not renewed by an answer to a process that is no more")
    func answerToEarlierProcess() throws {
        var talk = Conversation.owner()
        talk.pass(100)
        talk.wake()
        let answer = talk.frame(from: w1, [try #require(talk.grant(of: w1))])
        let tenure = TenureRecord(
            term: Term(1),
            counted: [lb1, w1].map {
                Contribution(voter: $0, stamp: .ms(10_000), length: .milliseconds(500))
            },
            deadline: .ms(10_497),
            forced: false
        )
        let record = GroupRecord(
            group: web,
            grant: Grant(holder: lb1Holder, term: Term(1), expiry: .ms(10_600), released: false),
            highestGranted: Term(1),
            highestUsed: Term(1),
            tenure: tenure
        )
        var again = Conversation(
            .pair(lb1),
            memory: .settled(lb1Incarnation, records: [record]),
            at: .ms(10_150),
            seed: 2
        )
        again.addressesAdded()
        #expect(again.hear(answer) == [])
        #expect(
            again.agent.status(at: again.now).groups[0].leaseRemaining == .microseconds(296_803)
        )
    }
}
