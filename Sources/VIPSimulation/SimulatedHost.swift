import VIPCore

/// What the eBPF program enforces for one group. It outlives the process, and not the boot.
struct Gate {
    /// Until the first agent of a boot attaches it, nothing is enforced.
    var attached = false
    /// In nanoseconds of BOOTTIME; the addresses answer before it.
    var deadline: Int64 = 0
    /// For whom it was opened last; nil if never, or since the page was lost.
    var holder: Holder?
    var term = Term.none
    var forced = false

    func isOpen(boottime: Int64) -> Bool { !attached || boottime < deadline }
}

/// One group's addresses on its interface.
struct SimulatedAddresses {
    /// A group has two of them, so that it can have some but not all.
    static let all = 2

    var present = 0
    /// Counts refreshes: an expiry that was planned before the last one does nothing.
    var refreshes = 0
    /// Somebody has changed them, and the agent has not been told yet.
    var untold = false
}

/// What is kept across boots. Writes wait until there is time.
struct StateDirectory {
    enum Write {
        case lease(Int64, life: Int)
        case term(group: Int, Term)
    }

    var longestLease: Int64 = 0
    var highestTerms: [Term]
    var voterSet: UInt64?
    var waiting: [Write] = []
}

/// One life of the agent.
final class Process {
    enum Phase {
        case idle
        /// An event was received; the clock is not yet read.
        case reading(Incoming)
        /// Between two effects; `next` comes next.
        case carryingOut(next: Int)
    }

    struct Incoming {
        var event: Event
        /// Of a frame: its entry in the attacker's notes, and when it was sent.
        var recording: Network.RecordingID?
        var sentAt: TrueTime = 0
    }

    /// As much as a socket keeps; more is dropped.
    static let mostWaiting = 192

    var agent: Agent
    var settings: Settings { agent.settings }
    let life: Int
    let since: TrueTime
    var phase = Phase.idle
    var incoming: [Incoming] = []
    var taken = 0
    var effects: [Effect] = []
    /// The last look at the clocks.
    var reading: Reading
    /// What the current step was about.
    var current: Event = .start
    /// Before which effect SIGKILL comes.
    var killBefore: Int?
    var hung = false
    /// It could go on, were it not hung.
    var due = false
    var timer: Int64?
    var timerSerial = 0
    /// The challenges that it last sent, by receiver: what proves a frame to be new.
    var challenges: [UInt64]
    /// Commands that it has not answered yet.
    var commands: [UInt64] = []
    /// What it last said of itself.
    var presence: Presence?
    /// Its first step is done.
    var started = false
    /// By sender: the greatest sequence number that it has been given, and in which session.
    var greatestSequences: [(session: UInt64, number: UInt64)]
    /// By group: the term of its last candidacy.
    var candidacies: [Term?]
    /// How often in a row it wanted to be woken at once.
    var idleWakes = 0

    init(agent: Agent, life: Int, since: TrueTime, reading: Reading, in scenario: Scenario) {
        self.agent = agent
        self.life = life
        self.since = since
        self.reading = reading
        challenges = Array(repeating: 0, count: scenario.hosts)
        greatestSequences = Array(repeating: (0, 0), count: scenario.hosts)
        candidacies = Array(repeating: nil, count: scenario.groups)
    }
}

/// One host: what its kernel keeps, what its disk keeps, and the agent, if it runs.
final class SimulatedHost {
    let index: Int
    let id: HostID
    let name: String
    let isNode: Bool
    var clocks: HostClocks
    var powered = true
    var boot = 0
    var gates: [Gate]
    var addresses: [SimulatedAddresses]
    var page: Page?
    var directory: StateDirectory
    var process: Process?
    /// What its configuration file says at the moment.
    var lease: Duration
    var groups: [Bool]
    var voterSet: UInt64
    /// Per path, and per group.
    var carrier: [Bool]
    var carrierSerial: [Int]
    var healthy: [Bool]
    var maintenance = false
    /// Adding addresses fails.
    var addsFail = false
    /// What would have happened while it was suspended.
    var deferred: [Happening] = []
    /// When the kernel is done with what it was asked for: it works in order.
    var kernelBusyUntil: TrueTime = 0
    /// The supervisor does not start it again.
    var abandoned = false

    init(_ index: Int, in scenario: Scenario, clocks: HostClocks) {
        self.index = index
        self.clocks = clocks
        id = World.hostID(index)
        isNode = index < scenario.nodes
        name = isNode ? "n\(index + 1)" : "w\(index + 1 - scenario.nodes)"
        gates = Array(repeating: Gate(), count: scenario.groups)
        addresses = Array(repeating: SimulatedAddresses(), count: scenario.groups)
        directory = StateDirectory(highestTerms: Array(repeating: .none, count: scenario.groups))
        lease = .nanoseconds(scenario.lease)
        groups = Array(repeating: true, count: scenario.groups)
        voterSet = World.voterSet
        carrier = Array(repeating: true, count: scenario.paths)
        carrierSerial = Array(repeating: 0, count: scenario.paths)
        healthy = Array(repeating: true, count: scenario.groups)
    }

    /// Suspended or paused: nothing runs, not even its kernel.
    var isStopped: Bool { clocks.stop != nil }
    var runs: Bool { powered && !isStopped }
}
