import Testing
import VIPCore

/// One voter that goes wrong: what it says is believed no further than it can know it.
@Suite("A voter that goes wrong")
struct BeliefTests {
    static let ready = Condition(group: web, owns: false, forced: false, term: .none, unready: nil)

    /// lb1's renewal has just gone out, at 10,100 ms.
    func renewing() -> Conversation {
        var talk = Conversation.owner()
        talk.pass(100)
        talk.wake()
        return talk
    }

    // MARK: - Grants

    enum Exaggeration: CaseIterable {
        case anHourAhead, aheadByBoottime, aheadByRaw, endOfTime, thirtySeconds

        func of(_ question: Request) -> Granted {
            var granted = Granted(answering: question)
            let tick = Duration.nanoseconds(1)
            switch self {
            case .anHourAhead: granted.stamp = question.stamp + .seconds(3600)
            case .aheadByBoottime: granted.stamp.boottime = question.stamp.boottime + tick
            case .aheadByRaw: granted.stamp.raw = question.stamp.raw + tick
            case .endOfTime:
                let end = Instant(Duration.nanoseconds(Int64.max))
                granted.stamp = Reading(boottime: end, raw: end)
            case .thirtySeconds: granted.length = .seconds(30)
            }
            return granted
        }
    }

    @Test(
        "does not make an owner serve for longer than it was asked for",
        arguments: Exaggeration.allCases
    )
    func exaggeratedRenewal(how: Exaggeration) throws {
        var talk = renewing()
        #expect(talk.hear(w1, .granted(how.of(try #require(talk.request(to: w1))))) == [])
        #expect(talk.agent.drops(for: .implausible) == 1)
        talk.sleep(346.802)
        #expect(talk.serves)
        talk.sleep(0.002)
        #expect(!talk.serves)
    }

    @Test("does not make a candidate an owner", arguments: Exaggeration.allCases)
    func exaggeratedGrant(how: Exaggeration) throws {
        var talk = Conversation.candidate()
        talk.hear(w1, .granted(how.of(try #require(talk.request(to: w1)))))
        #expect(talk.agent.drops(for: .implausible) == 1)
        #expect(talk.addRequest == 0)
    }

    @Test("is not counted by a process that reads it in the page", arguments: 0..<4)
    func exaggeratedPage(fault: Int) {
        var stamp = Reading.ms(9_900)
        var deadline = Reading(boottime: .ms(10_346.803), raw: .ms(10_397))
        var length = Duration.milliseconds(500)
        switch fault {
        case 0: stamp = .ms(10_001)
        case 1: deadline = .ms(40_001)
        case 2: length = .seconds(31)
        default: break
        }
        let tenure = TenureRecord(
            term: Term(4),
            counted: [lb1, w1].map { Contribution(voter: $0, stamp: stamp, length: length) },
            deadline: deadline,
            forced: false
        )
        let record = GroupRecord(group: web, highestUsed: Term(4), tenure: tenure)
        let talk = Conversation(.pair(lb1), memory: .settled(lb1Incarnation, records: [record]))
        let lines = Transcript.lines(talk.effects)
        #expect(lines.contains("close gate") == (fault < 3))
        #expect(lines.contains("add addresses #1") == (fault == 3))
    }

    // MARK: - Terms

    func lowTerm(_ talk: Conversation, highest: UInt64) throws -> Record {
        let request = try #require(talk.request(to: w1))
        return .refused(Refused(request, because: .lowTerm, highestGranted: Term(highest)))
    }

    @Test("leads an owner 2^20 terms a heartbeat at most, to where the others follow")
    func farTerm() throws {
        var talk = renewing()
        #expect(
            talk.hear(w1, try lowTerm(talk, highest: 1 + 1 << 32)).last == "to w1: request 1048578"
        )
        #expect(talk.hear(w1, try lowTerm(talk, highest: 1 + 1 << 32)) == [])
        talk.pass(100)
        talk.wake()
        #expect(
            talk.hear(w1, try lowTerm(talk, highest: 1 + 1 << 32)).last == "to w1: request 2097155"
        )
        #expect(talk.serves)
    }

    @Test("makes an owner raise its term once a heartbeat, however often it says so")
    func oneRaise() throws {
        var talk = renewing()
        #expect(talk.hear(w1, try lowTerm(talk, highest: 2)).last == "to w1: request 3")
        for _ in 1...9 {
            talk.pass(1)
            #expect(talk.hear(w1, try lowTerm(talk, highest: 3)) == [])
        }
        talk.pass(91)
        talk.wake()
        #expect(talk.hear(w1, try lowTerm(talk, highest: 3)).last == "to w1: request 4")
        #expect(talk.serves)
    }

    @Test("is followed by a candidate once a heartbeat, 2^20 terms at a time")
    func candidateFollows() throws {
        var talk = Conversation.candidate()
        #expect(
            talk.hear(w1, try lowTerm(talk, highest: 1 + 1 << 20)).last
                == "to w1: request 1048578"
        )
        #expect(talk.hear(w1, try lowTerm(talk, highest: 1 + 1 << 21)) == [])

        // Further than that it comes in more than one candidacy.
        talk = Conversation.candidate()
        #expect(talk.hear(w1, try lowTerm(talk, highest: 1 + 1 << 32)) == [])
        talk.sleep(101)
        talk.greet(w1)
        #expect(talk.sleep(126).contains("to w1: request 1048578"))
    }

