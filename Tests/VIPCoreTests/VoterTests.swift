import Testing
import VIPCore

/// docs/protocol.md, "The rules of a voter": what a voter grants, and what it keeps of it.
@Suite("A voter")
struct VoterTests {
    /// A request by `holder` for a lease of half a second, sent at 1,234 ms of its own clocks.
    func request(
        _ holder: Holder,
        _ term: UInt64,
        length: Double = 500,
        stamp: Reading = .ms(1234)
    ) -> Record {
        .request(
            Request(
                group: web,
                term: Term(term),
                holder: holder,
                length: .ms(length),
                stamp: stamp
            )
        )
    }

    func release(_ holder: Holder, _ term: UInt64) -> Record {
        .release(Release(group: web, term: Term(term), holder: holder))
    }

    @Test("grants a free lease, writes the page before it answers, and repeats the whole question")
    func grantsFree() {
        var talk = Conversation.witness()
        let stamp = Reading(boottime: .ms(77), raw: .ms(55))
        #expect(
            talk.hear(lb1, request(lb1Holder, 5, stamp: stamp)) == [
                "record term 5",
                "page: grant lb1 5 until 10500ms, used 0, no tenure",
                "to lb1: granted 5",
            ]
        )
        #expect(
            talk.records(to: lb1) == [
                .granted(
                    Granted(
                        group: web,
                        term: Term(5),
                        holder: lb1Holder,
                        length: .milliseconds(500),
                        stamp: stamp
                    )
                )
            ]
        )
    }

    @Test("refuses a term that no cluster can have come to, and says which one it has granted")
    func implausibleTerm() {
        var talk = Conversation.witness()
        talk.hear(lb1, request(lb1Holder, 5))
        talk.pass(500.001)
        #expect(
            talk.hear(lb2, request(lb2Holder, 6 + 1 << 24)) == [
                "to lb2: refused 16777222 highTerm"
            ]
        )
        #expect(
            talk.records(to: lb2).contains { record in
                if case .refused(let refused) = record { return refused.highestGranted == Term(5) }
                return false
            }
        )
        #expect(talk.agent.drops(for: .implausible) == 1)
        #expect(talk.hear(lb2, release(lb2Holder, Term.greatest.number)).count == 1)
        talk.hear(lb2, request(lb2Holder, 6))
        #expect(
            talk.records(to: lb2).contains { record in
                if case .granted(let granted) = record { return granted.term == Term(6) }
                return false
            }
        )
    }

    @Test("grants nothing to a witness, which never owns")
    func grantsNoWitness() {
        var talk = Conversation.owner()
        let holder = Holder(host: w1, incarnation: Incarnation(7))
        #expect(talk.hear(w1, request(holder, 9)) == [])
        #expect(talk.agent.drops(for: .implausible) == 1)
    }

    @Test("never replaces a live grant, whatever the term")
    func neverReplaces() {
        var talk = Conversation.witness()
        talk.hear(lb1, request(lb1Holder, 5))
        talk.pass(499.999)
        #expect(
            talk.hear(lb2, request(lb2Holder, 1_000_000)) == ["to lb2: refused 1000000 held by lb1"]
        )
    }

    @Test("says when it refuses why, who holds it, for how long still, and the highest term")
    func refusalTells() {
        var talk = Conversation.witness()
        talk.hear(lb1, request(lb1Holder, 5))
        talk.pass(120)
        talk.hear(lb2, request(lb2Holder, 9, stamp: .ms(42)))
        #expect(
            talk.records(to: lb2).last
                == .refused(
                    Refused(
                        group: web,
                        term: Term(9),
                        holder: lb2Holder,
                        stamp: .ms(42),
                        reason: .held,
                        current: lb1Holder,
                        remaining: .milliseconds(380),
                        highestGranted: Term(5)
                    )
                )
        )
    }

    @Test("takes the same host with another incarnation for another holder")
    func placeIsPartOfHolder() {
        var talk = Conversation.witness()
        talk.hear(lb1, request(lb1Holder, 5))
        let reborn = Holder(host: lb1, incarnation: Incarnation(111))
        #expect(talk.hear(lb1, request(reborn, 6)) == ["to lb1: refused 6 held by lb1"])
    }

    @Test("renews the same term, from the receipt of the renewal")
    func renews() {
        var talk = Conversation.witness()
        talk.hear(lb1, request(lb1Holder, 5))
        talk.pass(100)
        #expect(
            talk.hear(lb1, request(lb1Holder, 5)) == [
                "page: grant lb1 5 until 10600ms, used 0, no tenure",
                "to lb1: granted 5",
            ]
        )
    }

    @Test("lets the holder of a live grant raise its term, and not lower it")
    func holderRaisesTerm() {
        var talk = Conversation.witness()
        talk.hear(lb1, request(lb1Holder, 5))
        #expect(talk.hear(lb1, request(lb1Holder, 8)).last == "to lb1: granted 8")
        #expect(talk.hear(lb1, request(lb1Holder, 7)) == ["to lb1: refused 7 lowTerm by lb1"])
    }

    @Test("never lets a renewal end a grant earlier than it already did")
    func renewalNeverShortens() {
        var talk = Conversation.witness()
        talk.hear(lb1, request(lb1Holder, 5))
        talk.pass(100)
        #expect(talk.hear(lb1, request(lb1Holder, 5, length: 200)) == ["to lb1: granted 5"])
        talk.pass(399)
        #expect(talk.hear(lb2, request(lb2Holder, 9)) == ["to lb2: refused 9 held by lb1"])
    }

    @Test("grants a free lease to another only above the highest term that it has granted")
    func highestTerm() {
        var talk = Conversation.witness()
        talk.hear(lb1, request(lb1Holder, 5))
        talk.pass(500)
        #expect(talk.hear(lb2, request(lb2Holder, 5)) == ["to lb2: refused 5 lowTerm"])
        #expect(talk.hear(lb2, request(lb2Holder, 6)).last == "to lb2: granted 6")
    }

    @Test("grants the same term again to a holder that was away for longer than its grant")
    func sameTermAgain() {
        var talk = Conversation.witness()
        talk.hear(lb1, request(lb1Holder, 5))
        talk.pass(5000)
        #expect(
            talk.hear(lb1, request(lb1Holder, 5)) == [
                "page: grant lb1 5 until 15500ms, used 0, no tenure",
                "to lb1: granted 5",
            ]
        )
    }

    @Test("is free as soon as the holder has released exactly what it holds")
    func releaseFrees() {
        var talk = Conversation.witness()
        talk.hear(lb1, request(lb1Holder, 5))
        #expect(
            talk.hear(lb1, release(lb1Holder, 5)) == [
                "page: grant lb1 5 freed, used 0, no tenure",
                "to lb1: released 5",
            ]
        )
        #expect(talk.hear(lb2, request(lb2Holder, 6)).last == "to lb2: granted 6")
    }

    @Test("never grants a released term again, not even to the holder that released it")
    func releasedTermIsOver() {
        var talk = Conversation.witness()
        talk.hear(lb1, request(lb1Holder, 5))
        talk.hear(lb1, release(lb1Holder, 5))
        #expect(talk.hear(lb1, request(lb1Holder, 5)) == ["to lb1: refused 5 lowTerm"])
        #expect(talk.hear(lb1, request(lb1Holder, 6)).last == "to lb1: granted 6")
    }

    @Test(
        "ignores a release of another term or by another incarnation, and acknowledges it",
        arguments: zip([Incarnation(11), Incarnation(11), Incarnation(111)], [UInt64(4), 6, 5])
    )
    func releaseIsExact(incarnation: Incarnation, term: UInt64) {
        var talk = Conversation.witness()
        talk.hear(lb1, request(lb1Holder, 5))
        let other = Holder(host: lb1, incarnation: incarnation)
        #expect(talk.hear(lb1, release(other, term)) == ["to lb1: released \(term)"])
        #expect(talk.hear(lb2, request(lb2Holder, 9)) == ["to lb2: refused 9 held by lb1"])
    }

    @Test("ignores a release that a host sends in another host's name")
    func foreignRelease() {
        var talk = Conversation.witness()
        talk.hear(lb1, request(lb1Holder, 5))
        #expect(talk.hear(lb2, release(lb1Holder, 5)) == [])
        #expect(talk.hear(lb2, request(lb2Holder, 9)) == ["to lb2: refused 9 held by lb1"])
    }

    @Test("ignores a request that a host sends in another host's name")
    func foreignRequest() {
        var talk = Conversation.witness()
        #expect(talk.hear(lb2, request(lb1Holder, 5)) == [])
    }

    @Test(
        "does not raise its highest term for a request that it refuses, nor for a foreign release"
    )
    func refusalsRaiseNothing() {
        var talk = Conversation.witness()
        talk.hear(lb1, request(lb1Holder, 5))
        talk.hear(lb2, request(lb2Holder, 1000))
        talk.hear(lb2, release(lb2Holder, 1000))
        talk.pass(500)
        #expect(talk.hear(lb1, request(lb1Holder, 5)).last == "to lb1: granted 5")
    }

    @Test("refuses a requester that does not agree on who votes")
    func voterSets() {
        var talk = Conversation.witness()
        let frame = talk.frame(from: lb1, voterSet: 8, [request(lb1Holder, 5)])
        #expect(talk.hear(frame) == ["to lb1: refused 5 voterSets"])
        #expect(talk.reports == [.voterSetsDiffer(lb1)])
        #expect(talk.hear(lb1, request(lb1Holder, 5)).last == "to lb1: granted 5")
    }

    @Test("is suspended until it is told that the voters may change, and then abstains for a lease")
    func suspended() {
        var talk = Conversation.witness(.pair(w1, suspended: true))
        #expect(talk.hear(lb1, request(lb1Holder, 5)) == ["to lb1: refused 5 suspended"])
        #expect(
            talk.step(.command(.acceptVoters, id: 3)) == [
                "header: incarnation 13, abstains until 10500ms",
                "record voters",
                "reply 3: done",
            ]
        )
        talk.pass(499)
        #expect(talk.hear(lb1, request(lb1Holder, 5)) == ["to lb1: refused 5 abstaining"])
        talk.pass(1)
        #expect(talk.hear(lb1, request(lb1Holder, 5)).last == "to lb1: granted 5")
        #expect(
            talk.step(.command(.acceptVoters, id: 4)) == [
                "reply 4: refused(VIPCore.CommandRefusal.notSuspended)"
            ]
        )
    }

    @Test("answers for a group that it does not know that it does not know it")
    func unknownGroup() {
        var talk = Conversation.witness()
        let request = Request(
            group: GroupID(404),
            term: Term(5),
            holder: lb1Holder,
            length: .milliseconds(500),
            stamp: .ms(1)
        )
        #expect(talk.hear(lb1, .request(request)) == ["to lb1: refused 5 unknownGroup"])
    }

    @Test("acknowledges the release of a group that it does not know: there is nothing to free")
    func unknownGroupReleased() {
        var talk = Conversation.witness()
        let release = Release(group: GroupID(404), term: Term(5), holder: lb1Holder)
        #expect(talk.hear(lb1, .release(release)) == ["to lb1: released 5"])
    }

    @Test("does not acknowledge it while its page still grants the group")
    func forgottenGroupReleased() {
        let group = GroupID(404)
        let grant = Grant(holder: lb1Holder, term: Term(5), expiry: .ms(10_400), released: false)
        let record = GroupRecord(group: group, grant: grant, highestGranted: Term(5))
        var talk = Conversation(.pair(w1), memory: .settled(lb1Incarnation, records: [record]))
        talk.greet(lb1)
        let release = Release(group: group, term: Term(5), holder: lb1Holder)
        #expect(talk.hear(lb1, .release(release)) == [])
        talk.pass(401)
        #expect(talk.hear(lb1, .release(release)) == ["to lb1: released 5"])
    }

    // MARK: - The end of a grant

    @Test("ends a grant by RAW alone: a suspend makes it longer")
    func expiresByRaw() {
        var talk = Conversation.witness()
        talk.hear(lb1, request(lb1Holder, 5))
        talk.pass(boottime: 3_600_000, raw: 499)
        talk.greet(lb2)
        #expect(talk.hear(lb2, request(lb2Holder, 9)) == ["to lb2: refused 9 held by lb1"])
        talk.pass(boottime: 1, raw: 1)
        #expect(talk.hear(lb2, request(lb2Holder, 9)).last == "to lb2: granted 9")
    }

    @Test("grants for no longer than its own lease, and says for how long")
    func grantsOwnLease() {
        var talk = Conversation.witness()
        #expect(
            talk.hear(lb1, request(lb1Holder, 5, length: 30_000)) == [
                "record term 5",
                "page: grant lb1 5 until 10500ms, used 0, no tenure",
                "to lb1: granted 5",
            ]
        )
        #expect(
            talk.records(to: lb1) == [
                .granted(
                    Granted(
                        group: web,
                        term: Term(5),
                        holder: lb1Holder,
                        length: .milliseconds(500),
                        stamp: .ms(1234)
                    )
                )
            ]
        )
        talk.pass(500)
        #expect(talk.hear(lb2, request(lb2Holder, 6)).last == "to lb2: granted 6")
    }

    @Test("grants nothing before its own lease is on record, and asks for that")
    func ownLeaseIsRecordedFirst() {
        var memory = Memory.settled(w1)
        memory.isLeaseRecorded = false
        var talk = Conversation.witness(memory: memory)
        #expect(
            talk.hear(lb1, request(lb1Holder, 5, length: 200)) == [
                "record lease 500ms",
                "to lb1: refused 5 recording",
            ]
        )
        talk.step(.leaseRecorded(.milliseconds(500)))
        #expect(
            talk.hear(lb1, request(lb1Holder, 5, length: 200)) == [
                "record term 5",
                "page: grant lb1 5 until 10200ms, used 0, no tenure",
                "to lb1: granted 5",
            ]
        )
    }

    // MARK: - A new incarnation

    @Test(
        "in a new incarnation abstains for the configured lease, and says so in the page's first write"
    )
    func newIncarnationAbstains() {
        var talk = Conversation(.pair(w1), memory: .new(Incarnation(21)))
        #expect(
            Transcript.lines(talk.effects).first == "header: incarnation 21, abstains until 10500ms"
        )
        talk.greet(lb1)
        talk.pass(499)
        #expect(talk.hear(lb1, request(lb1Holder, 5)) == ["to lb1: refused 5 abstaining"])
        talk.pass(1)
        #expect(talk.hear(lb1, request(lb1Holder, 5)).last == "to lb1: granted 5")
    }

    @Test("in a new incarnation abstains for the recorded lease, if that is longer")
    func newIncarnationAbstainsForRecordedLease() {
        let memory = Memory.new(Incarnation(21), longestLease: .seconds(30))
        let talk = Conversation(.pair(w1), memory: memory)
        #expect(
            Transcript.lines(talk.effects).first == "header: incarnation 21, abstains until 40000ms"
        )
    }

    @Test("ends its abstention by RAW alone")
    func abstentionByRaw() {
        var talk = Conversation(.pair(w1), memory: .new(Incarnation(21)))
        talk.pass(boottime: 3_600_000, raw: 499)
        talk.greet(lb1)
        #expect(talk.hear(lb1, request(lb1Holder, 5)) == ["to lb1: refused 5 abstaining"])
    }

    @Test("goes on abstaining after a restart until the instant that the page names")
    func abstentionOutlivesTheProcess() {
        let header = PageHeader(
            incarnation: Incarnation(21),
            abstentionEnd: .ms(10_200),
            voterSet: 7
        )
        let memory = Memory(
            page: Page(header: header, records: []),
            newIncarnation: Incarnation(99)
        )
        var talk = Conversation(.pair(w1), memory: memory)
        #expect(talk.reports == [.abstaining(.milliseconds(200))])
        talk.greet(lb1)
        talk.pass(199)
        #expect(talk.hear(lb1, request(lb1Holder, 5)) == ["to lb1: refused 5 abstaining"])
        talk.pass(1)
        talk.hear(lb1, request(lb1Holder, 5))
        #expect(talk.reports.contains(.abstentionEnded))
    }

    @Test("keeps across a restart what its page says of grants and terms")
    func grantsOutliveTheProcess() {
        let grant = Grant(holder: lb1Holder, term: Term(5), expiry: .ms(10_300), released: false)
        let record = GroupRecord(group: web, grant: grant, highestGranted: Term(8))
        var talk = Conversation.witness(memory: .settled(w1Incarnation, records: [record]))
        #expect(talk.hear(lb2, request(lb2Holder, 9)) == ["to lb2: refused 9 held by lb1"])
        talk.pass(300)
        #expect(talk.hear(lb2, request(lb2Holder, 8)) == ["to lb2: refused 8 lowTerm"])
        #expect(talk.hear(lb2, request(lb2Holder, 9)).last == "to lb2: granted 9")
    }

    @Test("takes the highest term from the state directory when a reboot has cost it its page")
    func termsSurviveReboot() {
        var memory = Memory.new(Incarnation(21))
        memory.highestTerms = [(web, Term(41))]
        var talk = Conversation(.pair(w1), memory: memory)
        talk.pass(500)
        talk.greet(lb1)
        #expect(talk.hear(lb1, request(lb1Holder, 41)) == ["to lb1: refused 41 lowTerm"])
        #expect(talk.hear(lb1, request(lb1Holder, 42)).last == "to lb1: granted 42")
    }
}
