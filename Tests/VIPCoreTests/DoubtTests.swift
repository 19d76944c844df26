import Testing
import VIPCore

/// An owner that another host's word stands against: its own clocks may have stood still.
@Suite("An owner in doubt")
struct DoubtTests {
    /// lb1 owns in term 1. At 10,001 ms lb2 says that it owns the group in term 9.
    func doubted() -> Conversation {
        var talk = Conversation.owner()
        talk.greet(lb2)
        talk.pass(1)
        talk.hear(lb2, .condition(Self.claim(9)))
        return talk
    }

    static func claim(_ term: UInt64) -> Condition {
        Condition(group: web, owns: true, forced: false, term: Term(term), unready: nil)
    }

    @Test("closes the gate at once, ends the tenure in the page, and asks the voters anew")
    func closes() {
        let talk = doubted()
        #expect(
            Transcript.lines(talk.effects) == [
                "close gate",
                "page: grant lb1 1 until 10500ms, used 1, tenure 1 until 10001ms",
                "to lb2: request 1",
                "to w1: request 1",
            ]
        )
        #expect(talk.reports.contains(.tenureDoubted(web, by: lb2, term: Term(9))))
        #expect(!talk.serves)
        #expect(talk.request(to: w1)?.stamp == .ms(10_001))
    }

    @Test("opens it when a majority has granted what was asked after the word: a round trip later")
    func outlasts() throws {
        var talk = doubted()
        talk.pass(1)
        #expect(
            talk.hear(w1, try #require(talk.grant(of: w1))) == [
                "page: grant lb1 1 until 10501ms, used 1, tenure 1 until 10447.803ms",
                "open gate until 10447.803ms",
            ]
        )
        #expect(talk.serves)
    }

    @Test("does not open it for an answer to what was asked before")
    func earlierAnswer() throws {
        var talk = Conversation.owner()
        talk.greet(lb2)
        talk.pass(100)
        talk.wake()
        let early = try #require(talk.grant(of: w1))
        talk.pass(1)
        talk.hear(lb2, .condition(Self.claim(9)))
        #expect(!talk.hear(w1, early).contains { $0.hasPrefix("open gate") })
        #expect(!talk.serves)
        #expect(
            talk.hear(w1, try #require(talk.grant(of: w1))).last == "open gate until 10547.803ms"
        )
    }

    @Test("lets go by its deadline when no majority answers: the word was true")
    func trueWord() throws {
        var talk = doubted()
        let refused = Refused(
            try #require(talk.request(to: w1)),
            because: .held,
            current: lb2Holder,
            remaining: .milliseconds(300),
            highestGranted: Term(9)
        )
        #expect(talk.hear(w1, .refused(refused)).contains("remove addresses #3"))

        var unanswered = doubted()
        #expect(unanswered.sleep(446).contains("remove addresses #3"))
        #expect(!unanswered.effects.contains { if case .openGate = $0 { true } else { false } })
    }

    @Test("that is killed in the middle of it does not go on: the page says that its lease is over")
    func restart() throws {
        let talk = doubted()
        var last: GroupRecord?
        for case .writeRecord(let record) in talk.effects { last = record }
        let record = try #require(last)
        let next = Conversation(
            .pair(lb1),
            memory: .settled(lb1Incarnation, records: [record]),
            at: .ms(10_001)
        )
        #expect(
            Transcript.lines(next.effects) == [
                "page: grant lb1 1 until 10500ms, used 1, no tenure",
                "close gate",
                "remove addresses #1",
            ]
        )
    }

    @Test("is in none for a word in a term that is not above its own", arguments: [UInt64(1), 0])
    func lowerTerm(below: UInt64) {
        var talk = Conversation.owner()
        talk.hear(lb2)
        #expect(talk.hear(lb2, .condition(Self.claim(max(1, below)))) == [])
        #expect(talk.serves)
    }

    @Test("closes it once a heartbeat at most: a liar may say so in each frame")
    func onceAHeartbeat() throws {
        var talk = doubted()
        talk.hear(w1, try #require(talk.grant(of: w1)))
        talk.pass(99)
        #expect(!talk.hear(lb2, .condition(Self.claim(10))).contains("close gate"))
        #expect(talk.serves)
        talk.pass(1)
        #expect(talk.hear(lb2, .condition(Self.claim(11))).contains("close gate"))
    }

    @Test("asks once for a word that is repeated before the voters have answered")
    func repeated() {
        var talk = doubted()
        talk.pass(0.1)
        #expect(talk.hear(lb2, .condition(Self.claim(10))) == [])
    }
}
