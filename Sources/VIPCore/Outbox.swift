/// What one step wants done, in order; and the frames' records, which leave last of all.
///
/// Frames are made of the records when everything else is in place, so no answer ever leaves before
/// the page that it rests on, and no release before the gate is closed.
struct Outbox: Sendable {
    var effects: [Effect] = []
    var posts: [Post] = []
    /// A lease that was asked for and is longer than what is on record.
    var leaseToRecord: Duration?
    var rules: RuleCounts
    var random: Random

    struct Post: Sendable {
        /// The voter's place in the settings.
        var voter: Int
        var record: Record
    }

    mutating func post(_ record: Record, to voter: Int) {
        posts.append(Post(voter: voter, record: record))
    }

    /// What was asked in a term that is raised in the same step is not asked any more.
    mutating func withdrawRequests(for group: GroupID) {
        posts.removeAll { post in
            guard case .request(let request) = post.record else { return false }
            return request.group == group
        }
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
        peers[voter].patience(heartbeat: timing.heartbeat)
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
