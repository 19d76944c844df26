import Testing
import VIPCore

/// docs/protocol.md, "Switchover".
@Suite("A switchover")
struct SwitchoverTests {
    static let ready = Condition(group: web, owns: false, forced: false, term: .none, unready: nil)

    /// lb1 owns in term 1 and lb2 is ready to succeed it.
    func owner(_ settings: Settings = .pair(lb1)) -> Conversation {
        var talk = Conversation.owner(settings)
        talk.greet(lb2)
        talk.hear(lb2, .condition(Self.ready))
        return talk
    }

    func inquiry(in talk: Conversation) throws -> Inquiry {
        for case .inquiry(let inquiry) in talk.records(to: lb2) { return inquiry }
        throw Missing()
    }

    struct Missing: Error {}

    /// lb2's offer in answer to the inquiry in the last step.
    func offer(in talk: Conversation, term: UInt64 = 2) throws -> Offer {
        let request = Request(
            group: web,
            term: Term(term),
            holder: lb2Holder,
            length: .milliseconds(500),
            stamp: .ms(42)
        )
        return Offer(number: try inquiry(in: talk).number, request: request)
    }

    @Test("is refused on a witness, whose appeal the owner would not take")
    func onWitness() {
        var talk = Conversation(.pair(w1))
        #expect(
            talk.step(.command(.switchover(web, to: nil), id: 7)) == [
                "reply 7: refused(VIPCore.CommandRefusal.notANode)"
            ]
        )
    }

    // MARK: - The owner's side

    @Test("is asked of the successor first; nothing changes until it has offered")
    func asksFirst() throws {
        var talk = owner()
        #expect(talk.step(.command(.switchover(web, to: lb2), id: 7)) == ["to lb2: inquiry"])
        #expect(try inquiry(in: talk).highestTerm == Term(1))
        #expect(talk.serves)
    }

    @Test("lets go in order, then releases the term and votes for the offer in one frame")
    func handsOver() throws {
        var talk = owner()
        talk.step(.command(.switchover(web, to: lb2), id: 7))
        #expect(
            talk.hear(lb2, .offer(try offer(in: talk))) == [
                "page: grant lb1 1 until 10500ms, used 1, no tenure",
                "close gate",
                "remove addresses #3",
            ]
        )
        #expect(
            talk.drained() == [
                "page: grant lb1 1 freed, used 1, no tenure",
                "record term 2",
                "page: grant lb2 2 until 10501.004ms, used 1, no tenure",
                "to lb2: release 1 with vote for 2",
                "to w1: release 1 with vote for 2",
            ]
        )
        var released = Release(group: web, term: Term(1), holder: lb1Holder)
        released.vote = Granted(
            group: web,
            term: Term(2),
            holder: lb2Holder,
            length: .milliseconds(500),
            stamp: .ms(42)
        )
        #expect(talk.records(to: lb2).contains(.release(released)))
    }

    @Test("repeats the vote until it is acknowledged, and tells the operator who owns it now")
    func repeatsVote() throws {
        var talk = owner()
        talk.step(.command(.switchover(web, to: lb2), id: 7))
        talk.hear(lb2, .offer(try offer(in: talk)))
        talk.drained()
        #expect(talk.sleep(40).contains("to lb2: release 1 with vote for 2"))
        talk.hear(lb2, .released(group: web, term: Term(1), holder: lb1Holder))
        #expect(!talk.sleep(60).contains("to lb2: release 1 with vote for 2"))
        let owns = Condition(group: web, owns: true, forced: false, term: Term(2), unready: .busy)
        let lines = talk.hear(lb2, .condition(owns))
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("reply 7: moved") == true)
    }

    @Test("just releases when the owner's own voter abstains")
    func abstainingVoterReleases() throws {
        let header = PageHeader(
            incarnation: lb1Incarnation,
            abstentionEnd: .ms(20_000),
            voterSet: 7
        )
        let contributions = [lb2, w1].map {
            Contribution(voter: $0, stamp: .ms(9_990), length: .milliseconds(500))
        }
        let tenure = TenureRecord(
            term: Term(1),
            counted: contributions,
            deadline: .ms(10_487),
            forced: false
        )
        let record = GroupRecord(group: web, highestUsed: Term(1), tenure: tenure)
        var talk = Conversation(
            .pair(lb1),
            memory: Memory(
                page: Page(header: header, records: [record]),
                newIncarnation: Incarnation(99)
            )
        )
        talk.addressesAdded()
        talk.step(.interface(web, up: true))
        talk.greet(lb2)
        talk.hear(lb2, .condition(Self.ready))
        talk.step(.command(.switchover(web, to: lb2), id: 7))
        talk.hear(lb2, .offer(try offer(in: talk)))
        #expect(talk.drained().contains("to lb2: release 1"))
    }

    @Test("does not vote for a successor that does not agree on who votes")
    func otherVoterSet() throws {
        var talk = owner()
        talk.step(.command(.switchover(web, to: lb2), id: 7))
        let offer = try offer(in: talk)
        talk.hear(talk.frame(from: lb2, voterSet: 8, [.offer(offer)]))
        let afterwards = talk.drained()
        #expect(!afterwards.contains { $0.contains("with vote") })
    }

    @Test(
        "takes no offer of another number, of another host, or in a term that is not above its own",
        arguments: 0..<3
    )
    func wrongOffers(fault: Int) throws {
        var talk = owner()
        talk.step(.command(.switchover(web, to: lb2), id: 7))
        var offer = try offer(in: talk)
        switch fault {
        case 0: offer.number += 1
        case 1: offer.request.holder = Holder(host: w1, incarnation: w1Incarnation)
        default: offer.request.term = Term(1)
        }
        #expect(talk.hear(lb2, .offer(offer)) == [])
        #expect(talk.serves)
    }

    @Test("is off when the successor declines, and the owner keeps the group")
    func declined() throws {
        var talk = owner()
        talk.step(.command(.switchover(web, to: lb2), id: 7))
        let number = try inquiry(in: talk).number
        let lines = talk.hear(lb2, .declined(group: web, number: number, because: .unhealthy))
        #expect(lines.count == 1)
        #expect(lines.first?.contains("successorNotReady") == true)
        #expect(talk.serves)
    }

    @Test("is off when the successor does not answer, and the owner keeps the group")
    func unanswered() throws {
        var talk = owner()
        talk.step(.command(.switchover(web, to: lb2), id: 7))
        talk.pass(100)
        talk.greet(w1)
        talk.hear(w1, try #require(talk.grant(of: w1)))
        let lines = talk.sleep(101)
        #expect(lines.contains { $0.hasPrefix("reply 7") && $0.contains("noAnswer") })
        #expect(talk.serves)
    }

    @Test("an offer that comes after it is off changes nothing")
    func lateOffer() throws {
        var talk = owner()
        talk.step(.command(.switchover(web, to: lb2), id: 7))
        let offer = try offer(in: talk)
        talk.hear(lb2, .declined(group: web, number: offer.number, because: .unhealthy))
        #expect(talk.hear(lb2, .offer(offer)) == [])
        #expect(talk.serves)
    }

    @Test(
        "is refused to a host that is no node, is not there, or owns the group already",
        arguments: zip(
            [w1, lb1, HostID(77), lb2],
            ["successorUnknown", "successorOwnsIt", "successorUnknown", "successorNotHeard"]
        )
    )
    func refused(target: HostID, why: String) {
        var talk = Conversation.owner()
        let lines = talk.step(.command(.switchover(web, to: target), id: 7))
        #expect(lines.count == 1)
        #expect(lines.first?.contains(why) == true)
    }

    @Test("moves a group away from a node whose check fails, if another is ready")
    func unhealthy() throws {
        var talk = owner()
        #expect(talk.step(.health(web, healthy: false)) == ["to lb2: inquiry"])
        #expect(talk.hear(lb2, .offer(try offer(in: talk))).contains("close gate"))
    }

    @Test("moves a group away from a node that stops, and lets go if the successor says nothing")
    func stopping() throws {
        var talk = owner()
        #expect(talk.step(.shutdown) == ["to lb2: inquiry"])
        #expect(talk.sleep(51).contains("close gate"))
    }

    @Test("lets go without waiting when its link is down and the successor says nothing")
    func linkDown() throws {
        var talk = owner()
        #expect(talk.step(.interface(web, up: false)) == ["to lb2: inquiry"])
        #expect(talk.sleep(51).contains("close gate"))
    }

    // MARK: - The successor's side

    /// lb2 stands by, and lb1, the owner in term 1, has asked it.
    func successor() -> Conversation {
        var talk = Conversation.lonely(.pair(lb2))
        talk.greet(lb1)
        talk.hear(lb1, .request(lease(lb1Holder, 1)))
        talk.greet(w1)
        return talk
    }

    func lease(_ holder: Holder, _ term: UInt64) -> Request {
        Request(
            group: web,
            term: Term(term),
            holder: holder,
            length: .milliseconds(500),
            stamp: .ms(1)
        )
    }

    func ask(_ talk: inout Conversation, number: UInt64 = 600) -> [String] {
        talk.hear(lb1, .inquiry(Inquiry(group: web, number: number, highestTerm: Term(1))))
    }

    func lastOffer(in talk: Conversation) throws -> Offer {
        for case .offer(let offer) in talk.records(to: lb1) { return offer }
        throw Missing()
    }

    func vote(for offer: Offer) -> Record {
        var release = Release(group: web, term: Term(1), holder: lb1Holder)
        release.vote = Granted(answering: offer.request)
        return .release(release)
    }

    @Test("a ready node offers a fresh term, a stamp of now, and its lease length, page first")
    func offers() throws {
        var talk = successor()
        talk.pass(3)
        #expect(
            ask(&talk) == [
                "page: grant lb1 1 until 10500ms, used 2, no tenure",
                "to lb1: offer 2",
            ]
        )
        #expect(
            try lastOffer(in: talk)
                == Offer(
                    number: 600,
                    request: Request(
                        group: web,
                        term: Term(2),
                        holder: lb2Holder,
                        length: .milliseconds(500),
                        stamp: .ms(10_003)
                    )
                )
        )
    }

    @Test("with the owner's vote and its own the successor owns the group: one one-way delay")
    func accepts() throws {
        var talk = successor()
        _ = ask(&talk)
        let offer = try lastOffer(in: talk)
        talk.pass(4)
        #expect(
            talk.hear(lb1, vote(for: offer)) == [
                "record term 2",
                "page: grant lb2 2 until 10504ms, used 2, tenure 2 until 10446.803ms",
                "close gate",
                "add addresses #2",
                "to lb1: released 1; request 2",
                "to w1: request 2",
            ]
        )
        #expect(talk.addressesAdded().suffix(2) == ["open gate until 10446.803ms", "announce"])
    }

    @Test("an offer is accepted once: a repeated vote changes nothing")
    func acceptedOnce() throws {
        var talk = successor()
        _ = ask(&talk)
        let offer = try lastOffer(in: talk)
        talk.hear(lb1, vote(for: offer))
        talk.addressesAdded()
        #expect(talk.hear(lb1, vote(for: offer)) == ["to lb1: released 1"])
        talk.sleep(497)
        talk.drained()
        #expect(talk.hear(lb1, vote(for: offer)).last?.contains("release 2") == true)
        #expect(talk.state == .standby)
    }

    @Test("an offer is accepted once: not again after the candidacy that it began has failed")
    func notAcceptedAgain() throws {
        // Five voters, so that the owner's vote and the successor's are no majority.
        var settings = Settings.pair(lb2)
        settings.voters += [4, 5].map {
            Settings.Voter(id: HostID($0), role: .witness, paths: 1)
        }
        var talk = Conversation.lonely(settings)
        talk.greet(lb1)
        talk.hear(lb1, .request(lease(lb1Holder, 1)))
        _ = ask(&talk)
        let offer = try lastOffer(in: talk)
        #expect(talk.hear(lb1, vote(for: offer)).contains("to w1: request 2"))
        #expect(talk.sleep(101).contains("to w1: release 2"))
        #expect(talk.hear(lb1, vote(for: offer)).last == "to lb1: released 1; release 2")
    }

    @Test("and does not take it after all when it is ready again and the release comes once more")
    func readyAgain() throws {
        var talk = successor()
        _ = ask(&talk)
        let offer = try lastOffer(in: talk)
        talk.step(.health(web, healthy: false))
        talk.hear(lb1, vote(for: offer))
        talk.step(.health(web, healthy: true))
        let lines = talk.hear(lb1, vote(for: offer))
        #expect(lines.last?.contains("release 2") == true)
        #expect(talk.addRequest == 0)
        #expect(talk.state != .owner)
    }

    @Test("a vote for an older offer is given back: a newer offer has voided it")
    func newerOffer() throws {
        var talk = successor()
        _ = ask(&talk, number: 600)
        let first = try lastOffer(in: talk)
        _ = ask(&talk, number: 601)
        #expect(try lastOffer(in: talk).request.term == Term(3))
        // The release has freed its voter too, so it asks at once by itself, in another term.
        #expect(
            talk.hear(lb1, vote(for: first)).suffix(2) == [
                "to lb1: released 1; release 2; request 4", "to w1: request 4",
            ]
        )
    }

    @Test("the same question is answered with the same offer")
    func sameQuestion() throws {
        var talk = successor()
        _ = ask(&talk)
        talk.pass(5)
        #expect(ask(&talk) == ["to lb1: offer 2"])
        #expect(try lastOffer(in: talk).request.stamp == .ms(10_000))
    }

    @Test("a candidacy forgets the offer")
    func candidacyForgets() throws {
        var talk = successor()
        _ = ask(&talk)
        let offer = try lastOffer(in: talk)
        talk.pass(500)
        #expect(talk.greet(w1).contains("to w1: request 3"))
        talk.sleep(100)
        let lines = talk.hear(lb1, vote(for: offer))
        #expect(lines.last?.contains("release 2") == true)
        #expect(talk.state == .standby)
    }

    @Test("a vote that differs from the offer in anything is no vote for it", arguments: 0..<3)
    func voteMatchesExactly(difference: Int) throws {
        var talk = successor()
        _ = ask(&talk)
        var offer = try lastOffer(in: talk)
        switch difference {
        case 0: offer.request.term = Term(3)
        case 1: offer.request.length = .seconds(5)
        default: offer.request.stamp = .ms(10_001)
        }
        talk.hear(lb1, vote(for: offer))
        #expect(talk.state == .standby)
        #expect(talk.removeRequest == 1)
        #expect(talk.addRequest == 0)
    }

    @Test("a vote by a host that was not offered anything is no vote")
    func voteByOther() throws {
        var talk = successor()
        _ = ask(&talk)
        let offer = try lastOffer(in: talk)
        var release = Release(
            group: web,
            term: Term(1),
            holder: Holder(host: w1, incarnation: w1Incarnation)
        )
        release.vote = Granted(answering: offer.request)
        talk.hear(w1, .release(release))
        #expect(talk.addRequest == 0)
    }

    @Test("a successor that has become unready gives the vote back")
    func unreadySinceOffer() throws {
        var talk = successor()
        _ = ask(&talk)
        let offer = try lastOffer(in: talk)
        talk.step(.health(web, healthy: false))
        #expect(talk.hear(lb1, vote(for: offer)).last == "to lb1: released 1; release 2")
    }

    @Test("an unready node declines, and says why")
    func declines() {
        var talk = successor()
        talk.step(.health(web, healthy: false))
        #expect(ask(&talk) == ["to lb1: declined unhealthy"])
        talk.step(.interface(web, up: false))
        #expect(ask(&talk) == ["to lb1: declined interfaceDown"])
        talk.step(.command(.maintenance(true), id: 1))
        #expect(ask(&talk) == ["to lb1: declined maintenance"])
    }

    @Test("a node whose voter abstains declines")
    func abstainingDeclines() {
        var talk = Conversation.lonely(.pair(lb2), memory: .new(Incarnation(22)))
        talk.greet(lb1)
        #expect(ask(&talk) == ["to lb1: declined abstaining"])
    }

    // MARK: - Appeals

    @Test("asked for at the standby is passed on to the owner, again until it answers")
    func appeal() throws {
        var talk = Conversation.lonely(.pair(lb2))
        talk.greet(lb1)
        let owns = Condition(group: web, owns: true, forced: false, term: Term(1), unready: nil)
        talk.hear(lb1, .condition(owns))
        #expect(talk.step(.command(.switchover(web, to: nil), id: 7)) == ["to lb1: appeal"])
        #expect(talk.sleep(100).contains("to lb1: appeal"))
    }

    @Test("asked for by another host begins at the owner, which says so")
    func appealed() {
        var talk = owner()
        let lines = talk.hear(lb2, .appeal(Appeal(group: web, number: 5, successor: lb2)))
        #expect(lines == ["to lb2: inquiry; appeal answered yes"])
        #expect(
            talk.hear(lb2, .appeal(Appeal(group: web, number: 5, successor: lb2))) == [
                "to lb2: appeal answered yes"
            ]
        )
    }

    @Test("every command is answered within two seconds, whatever becomes of it")
    func commandsAreAnswered() {
        var talk = Conversation.lonely(.pair(lb2))
        talk.greet(lb1)
        let owns = Condition(group: web, owns: true, forced: false, term: Term(1), unready: nil)
        talk.hear(lb1, .condition(owns))
        talk.step(.command(.switchover(web, to: nil), id: 7))
        let replies = talk.sleep(2001).filter { $0.hasPrefix("reply 7") }
        #expect(replies.count == 1)
        #expect(replies.first?.contains("noAnswer") == true)
    }
}
