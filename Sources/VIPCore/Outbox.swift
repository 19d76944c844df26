/// What one step wants done, in order; and the frames' records, which leave last of all.
///
/// Frames are made of the records when everything else is in place, so no answer ever leaves before
/// the page that it rests on, and no release before the gate is closed.
struct Outbox: Sendable {
    var effects: [Effect] = []
    var posts: [Post] = []
    /// The voter can't grant before its own lease is on record.
    var leaseToRecord: Duration?
    /// Voters that have left a question unanswered for so often that large frames may be lost.
    var unanswering: [Int] = []
    /// Records that no honest voter can have sent.
    var implausible: UInt64 = 0
    var rules: RuleCounts
    var random: Random

    struct Post: Sendable {
        /// The voter's place in the settings.
        var voter: Int
        var record: Record
        /// It may share a frame with more than passes everywhere.
        var mayBeLarge: Bool
    }

    /// Only what an owner repeats in every heartbeat, and answers to that, may be in large frames:
    /// an owner finds out if they are lost, and makes do with small ones. Nobody else would find
    /// out in time.
    mutating func post(_ record: Record, to voter: Int, mayBeLarge: Bool = false) {
        posts.append(Post(voter: voter, record: record, mayBeLarge: mayBeLarge))
    }

    /// What was asked in a term that is raised in the same step is not asked any more.
    mutating func withdrawRequests(for group: GroupID) {
        posts.removeAll { post in
            guard case .request(let request) = post.record else { return false }
            return request.group == group
        }
    }

    /// Counts a record that its sender can have no reason for.
    mutating func dropImplausible() {
        implausible += 1
        fire(.dropImplausible)
    }

    mutating func emit(_ effect: Effect) { effects.append(effect) }
    mutating func report(_ report: Report) { effects.append(.report(report)) }
    mutating func fire(_ rule: Rule) { rules.fire(rule) }
}

/// What a group needs to see of the rest of the agent during one step.
struct Scene: Sendable {
    let now: Reading
    let settings: Settings
    let holder: Holder
    /// This host's place among the voters.
    let me: Int
    let peers: [Peer]
    let abstentionEnd: Instant
    /// The longest lease that the state directory is known to hold.
    let recordedLease: Duration
    let maintenance: Bool
    let stopping: Bool
    /// By then a stopping owner lets go without a successor.
    let letGoBy: Instant?
    let suspended: Bool
    /// When a gate that is closed in this step is closed; nil if it is yet to be found.
    let closing: Reading?

    var timing: Timing { settings.timing }
    var majority: Int { settings.majority }
    var isAbstaining: Bool { now.raw < abstentionEnd }

    func isHeard(_ voter: Int) -> Bool {
        voter != me && peers[voter].isHeard(at: now, within: timing.hearing)
    }

    func isHeardBothWays(_ voter: Int) -> Bool {
        voter != me
            && peers[voter].isHeardBothWays(by: holder.host, at: now, within: timing.hearing)
    }

    /// This host and those that it hears and that hear it make a majority.
    var hearsMajority: Bool {
        var count = 1
        for voter in peers.indices where isHeardBothWays(voter) { count += 1 }
        return count >= majority
    }

    var hearsAnybody: Bool { peers.indices.contains { isHeard($0) } }

    func patience(with voter: Int) -> Duration {
        peers[voter].patience(at: now, timing: timing)
    }

    /// How long an answer of that voter may take: a quarter more than its round trip, as long as
    /// there is a lease left to count on when it comes.
    func answerPatience(of voter: Int) -> Duration {
        let slowest = peers[voter].slowestRoundTrip(at: now, within: timing.hearing)
        guard let roundTrip = slowest else { return .zero }
        return min(roundTrip * 5 / 4, timing.lease / 2)
    }

    /// The same for the slowest of the voters that are heard.
    var answerPatience: Duration {
        var longest: Duration = .zero
        for voter in peers.indices where isHeard(voter) {
            longest = max(longest, answerPatience(of: voter))
        }
        return longest
    }

    func index(of host: HostID) -> Int? {
        settings.voters.firstIndex { $0.id == host }
    }

    /// The instant of BOOTTIME at which RAW will have reached `instant`, as far as can be told: the
    /// two run apart while BOOTTIME is slewed, so whoever waits for this looks again when it comes.
    func boottime(ofRaw instant: Instant) -> Instant {
        now.boottime + (instant - now.raw)
    }
}
