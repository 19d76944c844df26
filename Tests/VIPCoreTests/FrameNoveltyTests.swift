import Testing
import VIPCore

/// Attack V11: a frame recorded once, sent again from many addresses.
@Suite("A frame from where its sender is not")
struct FrameNoveltyTests {
    @Test("is proven if it repeats our challenge and was not read before, and old afterwards")
    func proven() {
        var talk = Conversation(.pair(w1))
        let frame = talk.frame(from: lb1)
        #expect(talk.agent.novelty(of: frame) == .proven)
        talk.hear(frame)
        #expect(talk.agent.novelty(of: frame) == .old)
        var next = talk.frame(from: lb1)
        #expect(talk.agent.novelty(of: next) == .proven)
        next.proof = 77
        #expect(talk.agent.novelty(of: next) == .old)
    }

    @Test("of a session that knows no challenge of ours is unproven; to somebody else it is old")
    func unproven() {
        var talk = Conversation(.pair(w1))
        talk.hear(talk.frame(from: lb1))
        var clone = talk.frame(from: lb1)
        clone.session = 4711
        clone.proof = 0
        #expect(talk.agent.novelty(of: clone) == .unproven)
        clone.receiver = lb2
        #expect(talk.agent.novelty(of: clone) == .old)
        clone.receiver = w1
        clone.sender = HostID(99)
        #expect(talk.agent.novelty(of: clone) == .old)
    }

    @Test("tells of a live host once its session goes on, and never by the same frame again")
    func alive() {
        var sessions = UnprovenSessions()
        var talk = Conversation(.pair(w1))
        let frame = talk.frame(from: lb1)
        func isAlive(_ session: UInt64, _ sequence: UInt64) -> Bool {
            var later = frame
            (later.session, later.sequence) = (session, sequence)
            return sessions.isAlive(later)
        }
        for _ in 0..<40 { #expect(!isAlive(4711, 10)) }
        #expect(!isAlive(4711, 9))
        #expect(isAlive(4711, 11))
        #expect(!isAlive(4711, 11))
        #expect(!isAlive(4712, 12))
    }
}
