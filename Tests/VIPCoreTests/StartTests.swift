import Testing
import VIPCore

/// docs/protocol.md, "What is remembered, and where".
@Suite("A process that starts")
struct StartTests {
    /// lb1's page as a process left it that owned in term 4 and was killed at 9,950 ms.
    func record(
        group: GroupID = web,
        tenure: Bool = true,
        deadline: Double = 10_397,
        released: Bool = false
    ) -> GroupRecord {
        let voters = [lb1, w1]
        return GroupRecord(
            group: group,
            grant: Grant(
                holder: lb1Holder,
                term: Term(4),
                expiry: .ms(deadline + 3),
                released: released
            ),
            highestGranted: Term(4),
            highestUsed: Term(4),
            tenure: tenure
                ? TenureRecord(
                    term: Term(4),
                    counted: voters.map {
                        Contribution(
                            voter: $0,
                            stamp: .ms(deadline - 497),
                            length: .milliseconds(500)
                        )
                    },
                    deadline: Reading(boottime: .ms(deadline - 50.197), raw: .ms(deadline)),
                    forced: false
                ) : nil
        )
    }

    func restarted(
        _ record: GroupRecord,
        _ settings: Settings = .pair(lb1)
    ) -> Conversation {
        Conversation(settings, memory: .settled(lb1Incarnation, records: [record]))
    }

