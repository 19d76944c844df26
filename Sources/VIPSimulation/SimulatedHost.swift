import VIPCore
import VIPHost
import VIPNet

/// What the gates on a host's interfaces have of one group. It outlives the process, and not the
/// boot.
struct GroupGate {
    /// In nanoseconds of BOOTTIME; the addresses answer before it, on some interface. Where no gate
    /// sits anywhere, of the one that is about to.
    var deadline: Int64 = 0
    /// For whom it was opened, or the addresses were added, last; nil if never.
    var holder: Holder?
    var forced = false
    /// Frames that it let through before it was closed may leave until then.
    var drainsUntil: TrueTime = 0

    func isOpen(boottime: Int64) -> Bool { boottime < deadline }
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
        /// The gate is looked for; all that comes waits.
        case starting
        case idle
        /// An event was received; the clock is not yet read.
        case reading(Incoming)
        /// Between two effects; `next` comes next.
        case carryingOut(next: Int)
    }

    enum Input {
        case event(Event)
        case host(HostEvent)
        case answer(UInt64, AddressAnswer)
        /// The kernel has something to tell.
        case netlink
        /// So has the gate's worker.
        case gate
    }

    struct Incoming {
        var input: Input
        /// Of a frame: its entry in the attacker's notes, and when it was sent.
        var recording: Network.RecordingID?
        var sentAt: TrueTime = 0

        var event: Event? {
            if case .event(let event) = input { event } else { nil }
        }
    }

    /// Notifications that are read at once.
    static let mostRead = 4

    /// As much as a socket keeps; more is dropped.
    static let mostWaiting = 192

    var agent: Agent
    /// Told the same, it looks at all groups in every step. Only in some runs.
    var comparison: Agent?
    var settings: Settings { agent.settings }
    let life: Int
    let since: TrueTime
    var phase = Phase.starting
    var incoming: [Incoming] = []
    var taken = 0
    /// What comes before all of that: news from the host to the agent.
    var pending: [Event] = []
    /// Nil on a witness.
    var host: Host?
    var addresses: HostAddresses? { host?.addresses }
    var gate: HostGate? { host?.gate }
    /// What the kernel has told, and nobody has read; and whether it has lost some of it.
    var notices: [NetworkNotice] = []
    var isOverrun = false
    /// In the order of the questions.
    var answers: [(id: UInt64, answer: AddressAnswer)] = []
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
    /// By sender: the greatest sequence number that it has been given in each of its sessions.
    var greatestSequences: [[(session: UInt64, number: UInt64)]]
    /// By group: the term of its last candidacy.
    var candidacies: [Term?]
    /// By group: when it last closed its gate for another's word, by its own clock.
    var doubts: [Instant?]
    /// By group: since when it has the lease and does not serve, by its own clock.
    var idleSince: [Instant?]
    /// Until when announcements may leave; by group, in the order of `addresses`.
    var permits: [Instant?]
    var gateWorker = GateWorker()
    /// Found, made, or kept.
    var gateAtHand: SimulatedGate?
    /// Where the gate sits, as its worker has said; and, by group, what the core has heard.
    var postsHeard: [GateAttachment]?
    var gateInPlace: [Bool]
    /// It is to go on as another process as soon as it is at rest.
    var succession: Succession?
    /// How often in a row it wanted to be woken at once.
    var idleWakes = 0

    private let memory: Memory
    private let seed: UInt64

    init(
        memory: Memory,
        settings: Settings,
        seed: UInt64,
        life: Int,
        since: TrueTime,
        reading: Reading,
        in scenario: Scenario
    ) {
        (self.memory, self.seed) = (memory, seed)
        agent = Agent(settings: settings, memory: memory, seed: seed)
        self.life = life
        self.since = since
        self.reading = reading
        challenges = Array(repeating: 0, count: scenario.hosts)
        greatestSequences = Array(repeating: [], count: scenario.hosts)
        candidacies = Array(repeating: nil, count: scenario.groups)
        gateInPlace = Array(repeating: true, count: scenario.groups)
        permits = Array(repeating: nil, count: scenario.groups)
        doubts = Array(repeating: nil, count: scenario.groups)
        idleSince = Array(repeating: nil, count: scenario.groups)
    }

    /// By the page that it has found.
    func hadTenure(of group: GroupID) -> Bool {
        memory.page?.records.contains { $0.group == group && $0.tenure != nil } ?? false
    }

    /// From now on the agent is what it is, by what is known of the gate.
    func begin(_ settings: Settings, areGatesFound: Bool) {
        var memory = memory
        memory.areGatesFound = areGatesFound
        agent = Agent(settings: settings, memory: memory, seed: seed)
        phase = .idle
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
    /// What its agent takes to silence the addresses when it can't itself.
    var enforcement = Enforcement.gate
    var hooks: InterfaceHooks
    /// Some gate sits on every interface: not before the first agent of a boot has put it there,
    /// and not after somebody has deleted it.
    var gateInPlace = false
    /// Somewhere one sits that the agent can't close: what it has let through ends with the
    /// addresses.
    var gateIsForeign = false
    var gates: [GroupGate]
    var kernel: SimulatedKernel
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
    /// The kernel refuses much of what it is asked for.
    var addsFail = false
    /// What would have happened while it was suspended.
    var deferred: [Happening] = []
    /// Frames that wait in the sockets for the process that is to go on.
    var inherited: [Process.Incoming] = []
    /// The supervisor does not start it again.
    var abandoned = false

    init(_ index: Int, in scenario: Scenario, clocks: HostClocks) {
        self.index = index
        self.clocks = clocks
        id = World.hostID(index)
        isNode = index < scenario.nodes
        name = isNode ? "n\(index + 1)" : "w\(index + 1 - scenario.nodes)"
        hooks = InterfaceHooks(
            scenario.gatePosts,
            scenario.gateless.contains(index) ? .none : .full
        )
        gates = Array(repeating: GroupGate(), count: scenario.groups)
        kernel = SimulatedKernel(scenario)
        directory = StateDirectory(highestTerms: Array(repeating: .none, count: scenario.groups))
        lease = .nanoseconds(scenario.lease)
        groups = Array(repeating: true, count: scenario.groups)
        voterSet = World.voterSet
        carrier = Array(repeating: true, count: scenario.paths)
        carrierSerial = Array(repeating: 0, count: scenario.paths)
        healthy = Array(repeating: true, count: scenario.groups)
    }

    /// Whether all that an earlier process left open is found, and closed.
    var areGatesFound: Bool { process?.host?.gate.areGatesFound ?? true }

    /// Whether it has any address of the group.
    func has(_ group: Int) -> Bool { !kernel.held[group].isEmpty }

    /// Suspended or paused: nothing runs, not even its kernel.
    var isStopped: Bool { clocks.stop != nil }
    var runs: Bool { powered && !isStopped }
}
