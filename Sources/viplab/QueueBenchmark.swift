import VIPLab

/// Planned moves between nodes whose cards hold frames for just under the margin.
struct QueueBenchmark {
    let count: Int

    /// Whether no frame of an old owner left after the first one of the new one.
    func run() throws(LabError) -> Bool {
        var table = Table(
            "cards",
            "moves",
            "with frames after",
            "smallest gap",
            "median gap",
            "longest wait",
            "left after closing"
        )
        var isAsPromised = true
        for (name, queue) in [("one", CardQueue.prioritized), ("two", .single)] {
            say("full queues, cards: \(name), \(count) moves")
            let moves = try QueuedMoves.run(count, queue)
            let late = moves.count { $0.overtaken > 0 }
            let gaps = moves.map(\.gap).sorted()
            let drained = moves.map(\.drained).sorted()
            let waits = moves.map(\.longestWait).sorted()
            table.add(
                name,
                "\(moves.count)",
                "\(late)",
                gaps[0].human,
                gaps[gaps.count / 2].human,
                "\(waits[0].human) .. \(waits[waits.count - 1].human)",
                "\(drained[0]) .. \(drained[drained.count - 1])"
            )
            // An empty queue would prove nothing.
            isAsPromised = isAsPromised && late == 0 && drained[0] > 0
        }
        say("\n\(table.text)\n")
        return isAsPromised
    }
}