    @Test("within its lease is the same holder in the same term, and leaves gate and addresses")
    func restored() throws {
        var talk = restarted(record())
        #expect(
            Transcript.lines(talk.effects) == [
                "add addresses #1",
                "to lb2: request 4",
                "to w1: request 4",
            ]
        )
        #expect(talk.request(to: w1)?.holder == lb1Holder)
        #expect(
            talk.reports.first == .restored(web, term: Term(4), remaining: .microseconds(346_803))
        )
        #expect(
            talk.addressesAdded() == [
                "page: grant lb1 4 until 10500ms, used 4, tenure 4 until 10346.803ms",
                "open gate until 10346.803ms",
                "announce",
            ]
        )
    }

    @Test("within its lease asks each voter as soon as that has introduced itself")
    func renewsAtOnce() throws {
        var talk = restarted(record())
        talk.addressesAdded()
        talk.pass(1)
        #expect(talk.greet(w1) == ["to w1: request 4"])
        #expect(talk.request(to: w1)?.stamp == .ms(10_001))
        #expect(
            talk.hear(w1, try #require(talk.grant(of: w1))).last == "open gate until 10446.803ms"
        )
    }

    @Test("a nanosecond after its deadline clears gate and addresses away, and asks nobody")
    func tooLate() {
        let talk = restarted(record(deadline: 10_000))
        #expect(
            Transcript.lines(talk.effects) == [
                "page: grant lb1 4 until 10003ms, used 4, no tenure",
                "close gate",
                "remove addresses #1",
            ]
        )
    }

    @Test("takes the deadline by both clocks: a suspend since then ends the lease")
    func suspendedMeanwhile() {
        let talk = Conversation(
            .pair(lb1),
            memory: .settled(lb1Incarnation, records: [record()]),
            at: Reading(boottime: .ms(10_346.803), raw: .ms(10_000))
        )
        #expect(Transcript.lines(talk.effects).contains("close gate"))
    }

    @Test("closes the gate before anything else though the page shows no tenure at all")
    func leftoverGate() {
        let talk = Conversation(.pair(lb1))
        #expect(Transcript.lines(talk.effects) == ["close gate", "remove addresses #1"])
    }

    @Test("releases what its own voter still grants it, once the addresses are off")
    func leftoverGrant() {
        var talk = restarted(record(tenure: false))
        #expect(Transcript.lines(talk.effects) == ["close gate", "remove addresses #1"])
        #expect(
            talk.drained() == [
                "page: grant lb1 4 freed, used 4, no tenure",
                "to lb2: release 4",
                "to w1: release 4",
            ]
        )
    }

    @Test("releases nothing before the gate is found and closed, and what it let through has left")
    func gateFoundLate() {
        var memory = Memory.settled(lb1Incarnation, records: [record(tenure: false)])
        memory.areGatesFound = false
        var talk = Conversation(.pair(lb1), memory: memory)
        talk.addressesRemoved()
        #expect(!talk.sleep(50).contains { $0.contains("release") })
        talk.step(.gatesClosed)
        #expect(!talk.sleep(1.003).contains { $0.contains("release") })
        #expect(talk.sleep(0.001).last == "to w1: release 4")
    }

    @Test("lets go of a tenure that goes on only behind a gate that is found")
    func gateFoundAfterLettingGo() {
        var memory = Memory.settled(lb1Incarnation, records: [record()])
        memory.areGatesFound = false
        var talk = Conversation(.pair(lb1), memory: memory)
        talk.addressesAdded()
        #expect(talk.sleep(350).contains("close gate"))
        talk.addressesRemoved()
        #expect(!talk.sleep(20).contains { $0.contains("release") })
        talk.step(.gatesClosed)
        #expect(!talk.sleep(1.003).contains { $0.contains("release") })
        #expect(talk.sleep(0.001).last == "to w1: release 4")
    }

    @Test("goes on with no tenure while an address that went to another group waits to be accepted")
    func movedAddress() {
        var settings = Settings.pair(lb1, suspended: true)
        settings.addressesMoved = true
        let talk = Conversation(
            settings,
            memory: .settled(lb1Incarnation, records: [record()])
        )
        #expect(
            Transcript.lines(talk.effects) == [
                "page: grant lb1 4 until 10400ms, used 4, no tenure",
                "close gate",
                "remove addresses #1",
            ]
        )
    }

    @Test("is no candidate before its leftovers are cleared away")
    func noCandidateBefore() {
        var talk = Conversation(.pair(lb1))
        talk.step(.interface(web, up: true))
        #expect(talk.greet(w1) == [])
        #expect(talk.addressesRemoved().contains("to w1: request 1"))
    }

    @Test("never uses a term again that its page says was used")
    func usedTerms() {
        var left = record(tenure: false, released: true)
        left.highestUsed = Term(17)
        var talk = restarted(left)
        talk.addressesRemoved()
        talk.step(.interface(web, up: true))
        #expect(talk.greet(w1).contains("to w1: request 18"))
    }

    @Test(
        "in a new incarnation remembers no tenure, and waits for its own abstention before it asks"
    )
    func newIncarnation() {
        var talk = Conversation.lonely(.pair(lb1), memory: .new(Incarnation(21)))
        #expect(talk.greet(w1) == [])
        talk.sleep(400)
        #expect(talk.greet(w1) == [])
        #expect(!talk.sleep(99.9).contains("to w1: request 1"))
        #expect(talk.sleep(0.1).contains("to w1: request 1"))
        #expect(talk.request(to: w1)?.holder == Holder(host: lb1, incarnation: Incarnation(21)))
    }

    @Test("gives up the tenure of a group that left the configuration, and keeps the rest of it")
    func groupThatLeft() {
        let other = GroupID(50)
        var talk = Conversation(
            .pair(lb1),
            memory: .settled(lb1Incarnation, records: [record(group: other)])
        )
        #expect(
            Transcript.lines(talk.effects) == [
                "close gate",
                "remove addresses #1",
                "page: grant lb1 4 until 10400ms, used 4, no tenure",
                "close gate",
                "remove addresses #0",
            ]
        )
        talk.addressesRemoved()
    }

    @Test("closes the gate of a group that left the configuration though its term was given up")
    func gateOfGroupThatLeft() {
        let other = GroupID(50)
        let talk = Conversation(
            .pair(lb1),
            memory: .settled(lb1Incarnation, records: [record(group: other, tenure: false)])
        )
        #expect(talk.effects.contains(.closeGate(other)))
    }

    @Test("on a witness takes nothing away and opens nothing")
    func witness() {
        let talk = Conversation(.pair(w1))
        #expect(Transcript.lines(talk.effects) == [])
    }

    @Test("with other voters than its page's keeps its lease, asks nobody, and votes for nobody")
    func suspended() throws {
        var talk = restarted(record(), .pair(lb1, suspended: true))
        #expect(Transcript.lines(talk.effects) == ["add addresses #1"])
        talk.addressesAdded()
        #expect(talk.serves)
        #expect(!talk.greet(w1).contains { $0.contains("request") })
        let lines = talk.sleep(397)
        #expect(!lines.contains { $0.contains("request") })
        #expect(lines.contains("close gate"))
    }

    @Test(
        "lowers a gate that may be open when a voter is struck before the addresses are confirmed"
    )
    func struckWhileConfirming() throws {
        var left = record()
        // w1's grant is the newest, and lb2's the oldest.
        left.tenure?.counted = [(lb1, 9950.0), (lb2, 9800), (w1, 9900)].map { voter, stamp in
            Contribution(voter: voter, stamp: .ms(stamp), length: .milliseconds(500))
        }
        var talk = restarted(left)
        talk.pass(1)
        talk.greet(w1)
        let refused = Refused(
            try #require(talk.request(to: w1)),
            because: .held,
            current: lb2Holder,
            remaining: .milliseconds(300),
            highestGranted: Term(9)
        )
        #expect(
            talk.hear(w1, .refused(refused)) == [
                "open gate until 10246.803ms",
                "page: grant lb1 4 until 10500ms, used 4, tenure 4 until 10246.803ms",
            ]
        )
    }

    @Test("leaves the addresses that it finds while its lease lies ahead, and adds what is missing")
    func foundWhileRestoring() {
        var talk = restarted(record())
        #expect(talk.step(.addressesFound(web, all: true, some: true)) == [])
        #expect(talk.step(.addressesFound(web, all: false, some: true)) == ["add addresses #2"])
    }
}
