import Testing
import VIPCore

/// Frames of more than 576 octets may be lost where shorter ones pass. What has to arrive at the
/// first attempt is never in one of those.
@Suite("A frame is small")
struct FrameSizeTests {
    /// So many that their requests together make a large frame.
    private static let groups = (UInt64(100)..<112).map { GroupID($0) }

    /// lb1, standing by for all of them.
    private static func standby() -> Conversation {
        var talk = Conversation(.pair(lb1, groups: groups))
        for case .removeAddresses(let group, let request) in talk.effects {
            talk.step(.addressesRemoved(group, request: request))
        }
        for group in groups { talk.step(.interface(group, up: true)) }
        return talk
    }

    private static func requests(in frame: Frame) -> [Request] {
        frame.records.compactMap { record in
            guard case .request(let request) = record else { return nil }
            return request
        }
    }

    /// The same, owning all of them; w1 has just voted for it, in `now`.
    private static func owner(hears: Bool = true) -> Conversation {
        var talk = standby()
        talk.greet(w1, hears: true)
        let asked = talk.frames(to: w1).flatMap(requests)
        talk.hear(talk.frame(from: w1, asked.map { .granted(Granted(answering: $0)) }))
        talk.pass(100)
        // It is 0.2 ms away, so that unanswered questions are soon repeated.
        var frame = talk.frame(from: w1, [.presence(talk.presence(hears: hears))])
        frame.echo = UInt64(talk.now.raw.sinceZero.nanoseconds - 200_000)
        talk.hear(frame)
        return talk
    }

    @Test("if a candidate asks")
    func candidate() {
        var talk = Self.standby()
        talk.greet(w1)
        let frames = talk.frames(to: w1)
        #expect(frames.flatMap(Self.requests).count == 12, "the candidacies are one step")
        #expect(frames.allSatisfy { !$0.isLarge })
    }

    @Test("if a heartbeat has more conditions than fit into one")
    func heartbeat() {
        var talk = Conversation(.pair(lb1, groups: (1...40).map { GroupID($0) }))
        talk.greet(lb2)
        let frames = talk.frames(to: lb2)
        #expect(frames.count > 2)
        #expect(frames.allSatisfy { !$0.isLarge })
    }

    @Test("if it answers a small one, and may be large if it answers a large one")
    func answers() {
        var talk = Conversation.witness(.pair(w1, groups: Self.groups))
        func questions(_ groups: ArraySlice<GroupID>) -> [Record] {
            groups.map { group in
                .request(
                    Request(
                        group: group,
                        term: Term(1),
                        holder: Holder(host: lb1, incarnation: Incarnation(11)),
                        length: .milliseconds(500),
                        stamp: talk.now
                    )
                )
            }
        }
        talk.hear(talk.frame(from: lb1, questions(Self.groups.prefix(7))))
        let small = talk.frames(to: lb1)
        #expect(small.flatMap(\.records).filter { !$0.isPresence }.count == 7)
        #expect(small.allSatisfy { !$0.isLarge })

        talk.hear(talk.frame(from: lb1, questions(Self.groups[...])))
        let large = talk.frames(to: lb1)
        #expect(large.flatMap(\.records).filter { !$0.isPresence }.count == 12)
        #expect(large.contains { $0.isLarge })
    }

    @Test("if an owner's voter does not say that it hears this host")
    func unheard() {
        let talk = Self.owner(hears: false)
        let frames = talk.frames(to: w1)
        #expect(frames.flatMap(Self.requests).count == 12)
        #expect(frames.allSatisfy { !$0.isLarge })
    }

    @Test("if three large ones have got no answer from a voter that is heard")
    func unanswered() {
        var talk = Self.owner()
        var most: [Int] = []
        for _ in 1...40 where most.count < 4 {
            let asked = talk.frames(to: w1).map { Self.requests(in: $0).count }.max() ?? 0
            if asked > 0 { most.append(asked) }
            guard let due = talk.agent.wakeUp(at: talk.now) else { break }
            talk.pass((due - talk.now.boottime) / .milliseconds(1))
            talk.wake()
        }
        #expect(most == [12, 12, 12, 7])
    }

    @Test("if large ones have got no answer for two heartbeats, and there was no time for three")
    func unansweredForHeartbeats() {
        var talk = Self.owner()
        var isLarge = [talk.frames(to: w1).contains(where: \.isLarge)]
        for _ in 1...3 {
            // It answers no question, and its round trip leaves no time for three a heartbeat.
            talk.pass(98)
            var frame = talk.frame(from: w1, [.presence(talk.presence())])
            frame.echo = UInt64(talk.now.raw.sinceZero.nanoseconds - 40_000_000)
            talk.hear(frame)
            talk.pass(2)
            talk.wake()
            let frames = talk.frames(to: w1)
            #expect(frames.flatMap(Self.requests).count == 12, "the lease lasts")
            isLarge.append(frames.contains(where: \.isLarge))
        }
        #expect(isLarge == [true, true, false, false])
    }
}

extension Record {
    fileprivate var isPresence: Bool {
        if case .presence = self { return true }
        return false
    }
}
