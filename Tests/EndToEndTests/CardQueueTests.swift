import Testing
import VIPLab

extension EndToEnd {
    /// Frames that were let through before the gate closed, and wait in the card's queue.
    @Suite("A planned move waits for what is in the card's queue")
    struct CardQueueTests {
        /// So many frames, and more, are still in a full queue when the gate closes. Were there
        /// none, the rest would prove nothing.
        private static let fewestDrained = 10

        @Test(
            "so that no frame of the old owner leaves after the first one of the new one",
            arguments: [CardQueue.prioritized, .single]
        )
        func margin(queue: CardQueue) throws {
            let moves = try QueuedMoves.run(10, queue)
            for move in moves {
                #expect(move.overtaken == 0, "\(move)")
                #expect(move.drained >= Self.fewestDrained, "\(move)")
            }
        }

        /// The measurement itself: with a margin that is shorter than the queue it shows them.
        @Test("for as long as the margin says, and no longer")
        func shortMargin() throws {
            let moves = try QueuedMoves.run(3, .single, margin: .milliseconds(1))
            #expect(moves.contains { $0.overtaken > 0 }, "\(moves)")
        }
    }
}
