import Testing
import VIPCore

/// docs/protocol.md, "Candidacy".
@Suite("A candidate")
struct CandidacyTests {
    func refused(
        _ talk: Conversation,
        _ voter: HostID,
        _ reason: RefusalReason,
        current: Holder? = nil,
        remaining: Double = 0,
        highest: UInt64 = 0
    ) throws -> Record {
        .refused(
            Refused(
                try #require(talk.request(to: voter)),
                because: reason,
                current: current,
                remaining: .ms(remaining),
                highestGranted: Term(highest)
            )
        )
    }

    func lease(_ holder: Holder, _ term: UInt64) -> Record {
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

    @Test("asks the others first, with a fresh term that is in the page before anybody hears of it")
    func asksOthersFirst() {
        var talk = Conversation.lonely()
        #expect(
            talk.greet(w1) == [
                "page: no grant, used 1, no tenure",
                "to lb2: request 1",
                "to w1: request 1",
            ]
        )
    }

    @Test("votes for itself when another has granted, and not before")
    func votesAfterwards() throws {
        var talk = Conversation.candidate()
        // Until then its own voter is free for others.
        talk.hear(lb2, lease(lb2Holder, 9))
        talk.greet(lb2)
        #expect(talk.hear(lb2, lease(lb2Holder, 9)).last == "to lb2: granted 9")
        // And then its own vote is refused like anybody's, so it gives up and says so.
        let lines = talk.hear(w1, try #require(talk.grant(of: w1)))
        #expect(lines.suffix(2) == ["to lb2: release 1", "to w1: release 1"])
        #expect(talk.state == .standby)
    }

    @Test(
        "does not ask while its own voter has a live grant, and does so as soon as that has ended"
    )
    func waitsForOwnVoter() {
        var talk = Conversation.lonely(.pair(lb2))
        talk.greet(lb1)
        talk.hear(lb1, lease(lb1Holder, 1))
        for _ in 1...4 {
            #expect(!talk.sleep(100).contains("to w1: request 2"))
            talk.greet(w1)
        }
        #expect(!talk.sleep(99.999).contains("to w1: request 2"))
        #expect(talk.sleep(0.001).contains("to w1: request 2"))
    }

    @Test("asks as soon as the owner has released the lease")
    func asksUponRelease() {
        var talk = Conversation.lonely(.pair(lb2))
        talk.greet(lb1)
        talk.hear(lb1, lease(lb1Holder, 1))
        talk.greet(w1)
        let lines = talk.hear(
            lb1,
            .release(Release(group: web, term: Term(1), holder: lb1Holder))
        )
        #expect(lines.last == "to w1: request 2")
    }

    @Test("does not ask while it hears no majority, or none that hears it")
    func hearsMajority() {
        var talk = Conversation.lonely()
        #expect(!talk.sleep(5000).contains { $0.contains("request") })
        #expect(!talk.greet(w1, hears: false).contains { $0.contains("request") })
        #expect(talk.greet(w1).contains("to w1: request 1"))
    }

    @Test("does not ask while it is unwell, without a link, in maintenance, or stopping")
    func readiness() {
        var talk = Conversation.lonely()
        talk.step(.health(web, healthy: false))
        #expect(talk.greet(w1) == [])
        talk.step(.interface(web, up: false))
        #expect(talk.step(.health(web, healthy: true)) == [])
        talk.step(.command(.maintenance(true), id: 1))
        #expect(talk.step(.interface(web, up: true)) == [])
        #expect(
            talk.step(.command(.maintenance(false), id: 2)) == [
                "header: incarnation 11, abstains until 0ms",
                "reply 2: done",
                "page: no grant, used 1, no tenure",
                "to lb2: request 1",
                "to w1: request 1",
            ]
        )
    }

