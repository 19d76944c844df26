import Testing
import VIPCore

/// docs/protocol.md, "Who silences a host whose agent can't". With a lease of 6 s, a drift of 0.2 %
/// and a margin of 1 ms a voter contributes 5,371.525 ms by BOOTTIME; a lifetime of 2 s and the
/// kernel's 1.3 s end with it if they begin within 2,071.525 ms of the stamp.
@Suite("Address lifetimes, where there is no gate")
struct LifetimeTests {
    func settings(_ me: HostID = lb1) -> Settings {
        .pair(
            me,
            heartbeat: .milliseconds(500),
            lease: .seconds(6),
            enforcement: .lifetimes
        )
    }

    func timing(lease: Duration, heartbeat: Duration) -> Timing {
        Timing(
            heartbeat: heartbeat,
            lease: lease,
            driftPartsPerMillion: 2000,
            margin: .milliseconds(1)
        )
    }

    // MARK: - Which lifetime

    @Test(
        "are as long as the lease has room for, and refreshed five times in two of them",
        arguments: [
            (4_915, 500, 2_000, 1_000), (6_000, 500, 2_000, 1_000), (7_000, 1_000, 3_000, 1_200),
            (10_000, 1_000, 5_000, 2_000), (20_000, 1_000, 10_000, 4_000),
            (30_000, 15_000, 10_000, 4_000), (10_000, 5_000, 2_000, 1_000),
        ]
    )
    func choice(lease: Int, heartbeat: Int, valid: Int, refresh: Int) {
        let timing = timing(lease: .milliseconds(lease), heartbeat: .milliseconds(heartbeat))
        #expect(
            timing.enforceableLifetime
                == AddressLifetime(
                    valid: .milliseconds(valid),
                    refreshInterval: .milliseconds(refresh)
                )
        )
    }

    @Test("enforce no lease that is shorter than what they say is the shortest")
    func shortest() {
        let second = timing(lease: .milliseconds(4_914), heartbeat: .seconds(1))
        #expect(second.enforceableLifetime == nil)
        #expect(second.shortestEnforceableLease == .milliseconds(4_915))
        let two = timing(lease: .milliseconds(6_031), heartbeat: .seconds(2))
        #expect(two.enforceableLifetime == nil)
        #expect(two.shortestEnforceableLease == .milliseconds(6_032))
        let usual = timing(lease: .milliseconds(500), heartbeat: .milliseconds(100))
        #expect(usual.enforceableLifetime == nil)
    }

    @Test("are ten seconds, whenever asked for, where something else enforces the lease")
    func otherEnforcement() {
        for enforcement in [Enforcement.gate, .agent] {
            var talk = Conversation.candidate(.pair(lb1, enforcement: enforcement))
            if let grant = talk.grant(of: w1) { talk.hear(w1, grant) }
            #expect(
                talk.effects.contains(
                    .addAddresses(web, request: 2, lifetime: .seconds(10), before: nil)
                )
            )
        }
    }

    // MARK: - When

    @Test("end with the lease that the addresses are added under")
    func opening() throws {
        var talk = Conversation.candidate(settings())
        let grant = try #require(talk.grant(of: w1))
        #expect(
            talk.hear(w1, grant) == [
                "record term 1",
                "page: grant lb1 1 until 16000ms, used 1, tenure 1 until 15371.525ms",
                "close gate",
                "add addresses #2 for 2000ms before 12071.525ms",
            ]
        )
        talk.pass(10)
        #expect(talk.addressesAdded() == ["open gate until 15371.525ms", "announce"])
        talk.greet(w1)
        // A second after the last refresh, under what the renewals since have brought.
        let lines = talk.sleep(985)
        #expect(!lines.contains { $0.hasPrefix("add") })
        if let grant = talk.grant(of: w1) { talk.hear(w1, grant) }
        #expect(talk.sleep(10).contains("add addresses #3 for 2000ms before 12946.525ms"))
    }

    @Test("are put off while the lease that is left is too short, until a renewal has extended it")
    func putOff() throws {
        var talk = Conversation.owner(settings())
        // The witness does not answer; the refresh at 11,000 ms is the last that the lease allows.
        #expect(talk.sleep(1_971).contains("add addresses #3 for 2000ms before 12071.525ms"))
        #expect(!talk.sleep(2_000).contains { $0.hasPrefix("add") })
        talk.greet(w1)
        let grant = try #require(talk.grant(of: w1))
        talk.pass(1)
        talk.hear(w1, grant)
        #expect(talk.asksForAddresses)
    }

    @Test("that the shell came to too late are asked for again when the next renewal allows it")
    func late() throws {
        var talk = Conversation.candidate(settings())
        talk.hear(w1, try #require(talk.grant(of: w1)))
        talk.pass(2_100)
        #expect(
            !talk.step(.addressesLate(web, request: talk.addRequest)).contains {
                $0.hasPrefix("add")
            }
        )
        #expect(!talk.serves)
        talk.greet(w1)
        let grant = try #require(talk.grant(of: w1))
        #expect(talk.hear(w1, grant).contains { $0.hasPrefix("add addresses #3 for 2000ms") })
        #expect(talk.addressesAdded().contains("announce"))
        #expect(talk.serves)
    }

    @Test("of a tenure that is gone on with are put off until a voter has answered")
    func restored() throws {
        let tenure = TenureRecord(
            term: Term(4),
            counted: [lb1, w1].map {
                Contribution(voter: $0, stamp: .ms(7_000), length: .seconds(6))
            },
            deadline: Reading(boottime: .ms(12_371.525), raw: .ms(12_975)),
            forced: false
        )
        let record = GroupRecord(group: web, highestUsed: Term(4), tenure: tenure)
        var talk = Conversation(settings(), memory: .settled(lb1Incarnation, records: [record]))
        #expect(!talk.asksForAddresses)
        talk.greet(w1)
        let grant = try #require(talk.grant(of: w1))
        let lines = talk.hear(w1, grant)
        #expect(lines.contains("add addresses #1 for 2000ms before 12071.525ms"))
        // The process before may have relied on a gate, and its addresses last for longer.
        #expect(!lines.contains { $0.hasPrefix("open gate") })
        #expect(talk.addressesAdded().contains("open gate until 15371.525ms"))
    }

    @Test("can't be lowered: when a struck voter shortens the lease, the addresses go at once")
    func lowered() throws {
        var talk = Conversation.owner(settings())
        talk.greet(lb2)
        // By lb2's word the lease is what it was; w1's makes it longer.
        let first = try #require(talk.grant(of: lb2))
        talk.hear(lb2, first)
        talk.pass(500)
        talk.greet(w1)
        talk.wake()
        talk.hear(w1, try #require(talk.grant(of: w1)))
        #expect(talk.sleep(510).contains { $0.hasPrefix("add addresses") })
        talk.greet(w1)
        let refused = Refused(
            try #require(talk.request(to: w1)),
            because: .held,
            current: lb2Holder,
            remaining: .seconds(3),
            highestGranted: Term(9)
        )
        let lines = talk.hear(w1, .refused(refused))
        #expect(Array(lines.dropFirst().prefix(2)) == ["close gate", "remove addresses #4"])
    }

    @Test("of an owner by force outlast no majority that confirms it")
    func forced() throws {
        var talk = Conversation.lonely(settings())
        talk.step(.command(.takeover(web), id: 7))
        talk.addressesAdded()
        // Refreshed at 11,000 ms, under the own vote of that instant.
        talk.sleep(1_000)
        let asked = try #require(talk.request(to: w1))
        talk.sleep(300)
        talk.greet(w1)
        var old = Granted(answering: asked)
        old.stamp = .ms(10_500)
        talk.hear(w1, .granted(old))
        #expect(talk.agent.status(at: talk.now).groups.first?.forced == true)
        talk.hear(w1, try #require(talk.grant(of: w1)))
        #expect(talk.agent.status(at: talk.now).groups.first?.forced == false)
    }

    @Test("let an owner sleep while a refresh waits for a renewal")
    func noSpin() {
        var talk = Conversation.owner(settings())
        talk.sleep(1_980)
        var steps = 0
        let end = talk.now + .ms(1_000)
        while steps < 1_000, let due = talk.agent.wakeUp(at: talk.now), due < end.boottime {
            if due > talk.now.boottime { talk.pass((due - talk.now.boottime) / .milliseconds(1)) }
            talk.wake()
            steps += 1
        }
        #expect((2...40).contains(steps))
    }
}
