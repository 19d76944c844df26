import Testing
import VIPCore

/// docs/protocol.md, "The rules of an owner". With a lease of 500 ms, a drift of 0.2 % and a margin
/// of 1 ms, a voter contributes its stamp and 497 ms by RAW, and 0.899 of that, 446.803 ms, by
/// BOOTTIME, which may be slewed by a tenth. The gate is armed for the latter.
@Suite("An owner")
struct OwnerTests {
    func refused(
        _ request: Request?,
        _ reason: RefusalReason,
        current: Holder? = nil,
        highest: UInt64
    ) throws -> Record {
        .refused(
            Refused(
                try #require(request),
                because: reason,
                current: current,
                remaining: .milliseconds(300),
                highestGranted: Term(highest)
            )
        )
    }

    /// What the agent does from its candidacy until it serves.
    @Test("begins in the order page, closed gate, addresses; then opens the gate, then announces")
    func opening() throws {
        var talk = Conversation.candidate()
        let grant = try #require(talk.grant(of: w1))
        #expect(
            talk.hear(w1, grant) == [
                "record term 1",
                "page: grant lb1 1 until 10500ms, used 1, tenure 1 until 10446.803ms",
                "close gate",
                "add addresses #2",
            ]
        )
        #expect(talk.state == .starting)
        talk.pass(10)
        #expect(talk.addressesAdded() == ["open gate until 10446.803ms", "announce"])
        #expect(talk.state == .owner)
    }

    @Test("counts from the stamp of the request, not from the receipt of the answer")
    func countsFromStamp() throws {
        var talk = Conversation.candidate()
        let grant = try #require(talk.grant(of: w1))
        talk.pass(80)
        #expect(
            talk.hear(w1, grant)[1]
                == "page: grant lb1 1 until 10580ms, used 1, tenure 1 until 10446.803ms"
        )
    }

    @Test("extends its lease when a voter answers: page, then gate")
    func extends() throws {
        var talk = Conversation.owner()
        talk.pass(100)
        #expect(
            talk.wake() == [
                "announce",
                "to lb2: request 1",
                "to w1: request 1",
            ]
        )
        let grant = try #require(talk.grant(of: w1))
        talk.pass(2)
        #expect(
            talk.hear(w1, grant) == [
                "page: grant lb1 1 until 10600ms, used 1, tenure 1 until 10546.803ms",
                "open gate until 10546.803ms",
            ]
        )
        // The other voter's answer extends nothing, so the page may wait for the next one.
        let other = try #require(talk.grant(of: lb2))
        #expect(talk.hear(lb2, other) == [])
    }

    @Test("relies on the length that the answer repeats, not on the one that is configured now")
    func echoedLength() throws {
        var talk = Conversation.owner()
        talk.pass(100)
        talk.wake()
        var granted = Granted(answering: try #require(talk.request(to: w1)))
        granted.length = .milliseconds(450)
        // 10,100 + (450 * 0.996 - 1) * 0.899.
        #expect(
            talk.hear(w1, .granted(granted)) == [
                "page: grant lb1 1 until 10600ms, used 1, tenure 1 until 10502.032ms",
                "open gate until 10502.032ms",
            ]
        )
    }

    @Test("has its deadline at the majority-th greatest of what its voters contribute")
    func majorityGreatest() throws {
        var talk = Conversation.owner()
        talk.greet(lb2)
        talk.pass(50)
        talk.greet(lb2)
        talk.pass(50)
        talk.wake()
        let first = try #require(talk.grant(of: lb2))
        // Own and lb2 at 10,100; w1 still at 10,000: the second greatest is 10,100.
        #expect(
            talk.hear(lb2, first).first
                == "page: grant lb1 1 until 10600ms, used 1, tenure 1 until 10546.803ms"
        )
        talk.pass(100)
        talk.wake()
        // Own at 10,200, lb2 at 10,100, w1 at 10,000: still 10,100.
        #expect(talk.agent.status(at: talk.now).groups[0].leaseRemaining == .microseconds(346_803))
    }

    @Test("counts answers by voter: one voter that answers twice is no majority")
    func answersByVoter() throws {
        // Five voters: lb1, lb2, and three witnesses; a majority is three.
        var settings = Settings.pair(lb1)
        settings.voters += [4, 5].map {
            Settings.Voter(id: HostID($0), role: .witness, paths: 1)
        }
        var talk = Conversation.lonely(settings)
        talk.greet(w1)
        talk.greet(HostID(4))
        let first = try #require(talk.grant(of: w1))
        talk.hear(w1, first)
        #expect(talk.state == .standby)
        talk.pass(30)
        talk.wake()
        talk.hear(w1, first)
        #expect(talk.state == .standby, "an answer that came twice counts once")
        var later = Granted(answering: try #require(talk.request(to: HostID(4))))
        talk.hear(w1, .granted(later))
        #expect(talk.state == .standby, "two answers of one voter count once")
        later.stamp = .ms(10_000)
        talk.hear(HostID(4), .granted(later))
        #expect(talk.state == .starting)
    }

    @Test("sends a renewal again that was not answered, and one that was answered not")
    func resends() throws {
        var talk = Conversation.owner()
        talk.pass(100)
        talk.greet(w1)
        let grant = try #require(talk.grant(of: w1))
        #expect(talk.sleep(30).contains("to w1: request 1"))
        talk.hear(w1, grant)
        #expect(!talk.sleep(60).contains("to w1: request 1"))
    }

    @Test("lets go when its deadline passes, and first of all so, even when a frame comes first")
    func deadline() throws {
        var talk = Conversation.owner()
        talk.pass(100)
        talk.wake()
        let grant = try #require(talk.grant(of: w1))
        talk.pass(346.803)
        // The answer would have saved it a nanosecond before.
        let lines = talk.hear(w1, grant)
        #expect(
            lines.prefix(3) == [
                "page: grant lb1 1 until 10600ms, used 1, no tenure",
                "close gate",
                "remove addresses #3",
            ]
        )
        #expect(!talk.serves)
    }

    @Test("is woken in time to let go at its deadline, and no later")
    func wokenForDeadline() {
        var talk = Conversation.owner()
        let lines = talk.sleep(446.802)
        #expect(!lines.contains("close gate"))
        #expect(talk.sleep(0.002).contains("close gate"))
    }

    @Test("lets go by BOOTTIME if that comes first: the host was suspended")
    func deadlineByBoottime() {
        var talk = Conversation.owner()
        talk.pass(boottime: 446.803, raw: 3)
        #expect(talk.wake().contains("close gate"))
    }

    @Test("lets go by RAW if that comes first: BOOTTIME was slewed")
    func deadlineByRaw() {
        var talk = Conversation.owner()
        talk.pass(boottime: 440, raw: 497)
        #expect(talk.wake().contains("close gate"))
    }

    @Test("arms the gate by BOOTTIME from the stamp on, whatever was slewed or suspended since")
    func gateByBoottime() throws {
        var talk = Conversation.candidate()
        let grant = try #require(talk.grant(of: w1))
        talk.hear(w1, grant)
        talk.pass(boottime: 10, raw: 97)
        #expect(talk.addressesAdded().first == "open gate until 10446.803ms")
    }

    // MARK: - Refusals

    @Test("asks for a higher term when a voter without a live grant finds its term too low")
    func raisesTerm() throws {
        var talk = Conversation.owner()
        talk.pass(100)
        talk.wake()
        let low = try refused(talk.request(to: w1), .lowTerm, highest: 41)
        #expect(
            talk.hear(w1, low) == [
                "record term 42",
                "page: grant lb1 42 until 10600ms, used 42, tenure 42 until 10446.803ms",
                "to lb2: request 42",
                "to w1: request 42",
            ]
        )
        #expect(talk.serves, "it keeps gate and old deadline meanwhile, and releases nothing")
        let grant = try #require(talk.grant(of: w1))
        #expect(talk.hear(w1, grant).last == "open gate until 10546.803ms")
    }

    @Test("raises its term once, however many voters found the old one too low")
    func raisesTermOnce() throws {
        var talk = Conversation.owner()
        talk.greet(lb2)
        talk.pass(100)
        talk.wake()
        let first = try refused(talk.request(to: w1), .lowTerm, highest: 41)
        let second = try refused(talk.request(to: lb2), .lowTerm, highest: 41)
        #expect(talk.hear(w1, first).contains("to w1: request 42"))
        #expect(talk.hear(lb2, second) == [])
    }

    @Test("does not take an answer to its old term for one to its new one, and gives nothing back")
    func answerToEarlierTerm() throws {
        var talk = Conversation.owner()
        talk.pass(100)
        talk.wake()
        let late = try #require(talk.grant(of: w1))
        talk.hear(w1, try refused(talk.request(to: w1), .lowTerm, highest: 41))
        #expect(talk.hear(w1, late) == [], "no release leaves while the gate may be open")
    }

    @Test("strikes a counted voter that names another holder, and lowers the gate at once")
    func strikes() throws {
        var talk = Conversation.owner()
        talk.greet(lb2)
        talk.pass(100)
        talk.wake()
        talk.hear(lb2, try #require(talk.grant(of: lb2)))
        // Own 10,100, lb2 10,100, w1 10,000. Without lb2 the second greatest is w1's.
        talk.pass(100)
        talk.wake()
        let held = try refused(
            talk.request(to: lb2),
            .held,
            current: lb2Holder,
            highest: 2
        )
        talk.pass(1)
        #expect(
            talk.hear(lb2, held) == [
                "open gate until 10446.803ms",
                "page: grant lb1 1 until 10700ms, used 1, tenure 1 until 10446.803ms",
            ]
        )
    }

    @Test("lets go at once when the voters that are left are no majority")
    func strikeCostsMajority() throws {
        var talk = Conversation.owner()
        talk.pass(100)
        talk.wake()
        let held = try refused(talk.request(to: w1), .held, current: lb2Holder, highest: 2)
        #expect(
            talk.hear(w1, held).prefix(3) == [
                "page: grant lb1 1 until 10600ms, used 1, no tenure",
                "close gate",
                "remove addresses #3",
            ]
        )
    }

    @Test("strikes no voter for a refusal that answers an older question than its last grant")
    func staleRefusal() throws {
        var talk = Conversation.owner()
        talk.pass(100)
        talk.wake()
        let older = try refused(talk.request(to: w1), .held, current: lb2Holder, highest: 2)
        talk.pass(100)
        talk.wake()
        talk.hear(w1, try #require(talk.grant(of: w1)))
        #expect(talk.hear(w1, older) == [])
        #expect(talk.serves)
    }

    @Test("strikes no voter that it does not count, nor for a refusal that names itself")
    func strikesOnlyWhatItCounts() throws {
        var talk = Conversation.owner()
        talk.greet(lb2)
        talk.pass(100)
        talk.wake()
        talk.hear(lb2, try refused(talk.request(to: lb2), .held, current: lb2Holder, highest: 2))
        #expect(talk.serves)
        talk.hear(w1, try refused(talk.request(to: w1), .held, current: lb1Holder, highest: 1))
        #expect(talk.serves)
        #expect(talk.agent.status(at: talk.now).groups[0].leaseRemaining == .microseconds(346_803))
    }

    @Test(
        "keeps what it has when a voter abstains, is suspended, or has another voter set",
        arguments: [RefusalReason.abstaining, .suspended, .voterSets, .unknownGroup, .recording]
    )
    func otherRefusals(reason: RefusalReason) throws {
        var talk = Conversation.owner()
        talk.pass(100)
        talk.wake()
        talk.hear(w1, try refused(talk.request(to: w1), reason, highest: 9))
        #expect(talk.serves)
        #expect(talk.agent.status(at: talk.now).groups[0].leaseRemaining == .microseconds(346_803))
    }

    @Test("goes on when the lease is much shorter than the one that its voters granted before")
    func muchShorterLease() {
        let tenure = TenureRecord(
            term: Term(4),
            counted: [lb1, w1].map {
                Contribution(voter: $0, stamp: .ms(9_900), length: .seconds(10))
            },
            // 0.899 of it by BOOTTIME, and nearly all of it by RAW.
            deadline: Reading(boottime: .ms(18_889), raw: .ms(19_879)),
            forced: false
        )
        let record = GroupRecord(group: web, highestUsed: Term(4), tenure: tenure)
        var talk = Conversation(.pair(lb1), memory: .settled(lb1Incarnation, records: [record]))
        talk.step(.interface(web, up: true))
        talk.addressesAdded()
        for beat in 1...110 {
            talk.greet(w1)
            if let grant = talk.grant(of: w1) { talk.hear(w1, grant) }
            #expect(talk.serves, "after \(beat) heartbeats")
            talk.pass(100)
            talk.wake()
        }
    }

    // MARK: - A deaf owner

    @Test("stops asking once its deadline has passed, until it hears a majority that hears it")
    func deafOwner() throws {
        var talk = Conversation.owner()
        let untilSilent = talk.sleep(497)
        #expect(untilSilent.contains("to w1: request 1"))
        talk.addressesRemoved()
        let afterwards = talk.sleep(10_000)
        #expect(afterwards.allSatisfy { !$0.contains("request") })

        talk.greet(w1, hears: false)
        talk.sleep(1000)
        #expect(talk.state == .standby)
        let oneWay = talk.greet(w1, hears: false)
        #expect(!oneWay.contains { $0.contains("request") })
        #expect(talk.greet(w1).contains("to w1: request 2"))
    }

    // MARK: - Announcements and addresses

    @Test("announces in a burst, and then once a minute")
    func announcements() throws {
        var talk = Conversation.owner()
        var rounds = [0]
        for millisecond in 1...150_000 {
            talk.pass(1)
            if millisecond % 100 == 0 { talk.greet(w1) } else { talk.wake() }
            for case .announce in talk.effects { rounds.append(millisecond) }
            if let grant = talk.grant(of: w1) { talk.hear(w1, grant) }
            if talk.effects.contains(where: \.isAddition) { talk.addressesAdded() }
        }
        #expect(rounds == [0, 5, 25, 125, 525, 1525, 3525, 8525, 68525, 128_525])
    }

    @Test("puts addresses back that somebody deleted, and announces them once they are there")
    func putsBack() {
        var talk = Conversation.owner()
        talk.pass(1)
        #expect(
            talk.step(.addressesFound(web, all: false, some: true)) == ["add addresses #3"]
        )
        #expect(talk.reports.contains(.addressesPutBack(web)))
        #expect(talk.addressesAdded() == ["open gate until 10446.803ms", "announce"])
    }

    @Test("takes addresses away that somebody put on a standby")
    func removesForeign() {
        var talk = Conversation.lonely()
        #expect(
            talk.step(.addressesFound(web, all: false, some: true)) == ["remove addresses #2"]
        )
    }

    @Test("lets go if the kernel refuses its addresses")
    func addressesRefused() throws {
        var talk = Conversation.candidate()
        talk.hear(w1, try #require(talk.grant(of: w1)))
        #expect(
            talk.step(.addressesAdded(web, request: 2, failed: true)).suffix(3) == [
                "page: grant lb1 1 until 10500ms, used 1, no tenure",
                "close gate",
                "remove addresses #3",
            ]
        )
    }

    @Test("is not moved by the kernel's answer to a question of an earlier tenure")
    func lateKernelAnswer() throws {
        var talk = Conversation.owner()
        let earlier = talk.addRequest
        talk.sleep(497)
        talk.addressesRemoved()
        talk.pass(200)
        talk.greet(w1)
        talk.hear(w1, try #require(talk.grant(of: w1)))
        #expect(talk.state == .starting)
        #expect(talk.step(.addressesAdded(web, request: earlier, failed: false)) == [])
        #expect(talk.step(.addressesAdded(web, request: earlier, failed: true)) == [])
        #expect(talk.addressesAdded().last == "announce")
    }
}