    @Test(
        "asks again four heartbeats later where it takes an operator to change the answer",
        arguments: [RefusalReason.unknownGroup, .suspended, .voterSets, .highTerm]
    )
    func lastingRefusal(reason: RefusalReason) throws {
        var talk = Conversation.candidate()
        talk.greet(lb2)
        talk.hear(lb2, try refused(talk, lb2, reason, highest: 0))
        talk.hear(w1, try refused(talk, w1, reason, highest: 0))
        #expect(talk.state == .standby)
        for _ in 1...4 {
            #expect(!talk.sleep(99.9).contains { $0.contains("request") })
            talk.greet(w1)
        }
        #expect(talk.sleep(1).contains("to w1: request 2"))
    }

    @Test("does not ask before its interface is known to be up")
    func interfaceUnknown() {
        var talk = Conversation(.pair(lb1))
        talk.addressesRemoved()
        #expect(talk.greet(w1) == [])
    }

    @Test("gives up when it becomes unwell, and says so to all who may have granted")
    func becomesUnwell() {
        var talk = Conversation.candidate()
        #expect(
            talk.step(.health(web, healthy: false)) == [
                "to lb2: release 1", "to w1: release 1",
            ]
        )
    }

    @Test("without a majority gives up, frees its own vote, says so, and tries again in a new term")
    func givesUp() {
        var talk = Conversation.candidate()
        let lines = talk.sleep(101)
        #expect(lines.contains("to w1: release 1"))
        #expect(talk.state == .standby)
        talk.greet(w1)
        #expect(talk.sleep(126).contains("to w1: request 2"))
    }

    @Test("in a split vote gives back its own vote before it says so")
    func givesBackOwnVote() throws {
        // Five voters, three needed: itself and w1 are not enough.
        var settings = Settings.pair(lb1)
        settings.voters += [4, 5].map {
            Settings.Voter(id: HostID($0), role: .witness, paths: 1)
        }
        var talk = Conversation.lonely(settings)
        talk.greet(w1)
        talk.greet(HostID(4))
        talk.hear(w1, try #require(talk.grant(of: w1)))
        let lines = talk.sleep(101)
        let freed = try #require(
            lines.firstIndex(of: "page: grant lb1 1 freed, used 1, no tenure")
        )
        let said = try #require(lines.firstIndex(of: "to w1: release 1"))
        #expect(freed < said)
    }

    @Test("asks again when what stands in the way has ended, by the time that it was told")
    func asksAgainThen() throws {
        var talk = Conversation.candidate()
        talk.hear(w1, try refused(talk, w1, .held, current: lb2Holder, remaining: 40, highest: 5))
        #expect(!talk.sleep(39.9).contains("to w1: request 1"))
        #expect(talk.sleep(0.2).contains("to w1: request 1"))
    }

    @Test("waits for the whole of what remains if that is longer than a candidacy")
    func waitsLonger() throws {
        var talk = Conversation.candidate()
        talk.hear(w1, try refused(talk, w1, .held, current: lb2Holder, remaining: 400, highest: 5))
        var lines: [String] = []
        for _ in 1...4 {
            lines += talk.sleep(99.9)
            talk.greet(w1)
        }
        #expect(!lines.contains { $0.contains("request 2") })
        #expect(talk.sleep(1).contains("to w1: request 2"))
    }

    @Test("waits for no longer than its own lease, however long a voter says that it has to")
    func waitsOneLease() throws {
        var talk = Conversation.candidate()
        let refusal = try refused(
            talk,
            w1,
            .held,
            current: lb2Holder,
            remaining: 40_000,
            highest: 5
        )
        talk.hear(w1, refusal)
        var lines: [String] = []
        for _ in 1...5 {
            lines += talk.sleep(99.9)
            talk.greet(w1)
        }
        #expect(!lines.contains { $0.contains("request 2") })
        #expect(talk.sleep(1).contains("to w1: request 2"))
    }

    @Test("asks above what a voter has seen when that finds its term too low")
    func raisesTerm() throws {
        var talk = Conversation.candidate()
        #expect(
            talk.hear(w1, try refused(talk, w1, .lowTerm, highest: 41)) == [
                "page: no grant, used 42, no tenure",
                "to lb2: request 42",
                "to w1: request 42",
            ]
        )
    }

    @Test("counts no answer to an earlier term, and gives it back")
    func earlierTerm() throws {
        var talk = Conversation.candidate()
        let late = try #require(talk.grant(of: w1))
        talk.hear(w1, try refused(talk, w1, .lowTerm, highest: 41))
        #expect(talk.hear(w1, late) == ["to w1: release 1"])
        #expect(talk.addRequest == 0)
    }

    @Test("does not become owner by grants that have run out before they were counted")
    func lateMajority() throws {
        var talk = Conversation.candidate(.pair(lb1, heartbeat: .milliseconds(250)))
        let late = try #require(talk.grant(of: w1))
        talk.pass(boottime: 1, raw: 497)
        talk.hear(w1, late)
        #expect(talk.addRequest == 0)
    }

    @Test("yields two heartbeats to a ready node that ranks before it")
    func rank() {
        var talk = Conversation.lonely(.pair(lb2))
        talk.greet(lb1)
        let ready = Condition(group: web, owns: false, forced: false, term: .none, unready: nil)
        talk.hear(lb1, .condition(ready))
        talk.pass(100)
        talk.greet(lb1)
        talk.pass(99)
        #expect(!talk.greet(lb1).contains { $0.contains("request") })
        talk.pass(1)
        #expect(talk.wake().contains("to lb1: request 1"))
    }

    @Test("that has voted for nobody yet leaves an owner that it hears three heartbeats to renew")
    func owner() throws {
        var talk = Conversation.lonely(.pair(lb1))
        let owner = Condition(group: web, owns: true, forced: false, term: Term(7), unready: nil)
        talk.hear(lb2)
        talk.hear(lb2, .condition(owner))
        #expect(!talk.greet(lb2).contains { $0.contains("request") })
        talk.pass(299)
        talk.hear(lb2, .condition(owner))
        #expect(!talk.greet(lb2).contains { $0.contains("request") })
        // The renewal comes, and it votes for it like anybody.
        #expect(talk.hear(lb2, lease(lb2Holder, 7)).last == "to lb2: granted 7")

        // Or it does not, and that is all the time that it had.
        var silent = Conversation.lonely(.pair(lb1))
        silent.hear(lb2)
        silent.hear(lb2, .condition(owner))
        silent.greet(lb2)
        silent.pass(200)
        silent.hear(lb2, .condition(owner))
        silent.greet(lb2)
        silent.pass(100)
        #expect(silent.wake().contains("to lb2: request 1"))
    }

    @Test(
        "does not yield to a node that ranks behind it or is not well, nor as the preferred one"
    )
    func rankDoesNotYield() {
        let ready = Condition(group: web, owns: false, forced: false, term: .none, unready: nil)
        var behind = Conversation.lonely(.pair(lb1))
        behind.greet(lb2)
        #expect(behind.request(to: lb2)?.term == Term(1))

        var preferred = Conversation.lonely(.pair(lb2, prefer: lb2))
        preferred.hear(lb1)
        preferred.hear(lb1, .condition(ready))
        preferred.greet(lb1)
        #expect(preferred.request(to: lb1)?.term == Term(1))

        var unwell = ready
        unwell.unready = .unhealthy
        var alone = Conversation.lonely(.pair(lb2))
        alone.hear(lb1)
        alone.hear(lb1, .condition(unwell))
        alone.greet(lb1)
        #expect(alone.request(to: lb1)?.term == Term(1))
    }

    @Test("two that split the vote do not try again at the same time")
    func chanceSpreads() {
        var pauses: [Int] = []
        for seed in UInt64(1)...8 {
            var talk = Conversation(.pair(lb1), seed: seed)
            talk.addressesRemoved()
            talk.step(.interface(web, up: true))
            talk.greet(w1)
            talk.sleep(100)
            var pause = 0
            while talk.request(to: w1)?.term == Term(1) {
                pause += 1
                talk.pass(1)
                if pause % 50 == 0 { talk.greet(w1) } else { talk.wake() }
            }
            #expect((25...126).contains(pause))
            if !pauses.contains(pause) { pauses.append(pause) }
        }
        #expect(pauses.count >= 4)
    }
}
