import VIPCore

/// All that a run is made of, drawn from its seed.
public struct Scenario: Sendable {
    /// What the faults of a run are aimed at.
    public enum Aim: String, CaseIterable, Sendable {
        /// Loss up to 20 %, duplicates, slews; nothing may come of it.
        case quiet
        case ordinary, storm
        /// One weakness each.
        case stalls, amnesia, leases, switchovers, releases, groups, leftovers, strangers, network
        /// Runs in which the promise of one owner is not made: what then happens ends by itself.
        case force, paused, twins
        /// The gate is deleted; or there is none, and the lease is long.
        case gates, lifetimes
        /// One voter lies; one is far away; kernels that do not answer; large frames are lost.
        case liar, far, kernels, narrow
        /// Notifications are lost, addresses and interfaces come and go.
        case netlink
        /// Other numbers of hosts and paths, worse clocks, short leases, a heartbeat for each host.
        case shapes
    }

    public var seed: UInt64
    public var aim: Aim
    public var nodes = 2
    public var witnesses = 1
    public var groups = 1
    public var paths = 1
    /// The longest of all hosts' heartbeats.
    public var heartbeat: TrueTime = 100 * milliseconds
    /// By host, where they differ.
    public var heartbeats: [TrueTime] = []
    /// The lease length at first, and those that hosts are restarted with.
    public var lease: TrueTime = 500 * milliseconds
    public var otherLeases: [TrueTime] = []
    public var drift = 2_000
    public var margin: TrueTime = 1 * milliseconds
    public var automaticFailback = false
    /// Nodes that can have no gate at first.
    public var gateless: [Int] = []
    /// Where there is no gate, address lifetimes enforce the lease.
    public var canDoWithoutGate = false
    /// Interfaces that a gate has to sit on.
    public var gatePosts = 1
    /// How long a start waits for its gate.
    public var gatePatience: TrueTime = 1_000 * milliseconds

    /// One frame's way, and how many in a million of them are lost, come twice, or come late.
    public var delay: ClosedRange<TrueTime> = 50_000...200_000
    public var loss = 0
    public var duplicates = 0
    public var spikes = 0
    public var greatestSpike: TrueTime = 0

    /// Between any two actions of a process, in a million, and for how long.
    public var stalls = 0
    public var greatestStall: TrueTime = 0
    /// How many steps in a million die between two effects.
    public var killInside = 0
    /// Notifications of the kernel, in a million, that are lost, or come twice; and answers that
    /// are taken before what was told before them.
    public var lostNotices = 0
    public var doubledNotices = 0
    public var hastyAnswers = 0
    /// Addresses that a host renews at each request.
    public var renewedAtOnce = 256
    public var kernelDelay: ClosedRange<TrueTime> = 10_000...100_000
    public var lateness: ClosedRange<TrueTime> = 0...60_000
    public var directoryDelay: TrueTime = 20 * milliseconds

    /// Who lies if anybody does.
    public var liar = 0
    /// A host whose frames take longer, and how much longer.
    public var far: (host: Int, delay: TrueTime)?
    /// A host that large frames never reach, nor leave.
    public var narrow: Int?
    /// How often, in a million, the disk does not take a lease before the agent starts.
    public var unrecorded = 0

    /// The mean pause between two faults of a kind, 0 for none.
    public var pauses = [TrueTime](repeating: 0, count: Fault.allCases.count)
    /// When they end.
    public var faultsEnd: TrueTime = 0
    /// How long nothing may change afterwards.
    public var calmFor: TrueTime = 0

    public static let milliseconds: TrueTime = 1_000_000

    public func heartbeat(of host: Int) -> TrueTime {
        heartbeats.indices.contains(host) ? heartbeats[host] : heartbeat
    }

    /// Without the twin.
    public var hosts: Int { nodes + witnesses }
    public var longestLease: TrueTime { max(lease, otherLeases.max() ?? 0) }

    /// A world without faults, for a script.
    public init(scripted seed: UInt64) {
        self.seed = seed
        aim = .ordinary
    }

    public subscript(fault: Fault) -> TrueTime {
        get { pauses[fault.rawValue] }
        set { pauses[fault.rawValue] = newValue }
    }

    public init(seed: UInt64, aim wanted: Aim? = nil) {
        self.init(scripted: seed)
        var random = RandomStream(seed: seed ^ 0x7363_656E_6172_696F)
        var hostRandom = RandomStream(seed: seed ^ 0x6761_7465)
        let drawn = Self.drawAim(&random)
        aim = wanted ?? Self.drawLaterAim(&hostRandom) ?? drawn
        drawShape(&random)
        drawTiming(&random)
        drawNetwork(&random)
        drawFaults(&random)
        drawLaterFaults(&hostRandom)
        faultsEnd = lease * random.within(12...30)
        calmFor = lease * 3 + heartbeat * 10
    }

