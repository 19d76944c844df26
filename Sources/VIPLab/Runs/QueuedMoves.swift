/// Planned moves to and fro between nodes whose cards have full queues.
public enum QueuedMoves {
    /// A move as the wire saw it.
    public struct Move: Sendable {
        /// From the last frame of the old owner to the first one of the new one. Negative if the
        /// old one sent frames after that.
        public let gap: Duration
        /// Frames of the old owner after the first one of the new one.
        public let overtaken: Int
        /// The longest that a frame of the old owner waited in its card.
        public let longestWait: Duration
        /// Frames of the old owner that left after the last one had been let into the queue, which
        /// was before its gate closed. None of them means an empty queue, and nothing is proven.
        public let drained: Int

        init(_ departures: [DepartureWatch.Departure], from old: Host) throws(LabError) {
            let olds = departures.filter { $0.host == old }
            let first = departures.first { $0.host == old.peer }?.moment
            let letIn = olds.compactMap(\.queued).max()
            guard let last = olds.last?.moment, let first, let letIn else {
                throw LabError(
                    "see frames of both owners",
                    found: "\(olds.count) of \(old), \(departures.count - olds.count) of its peer"
                )
            }
            gap = first - last
            overtaken = olds.count { $0.moment > first }
            let waits = olds.compactMap { each in each.queued.map { each.moment - $0 } }
            longestWait = waits.max() ?? .zero
            drained = olds.count { $0.moment > letIn }
        }
    }

    private static let address = "10.77.0.100"
    /// For a queue to be full again, and to be empty again: three times what either takes.
    private static let rest: Duration = .milliseconds(100)

    /// - Parameters:
    ///   - wait: The longest that a frame waits in a card.
    ///   - margin: As configured.
    public static func run(
        _ count: Int,
        _ queue: CardQueue,
        wait: Duration = .milliseconds(18),
        margin: Duration = .milliseconds(20)
    ) throws(LabError) -> [Move] {
        var options = LabOptions(hasSecondNetwork: queue == .single)
        options.configuration.margin = margin
        options.configuration.groups[0].addresses = [address]
        let lab = try Lab(options)
        defer { lab.close() }
        try lab.slowCards(queue, wait: wait)
        try lab.startPair()
        let watch = try DepartureWatch(in: lab, address: address)
        defer { watch.end() }
        let filler = try QueueFiller(in: lab, address: address)
        defer { filler.end() }

        var moves: [Move] = []
        var owner = Host.lb1
        for _ in 0..<count {
            try lab.waitForStandby(owner.peer)
            sleep(for: rest)
            _ = try watch.drain()
            try lab.switchover(from: owner)
            try lab.waitForOwner(owner.peer)
            sleep(for: rest)
            moves.append(try Move(watch.drain(), from: owner))
            owner = owner.peer
        }
        return moves
    }
}
