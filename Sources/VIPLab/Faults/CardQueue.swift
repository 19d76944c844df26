/// A card that is slower than its host: what leaves by it waits in a queue behind the gate.
public enum CardQueue: Sendable {
    /// All frames wait in one row. Heartbeats get past it by another card.
    case single
    /// What has a high priority, as the agent's frames have, goes past the others.
    case prioritized

    /// Bits in a second.
    static let rate = 20_000_000

    /// Octets of the frames that fill it.
    static let frame = 1450

    /// How many of them wait at most, which `pfifo_fast` takes from the card.
    func length(wait: Duration) -> Int {
        Int(wait / .seconds(1) * Double(Self.rate) / 8) / Self.frame
    }

    /// For `tc -batch`.
    ///
    /// - Parameter wait: The longest that an accepted frame waits. Those for which the queue is too
    ///   long are dropped.
    func commands(card: String, wait: Duration) -> [String] {
        let octets = Int(wait / .seconds(1) * Double(Self.rate) / 8)
        let shaper = "tbf rate \(Self.rate)bit burst 2000 limit \(octets)"
        var lines = ["qdisc add dev \(card) root handle 10: \(shaper)"]
        if self == .prioritized {
            lines.append("qdisc add dev \(card) parent 10:1 handle 20: pfifo_fast")
        }
        return lines
    }
}

extension Lab {
    /// Puts a queue into the first card of both nodes.
    public func slowCards(_ queue: CardQueue, wait: Duration) throws(LabError) {
        let card = Network.first.interface
        let length = String(queue.length(wait: wait))
        for host in Host.nodes {
            try ip(host, "link set \(card) txqueuelen \(length)")
            let lines = queue.commands(card: card, wait: wait)
            let input = lines.joined(separator: "\n") + "\n"
            try Command("tc -n \(namespace(of: host).name) -batch -", input: input)
                .runSuccessfully()
        }
    }
}
