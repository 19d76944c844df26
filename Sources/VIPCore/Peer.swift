/// What one host knows of another voter: its session, the paths to it, and what it says of itself.
///
///     unknown --its frame answers our challenge--> adopted --a newer session does--> adopted
///
/// A process draws a session number when it starts. Its frames count only once they repeat the
/// challenge that *this* process has for the next session of that voter; a challenge is used for
/// one session only, so whatever was recorded from an earlier session, or sent to an earlier
/// process of ours, proves nothing any more.
struct Peer: Sendable {
    struct Path: Sendable {
        /// The greatest sequence number that arrived over this path in the adopted session.
        var lastSequence: UInt64 = 0
        var lastHeard: Instant?
        /// The peer's `sentAt` in the last frame over this path, and when that came, by RAW.
        var lastSentAt: UInt64 = 0
        var lastArrival: Instant = .zero
        /// Smoothed round-trip time and its deviation, as in RFC 6298; nil until measured.
        var roundTrip: Duration?
        var deviation: Duration = .zero
        var reportedHeard = false

        /// Within what time an answer over this path comes: the smoothed round trip and four of its
        /// deviations (RFC 6298); nil until measured.
        var response: Duration? { roundTrip.map { $0 + deviation * 4 } }
    }

    struct Session: Sendable {
        var number: UInt64
        var challenge: UInt64
        /// The greatest sequence number whose records were read, and when that was.
        var lastSequence: UInt64 = 0
        var lastRead: Instant = .zero
    }

    let id: HostID
    let role: Settings.Voter.Role
    var paths: [Path]

    var session: Session?
    /// What the next session of this voter has to repeat.
    var nextChallenge: UInt64
    /// Sessions that were followed by another. One that comes back to life belongs to a second
    /// host.
    var retired: [UInt64] = []
    /// Two live hosts use this name: nothing is taken from it until then.
    var refusedUntil: Instant?
    var lastChallenged: Instant?

    /// What this voter wants to see repeated in what we send.
    var proof: UInt64 = 0
    var sequence: UInt64 = 0
    var heartbeatDue: Instant = .zero

    private(set) var presence: Presence?
    private(set) var presenceAt: Instant = .zero
    /// By that presence.
    private var hearsThisHost = false
    var voterSetsDiffer = false
    /// When that was last said: a voter that changes it with every frame is not followed.
    var voterSetNoted: Instant?
    /// When it was last greeted with all that waits to be said to a process that has just begun.
    var greeted: Instant?
    /// How many octets of records a frame to this voter may have.
    var recordRoom = Frame.recordRoom
    /// A frame to it has had more than the small room since its process is known.
    var hasLargeFrames = false
    var reportedHeard = false
    var heardSince: Instant = .zero

    init(id: HostID, role: Settings.Voter.Role, paths: Int, challenge: UInt64) {
        self.id = id
        self.role = role
        self.paths = Array(repeating: Path(), count: paths)
        nextChallenge = challenge
    }

    /// When this voter was last heard over any path.
    var lastHeard: Instant? {
        var latest: Instant?
        for path in paths {
            if let heard = path.lastHeard, latest.map({ $0 < heard }) ?? true { latest = heard }
        }
        return latest
    }

    func isHeard(at now: Reading, within span: Duration) -> Bool {
        guard let lastHeard else { return false }
        return now.boottime - lastHeard <= span
    }

    mutating func handle(_ presence: Presence, by me: HostID, at now: Reading) {
        self.presence = presence
        presenceAt = now.boottime
        hearsThisHost = presence.hearings.contains { $0.voter == me && $0.heard }
    }

    /// Whether it has said so lately.
    func saysThatItHears(at now: Reading, within span: Duration) -> Bool {
        presence != nil && hearsThisHost && now.boottime - presenceAt <= span
    }

    /// Smoothed round trip and four deviations (RFC 6298) over the best path that is heard; nil
    /// until measured. A path that has died says nothing of those that are left.
    func slowestRoundTrip(at now: Reading, within span: Duration) -> Duration? {
        var best: Duration?
        for path in paths {
            guard let roundTrip = path.roundTrip, let heard = path.lastHeard,
                now.boottime - heard <= span
            else { continue }
            let wait = roundTrip + path.deviation * 4
            if best.map({ wait < $0 }) ?? true { best = wait }
        }
        return best
    }

