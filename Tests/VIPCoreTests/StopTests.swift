import Testing
import VIPCore

/// SIGSTOP, later SIGCONT.
@Suite("An owner that was stopped for longer than its lease")
struct StopTests {
    /// Its renewal was sent before the stop; what came meanwhile is read after it.
    func stopped() throws -> (Conversation, [Frame]) {
        var talk = Conversation.owner()
        talk.greet(lb2)
        talk.pass(100)
        talk.wake()
        let answer = try #require(talk.grant(of: w1))
        let owns = Condition(group: web, owns: true, forced: false, term: Term(2), unready: .busy)
        let waiting = [
            talk.frame(from: w1, [answer, .presence(talk.presence())]),
            talk.frame(from: lb2, [.presence(talk.presence())]),
            talk.frame(from: lb2, [.condition(owns)]),
        ]
        talk.pass(15_000)
        return (talk, waiting)
    }

    /// Whether the last step did anything that only an owner does.
    func actsAsOwner(_ talk: Conversation) -> Bool {
        talk.effects.contains { isForTheOldTenure($0) }
    }

    func isForTheOldTenure(_ effect: Effect) -> Bool {
        switch effect {
        case .openGate, .addAddresses, .announce: true
        case .send(let frame):
            frame.records.contains { record in
                if case .request = record { true } else { false }
            }
        case .writeHeader, .writeRecord, .closeGate, .removeAddresses, .recordLease, .recordTerm,
            .recordVoters, .reply, .report, .exit:
            false
        }
    }

    @Test("looks at the clock first, and lets go, whatever frame it reads first", arguments: 0..<3)
    func frames(first: Int) throws {
        var (talk, waiting) = try stopped()
        let lines = talk.hear(waiting[first])
        #expect(
            Array(lines.prefix(3)) == [
                "page: grant lb1 1 until 10600ms, used 1, no tenure",
                "close gate",
                "remove addresses #3",
            ]
        )
        #expect(!actsAsOwner(talk))
        for frame in waiting {
            talk.hear(frame)
            #expect(!actsAsOwner(talk))
        }
    }

    @Test("does so for every other event too, the kernel's late word for the addresses included")
    func otherEvents() throws {
        let events: [Event] = [
            .wake, .addressesAdded(web, request: 2, failed: false),
            .addressesFound(web, all: false, some: false), .interface(web, up: true),
            .gate(web, inPlace: true), .command(.announce(web), id: 1),
            .addressesLate(web, request: 2),
        ]
        for event in events {
            var (talk, _) = try stopped()
            talk.step(event)
            #expect(talk.effects.contains(.closeGate(web)), "\(event)")
            #expect(!actsAsOwner(talk), "\(event)")
        }
    }
}
