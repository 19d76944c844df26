import VIPCore

/// Directed links, one per pair of hosts and path, and an attacker who listens everywhere.
struct Network {
    struct Link {
        var cut = false
        var cutSerial = 0
        /// Frames are kept until then.
        var clogged = false
        var clogSerial = 0
        var kept: [Int] = []
    }

    /// A frame on its way, or in the attacker's notes.
    struct Sent {
        var frame: Frame
        /// Which of the hosts with the receiver's name gets it.
        var to: Int
        var sentAt: TrueTime
        var recording: RecordingID?
    }

    /// An entry in the attacker's notes; the serial number tells it from what replaced it.
    struct RecordingID: Equatable {
        var slot: Int
        var serial: Int
    }

    /// What the attacker has written down, and which life of the receiver has seen it.
    struct Recording {
        var sent: Sent
        var seenBy: Int
    }

    static let mostRecordings = 48

    private let hosts: Int
    private let paths: Int
    var links: [Link]
    var random: RandomStream
    private(set) var table: [Sent?] = []
    private var free: [Int] = []
    var recordings: [Recording] = []
    private var heard = 0
    /// No more loss and duplicates: the faults have ended.
    var perfect = false
    let listening: Bool
    var delay: ClosedRange<TrueTime>
    /// What the way to or from one host takes more than that.
    private let far: (host: Int, delay: TrueTime)?
    private let narrow: Int?

    init(_ scenario: Scenario, random: RandomStream) {
        hosts = scenario.hosts
        paths = scenario.paths
        links = Array(repeating: Link(), count: hosts * hosts * paths)
        self.random = random
        delay = scenario.delay
        far = scenario.far
        narrow = scenario.narrow
        listening = scenario[.replay] > 0
    }

    /// How long the next frame over this link takes.
    mutating func drawDelay(over link: Int) -> TrueTime {
        let extra = far.map { isAtEnd($0.host, of: link) ? $0.delay : 0 } ?? 0
        return random.within(delay) + extra
    }

    /// Whether large frames are lost on this link, for good.
    func isNarrow(_ link: Int) -> Bool { narrow.map { isAtEnd($0, of: link) } ?? false }

    private func isAtEnd(_ host: Int, of link: Int) -> Bool {
        host == link / paths / hosts || host == link / paths % hosts
    }

    func link(_ from: Int, _ to: Int, _ path: Int) -> Int { (from * hosts + to) * paths + path }

    mutating func store(_ sent: Sent) -> Int {
        guard let slot = free.popLast() else {
            table.append(sent)
            return table.count - 1
        }
        table[slot] = sent
        return slot
    }

    mutating func remove(_ slot: Int) -> Sent {
        guard let sent = table[slot] else { preconditionFailure("a frame arrives once") }
        table[slot] = nil
        free.append(slot)
        return sent
    }

    /// The attacker keeps a sample of all that was ever sent, rather of what is new.
    mutating func record(_ sent: Sent) -> RecordingID? {
        guard listening else { return nil }
        heard += 1
        let slot: Int
        if recordings.count < Self.mostRecordings {
            slot = recordings.count
            recordings.append(Recording(sent: sent, seenBy: 0))
        } else {
            guard random.below(4) == 0 else { return nil }
            slot = random.below(Self.mostRecordings)
        }
        let id = RecordingID(slot: slot, serial: heard)
        recordings[slot] = Recording(sent: sent, seenBy: 0)
        recordings[slot].sent.recording = id
        return id
    }

    mutating func mend(_ from: Int, _ to: Int, _ path: Int, _ serial: Int) {
        let index = link(from, to, path)
        if links[index].cutSerial == serial { links[index].cut = false }
    }

    /// What was kept can be delivered now.
    mutating func unclog(_ from: Int, _ to: Int, _ path: Int, _ serial: Int) {
        let index = link(from, to, path)
        if links[index].clogSerial == serial { links[index].clogged = false }
    }

    mutating func healAll() {
        perfect = true
        for index in links.indices {
            links[index].cut = false
            links[index].clogged = false
            links[index].cutSerial += 1
            links[index].clogSerial += 1
        }
    }
}