    @Test("is approached by a voter that is behind, which grants in the end")
    func voterFollows() {
        var talk = Conversation.witness()
        func asked(_ term: UInt64) -> String? {
            talk.hear(
                lb1,
                .request(
                    Request(
                        group: web,
                        term: Term(term),
                        holder: lb1Holder,
                        length: .milliseconds(500),
                        stamp: .ms(1)
                    )
                )
            ).last
        }
        #expect(asked(1 << 25) == "to lb1: refused 33554432 highTerm")
        talk.pass(99)
        #expect(asked(1 << 25) == "to lb1: refused 33554432 highTerm")
        talk.pass(1)
        #expect(asked(1 << 25) == "to lb1: granted 33554432")
    }

    @Test(
        "has used up all terms: nobody traps, nobody asks",
        arguments: [Term.greatest, Term(.max)]
    )
    func termsUsedUp(term: Term) {
        var memory = Memory.settled(lb1)
        memory.highestTerms = [(web, term)]
        var talk = Conversation.lonely(memory: memory)
        #expect(
            talk.step(.command(.takeover(web), id: 7)) == [
                "reply 7: refused(VIPCore.CommandRefusal.termsUsedUp)"
            ]
        )
        talk.greet(w1)
        #expect(!talk.sleep(1000).contains { $0.contains("request") })
        #expect(Term.greatest.next == .greatest)
    }

    // MARK: - Appeals

    /// lb2 is ready to succeed lb1, the owner.
    func withSuccessor() -> Conversation {
        var talk = Conversation.owner()
        talk.greet(lb2)
        talk.hear(lb2, .condition(Self.ready))
        return talk
    }

    func appeal(_ number: UInt64) -> Record {
        .appeal(Appeal(group: web, number: number, successor: lb2))
    }

    @Test("as a witness has no operator: its appeals move nothing")
    func witnessAppeals() {
        var talk = withSuccessor()
        #expect(talk.hear(w1, appeal(5)) == [])
        #expect(talk.agent.drops(for: .implausible) == 1)
        #expect(talk.serves)
    }

    @Test("as a node moves a group by its appeals once in two seconds")
    func appealTooSoon() throws {
        var talk = withSuccessor()
        #expect(talk.hear(lb2, appeal(5)) == ["to lb2: inquiry; appeal answered yes"])
        var number: UInt64 = 0
        for case .inquiry(let inquiry) in talk.records(to: lb2) { number = inquiry.number }
        talk.hear(lb2, .declined(group: web, number: number, because: .busy))
        talk.hear(lb2, .condition(Self.ready))
        #expect(talk.hear(lb2, appeal(6)) == ["to lb2: appeal answered tooSoon"])
        for beat in 1...20 {
            if beat == 20 {
                talk.pass(99)
                #expect(talk.hear(lb2, appeal(7)).last?.contains("tooSoon") == true)
                talk.pass(1)
            } else {
                talk.pass(100)
            }
            talk.greet(w1)
            talk.hear(w1, try #require(talk.grant(of: w1)))
            talk.greet(lb2)
            talk.hear(lb2, .condition(Self.ready))
        }
        #expect(talk.hear(lb2, appeal(8)).last == "to lb2: inquiry; appeal answered yes")
    }

    @Test("as a node moves no group by appeals that changes hands too often")
    func appealHeldDown() {
        var cluster = Cluster()
        for (owner, target) in [(lb1, lb2), (lb2, lb1), (lb1, lb2), (lb2, lb1)] {
            _ = cluster.command(owner, .switchover(web, to: target))
            #expect(cluster.owner == target)
        }
        #expect(cluster.command(lb2, .switchover(web, to: lb2))?.contains("heldDown") == true)
        #expect(cluster.owner == lb1)
    }

    // MARK: - Challenges

    @Test("and has another challenge in each frame is greeted once in a quarter of a heartbeat")
    func greetings() {
        var talk = Conversation.witness()
        var greetings = 0
        for _ in 1...200 {
            talk.pass(0.25)
            talk.parts[0].challenge += 1
            talk.hear(lb1)
            for case .send(let frame) in talk.effects where frame.receiver == lb1 {
                greetings += frame.records.isEmpty ? 0 : 1
            }
        }
        #expect(greetings == 2)
    }
}