    /// How long to wait for an answer before a question is sent again: the slowest round trip that
    /// is to be expected; at least 1 ms, at most half a heartbeat.
    func patience(at now: Reading, timing: Timing) -> Duration {
        let ceiling = timing.heartbeat / 2
        guard let best = slowestRoundTrip(at: now, within: timing.hearing) else {
            return ceiling / 2
        }
        return min(max(best, .milliseconds(1)), max(ceiling, .milliseconds(1)))
    }
}

/// What becomes of a frame at the door.
enum Admission: Equatable {
    /// Its records are to be read.
    case read
    case drop(DropReason)
    /// Not proven: the sender is to be sent our challenge, with its own repeated.
    case challenge(DropReason)
}

extension Peer {
    /// A name stays refused for this many heartbeats after two live hosts were seen under it.
    static let refusalHeartbeats = 20
    /// Sessions remembered to tell a second host from a restarted one.
    static let retiredLimit = 8

    /// Looks at who sends, whether it is alive now, and whether the frame is new; and if it is,
    /// takes what the header says of the path.
    mutating func admit(
        _ frame: Frame,
        at now: Reading,
        timing: Timing,
        random: inout Random,
        rules: inout RuleCounts
    ) -> Admission {
        if let refusedUntil {
            guard refusedUntil <= now.boottime else { return .drop(.duplicateName) }
            self.refusedUntil = nil
        }

        if let current = session, current.number == frame.session {
            guard frame.proof == current.challenge else {
                rules.fire(.dropStaleProof)
                return .drop(.staleProof)
            }
        } else {
            guard frame.proof == nextChallenge else { return .challenge(.unproven) }
            guard !retired.contains(frame.session) else {
                refuseName(until: now.boottime + timing.heartbeat * Self.refusalHeartbeats)
                nextChallenge = random.nonzero()
                rules.fire(.refuseDuplicateName)
                return .drop(.duplicateName)
            }
            adopt(frame.session, nextChallenge: random.nonzero())
            rules.fire(.adoptSession)
        }

        let index = Int(frame.path)
        guard frame.sequence > paths[index].lastSequence else {
            rules.fire(.dropDuplicate)
            return .drop(.duplicate)
        }
        hear(frame, over: index, at: now)

        guard let current = session, frame.sequence > current.lastSequence else {
            // Older than what was read last, or its copy: it says that its sender lived then.
            if let current = session { paths[index].lastHeard = current.lastRead }
            rules.fire(.dropDuplicate)
            return .drop(.duplicate)
        }
        session?.lastSequence = frame.sequence
        session?.lastRead = now.boottime
        return .read
    }

    private mutating func adopt(_ number: UInt64, nextChallenge fresh: UInt64) {
        if let session {
            if retired.count == Self.retiredLimit { retired.removeFirst() }
            retired.append(session.number)
        }
        session = Session(number: number, challenge: nextChallenge)
        nextChallenge = fresh
        // What this process of the peer says starts afresh; what the last one said of itself is
        // old.
        for index in paths.indices { paths[index].lastSequence = 0 }
        presence = nil
        recordRoom = Frame.recordRoom
        hasLargeFrames = false
    }

    /// What is heard of this voter came in small frames, or ours that it answers were small.
    mutating func avoidLargeFrames() {
        if hasLargeFrames { recordRoom = Frame.smallRecordRoom }
    }

    private mutating func refuseName(until end: Instant) {
        refusedUntil = end
        session = nil
        retired.removeAll(keepingCapacity: true)
        presence = nil
        for index in paths.indices { paths[index].lastHeard = nil }
    }

    private mutating func hear(_ frame: Frame, over index: Int, at now: Reading) {
        paths[index].lastSequence = frame.sequence
        paths[index].lastHeard = now.boottime
        paths[index].lastSentAt = frame.sentAt
        paths[index].lastArrival = now.raw
        let arrival = UInt64(clamping: now.raw.nanoseconds)
        if frame.echo > 0, frame.echo <= arrival {
            let sample = Duration.nanoseconds(Int64(clamping: arrival - frame.echo))
            measure(sample, over: index)
        }
    }

    /// RFC 6298, section 2: gains of 1/8 and 1/4.
    private mutating func measure(_ sample: Duration, over index: Int) {
        guard let smoothed = paths[index].roundTrip else {
            paths[index].roundTrip = sample
            paths[index].deviation = sample / 2
            return
        }
        let error = sample > smoothed ? sample - smoothed : smoothed - sample
        paths[index].deviation = paths[index].deviation * 3 / 4 + error / 4
        paths[index].roundTrip = smoothed * 7 / 8 + sample / 8
    }
}
