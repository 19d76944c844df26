/// One host's part in the cluster: voter for every group, and on a node also standby or owner.
///
/// Pure: `step` is the only way in, the effects that it returns the only way out, and time is an
/// argument. Call `step(.start)` first; after every `step` carry out all effects in their order, then
/// ask `wakeUp(at:)` when to step again at the latest.
public struct Agent: Sendable {
    public let settings: Settings
    public private(set) var rules = RuleCounts()

    /// `seed` is the agent's only chance: sessions, challenges and the order of candidates come from it.
    public init(settings: Settings, memory: Memory, seed: UInt64) {
        self.settings = settings
    }

    public mutating func step(_ event: Event, at now: Reading) -> [Effect] {
        []
    }

    /// The instant of CLOCK_BOOTTIME at which something is due, nil if nothing ever is.
    public func wakeUp(at now: Reading) -> Instant? {
        nil
    }
}
