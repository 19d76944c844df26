import Testing
import VIPCore

/// What waits for what: releases for the last frames, owners for the kernel, renewals for voters
/// that grant for less, and questions for voters that are far.
@Suite("An agent waits")
struct PatienceTests {
    // MARK: - Letting go

    @Test("with its release until what the gate had let through has left")
    func drain() {
        var talk = Conversation.owner()
        talk.pass(497)
        talk.wake()
        #expect(talk.addressesRemoved() == [])
        #expect(!talk.sleep(1.003).contains { $0.contains("release") })
        #expect(
            talk.sleep(0.001) == [
                "page: grant lb1 1 freed, used 1, no tenure",
                "to lb2: release 1",
                "to w1: release 1",
            ]
        )
    }

    @Test("with its release from when the gates were closed, if that is later than the decision")
    func gatesClosed() {
        var talk = Conversation.owner()
        talk.pass(497)
        talk.wake()
        talk.pass(0.5)
        talk.step(.gatesClosed)
        talk.addressesRemoved()
        #expect(!talk.sleep(1.003).contains { $0.contains("release") })
        #expect(talk.sleep(0.001).last == "to w1: release 1")
    }

    // MARK: - The kernel

    /// lb1 owns the group since 10,000 ms, is renewed, and has no answer from the kernel.
    func unconfirmed() throws -> Conversation {
        var talk = Conversation.candidate()
        talk.hear(w1, try #require(talk.grant(of: w1)))
        for _ in 1...9 {
            talk.pass(100)
            talk.greet(w1)
            talk.hear(w1, try #require(talk.grant(of: w1)))
        }
        return talk
    }

    @Test("a second for the kernel to add the addresses, and then lets others have the lease")
    func kernelSilent() throws {
        var talk = try unconfirmed()
        #expect(!talk.sleep(99.999).contains("close gate"))
        #expect(talk.state == .starting)
        #expect(
            talk.sleep(0.001).filter { !$0.contains("request") }.suffix(3) == [
                "page: grant lb1 1 until 11500ms, used 1, no tenure",
                "close gate",
                "remove addresses #3",
            ]
        )
        #expect(talk.agent.status(at: talk.now).groups[0].reason == .kernelSilent)
    }

    @Test("and is not ready while the kernel has owed an answer for a second")
    func unreadyWhileSilent() throws {
        var talk = try unconfirmed()
        talk.sleep(100)
        talk.sleep(999.9)
        #expect(talk.agent.status(at: talk.now).groups[0].unready != .kernelSilent)
        talk.sleep(0.1)
        #expect(talk.agent.status(at: talk.now).groups[0].unready == .kernelSilent)
        talk.addressesRemoved()
        #expect(talk.agent.status(at: talk.now).groups[0].unready == .kernelSilent)
        talk.sleep(2000)
        #expect(talk.agent.status(at: talk.now).groups[0].unready == nil, "four leases later")
    }

    @Test("four leases before it asks again when the kernel has kept silent")
    func staysAway() throws {
        var talk = try unconfirmed()
        talk.sleep(100)
        talk.drained()
        var lines: [String] = []
        for _ in 1...20 {
            lines += talk.sleep(99.9)
            lines += talk.greet(w1)
            talk.pass(0.1)
        }
        #expect(!lines.contains { $0.contains("request") })
        #expect(talk.greet(w1).contains("to w1: request 2"))
    }

    // MARK: - Renewals

    @Test("a twentieth of its heartbeat where voters grant a twentieth of its lease")
    func shorterGrants() throws {
        var talk = Conversation.lonely(.pair(lb1, heartbeat: .seconds(2), lease: .seconds(10)))
        talk.greet(w1)
        var granted = Granted(answering: try #require(talk.request(to: w1)))
        granted.length = .milliseconds(500)
        talk.hear(w1, .granted(granted))
        #expect(talk.addressesAdded().first == "open gate until 10446.803ms")
        for beat in 1...20 {
            #expect(!talk.sleep(99.9).contains { $0.contains("request") }, "beat \(beat)")
            #expect(talk.sleep(0.1).contains("to w1: request 1"), "beat \(beat)")
            granted = Granted(answering: try #require(talk.request(to: w1)))
            granted.length = .milliseconds(500)
            talk.hear(w1, .granted(granted))
            #expect(talk.serves)
        }
    }

    @Test("in the same proportion with the longest heartbeat and lease that a file may have")
    func longestGrants() throws {
        var talk = Conversation.lonely(.pair(lb1, heartbeat: .seconds(10), lease: .seconds(30)))
        talk.greet(w1)
        var granted = Granted(answering: try #require(talk.request(to: w1)))
        granted.length = .seconds(21)
        talk.hear(w1, .granted(granted))
        talk.addressesAdded()
        #expect(talk.sleep(7000).contains("to w1: request 1"))
    }

    // MARK: - The record

    @Test("until none of its grants lasts longer, before it lowers the lease on record")
    func lowersRecord() {
        let grant = Grant(holder: lb1Holder, term: Term(5), expiry: .ms(12_000), released: false)
        let record = GroupRecord(group: web, grant: grant, highestGranted: Term(5))
        var memory = Memory.settled(w1Incarnation, records: [record])
        memory.longestLease = .seconds(30)
        var talk = Conversation(.pair(w1), memory: memory)
        #expect(!Transcript.lines(talk.effects).contains { $0.hasPrefix("record lease") })
        #expect(!talk.sleep(1499.9).contains { $0.hasPrefix("record lease") })
        talk.pass(0.1)
        #expect(talk.wake() == ["record lease 500ms"])
        #expect(talk.reports == [.recordLowered(to: .milliseconds(500))])
        #expect(!talk.sleep(1000).contains { $0.hasPrefix("record lease") }, "once")
    }

    @Test("until it has abstained for the lease on record, before it lowers that")
    func lowersRecordAfterAbstention() {
        let memory = Memory.new(Incarnation(21), longestLease: .seconds(30))
        var talk = Conversation(.pair(w1), memory: memory)
        #expect(!talk.sleep(29_999).contains { $0.hasPrefix("record lease") })
        #expect(talk.sleep(200).contains("record lease 500ms"))
    }

    @Test("for the longest lease on record, after other voters have been accepted")
    func acceptance() {
        var memory = Memory.settled(w1)
        memory.longestLease = .seconds(30)
        var talk = Conversation.witness(.pair(w1, suspended: true), memory: memory)
        #expect(
            talk.step(.command(.acceptVoters, id: 3)).first
                == "header: incarnation 13, abstains until 40000ms"
        )
        #expect(talk.reports.contains(.abstaining(.seconds(30))))
    }
}