    private static func drawAim(_ random: inout RandomStream) -> Aim {
        let drawn = random.below(100)
        return switch drawn {
        case ..<8: .quiet
        case ..<36: .ordinary
        case ..<44: .storm
        case ..<51: .stalls
        case ..<58: .amnesia
        case ..<65: .leases
        case ..<73: .switchovers
        case ..<80: .releases
        case ..<85: .groups
        case ..<91: .leftovers
        case ..<93: .strangers
        case ..<95: .network
        case ..<97: .force
        case ..<99: .paused
        default: .twins
        }
    }

    /// Of what came later, from a stream of its own: most older seeds keep their aim.
    private static func drawLaterAim(_ hostRandom: inout RandomStream) -> Aim? {
        switch hostRandom.below(100) {
        case ..<6: .gates
        case ..<14: .lifetimes
        case ..<16: .force
        case ..<21: .paused
        case ..<30: .liar
        case ..<34: .far
        case ..<37: .kernels
        case ..<39: .narrow
        case ..<43: .shapes
        case ..<49: .netlink
        default: nil
        }
    }

    private mutating func drawShape(_ random: inout RandomStream) {
        let shape = random.below(100)
        (nodes, witnesses) =
            switch shape {
            case ..<82: (2, 1)
            case ..<88: (3, 0)
            case ..<92: (3, 2)
            case ..<96: (2, 0)
            default: (1, 0)
            }
        if aim != .ordinary, aim != .quiet, shape >= 92 { (nodes, witnesses) = (2, 1) }
        groups = random.pick([1, 1, 1, 2, 3])
        if aim == .groups { groups = max(2, groups) }
        // So many that their requests together make a large frame.
        if aim == .narrow { groups = 8 + random.below(5) }
        paths = random.pick([1, 1, 1, 2])
        if aim == .shapes {
            (nodes, witnesses) = random.pick([
                (4, 0), (4, 1), (5, 0), (6, 1), (2, 2), (2, 3), (3, 1),
            ])
            paths = random.pick([1, 2, 3, 4])
        }
        automaticFailback = aim != .quiet && random.happens(200_000)
    }

    private mutating func drawTiming(_ random: inout RandomStream) {
        lease = random.pick([15, 100, 500, 500, 2_000]) * Self.milliseconds
        heartbeat = lease / random.pick([3, 5, 5, 5, 8])
        if aim == .quiet { heartbeat = lease / 5 }
        drift = random.pick([500, 2_000, 2_000, 10_000])
        margin = random.pick([lease / 100, lease / 500, Self.milliseconds])
        margin = min(margin, lease / 10)
        otherLeases = [lease, lease * 2 / 3, lease * 3, lease * 2]
        if aim == .lifetimes {
            // All of them long enough for a lifetime.
            lease = random.pick([5_500, 6_000, 8_000, 12_000, 20_000]) * Self.milliseconds
            heartbeat = lease / random.pick([8, 12, 20])
            otherLeases = [lease, lease * 3 / 2]
        }
        if aim == .shapes { drawOddTiming(&random) }
        kernelDelay = random.pick([1_000...20_000, 10_000...200_000, 1...heartbeat])
        lateness = random.pick([0...0, 0...60_000, 0...heartbeat / 2])
        directoryDelay = random.pick([0, heartbeat, lease])
        if aim == .quiet {
            kernelDelay = 1_000...heartbeat / 10
            lateness = 0...heartbeat / 10
        }
    }

    /// The worst that a configuration may say.
    private mutating func drawOddTiming(_ random: inout RandomStream) {
        drift = random.pick([0, 2_000, 50_000])
        heartbeat = lease / random.pick([2, 3, 5])
        guard random.happens(500_000) else { return }
        // A host hears who says something within three and a half of its own heartbeats.
        heartbeats = (0..<hosts).map { _ in heartbeat / random.pick([1, 2]) }
    }

    private mutating func drawNetwork(_ random: inout RandomStream) {
        let slowest =
            aim == .quiet
            ? heartbeat / 10 : random.pick([heartbeat / 20, heartbeat / 2, lease / 2])
        delay = random.within(0...slowest / 4)...slowest
        if aim == .far { delay = heartbeat / 100...heartbeat / 20 }
        loss = random.pick([0, 0, 10_000, 100_000, 200_000])
        duplicates = random.pick([0, 0, 10_000, 300_000])
        guard aim != .quiet else {
            // Without a third voter each frame counts: 20 % loss costs one of them the lease in
            // some fifty thousand runs.
            if hosts == 2 { loss = min(loss, 100_000) }
            return
        }
        if random.happens(200_000) { loss = 400_000 }
        spikes = random.pick([0, 0, 3_000, 50_000])
        greatestSpike = lease * random.within(1...2)
    }
}
