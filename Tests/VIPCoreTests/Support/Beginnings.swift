import VIPCore

/// Where most conversations begin.
extension Conversation {
    /// A witness that has run before and owes nothing; both nodes have introduced themselves.
    static func witness(
        _ settings: Settings = .pair(w1),
        memory: Memory? = nil
    ) -> Conversation {
        var talk = Conversation(settings, memory: memory)
        talk.greet(lb1)
        talk.greet(lb2)
        return talk
    }

    /// lb1 (or lb2), standing by: its leftovers are cleared away, its link is up, and nobody is
    /// heard.
    static func lonely(
        _ settings: Settings = .pair(lb1),
        memory: Memory? = nil,
        seed: UInt64 = 1
    ) -> Conversation {
        var talk = Conversation(settings, memory: memory, seed: seed)
        talk.addressesRemoved()
        talk.step(.interface(web, up: true))
        return talk
    }

    /// lb1 has just asked for the vacant lease, in term 1: it hears the witness, which hears it.
    static func candidate(_ settings: Settings = .pair(lb1)) -> Conversation {
        var talk = lonely(settings)
        talk.greet(w1)
        return talk
    }

    /// lb1 owns the group in term 1 since 10,000 ms, by its own vote and the witness's.
    static func owner(_ settings: Settings = .pair(lb1)) -> Conversation {
        var talk = candidate(settings)
        if let grant = talk.grant(of: w1) { talk.hear(w1, grant) }
        talk.addressesAdded()
        return talk
    }
}
