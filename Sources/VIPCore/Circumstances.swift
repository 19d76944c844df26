/// All that a group's next act may depend on besides the group itself and the clocks: whom this
/// host hears, and how it is itself. When any of it changes, all groups are looked at.
struct Circumstances: Equatable, Sendable {
    /// Never this host itself.
    var heard = VoterMask()
    var heardBothWays = VoterMask()
    var isAbstaining: Bool
    var abstentionEnd: Instant
    /// The longest lease that the state directory is known to hold.
    var recordedLease: Duration
    var maintenance: Bool
    /// When a stop ends; nil: none has been asked for.
    var stoppingUntil: Instant?
    var suspended: Bool
    var areGatesFound: Bool
}

extension Agent {
    func circumstances(at now: Reading) -> Circumstances {
        var circumstances = Circumstances(
            isAbstaining: now.raw < abstentionEnd,
            abstentionEnd: abstentionEnd,
            recordedLease: recordedLease,
            maintenance: maintenance,
            stoppingUntil: stoppingUntil,
            suspended: suspended,
            areGatesFound: areGatesFound
        )
        let span = settings.timing.hearing
        for voter in peers.indices where voter != me {
            guard peers[voter].isHeard(at: now, within: span) else { continue }
            circumstances.heard[voter] = true
            circumstances.heardBothWays[voter] = peers[voter].saysThatItHears(at: now, within: span)
        }
        return circumstances
    }

    /// How things are for a group at this instant.
    func context(_ now: Reading) -> StepContext {
        StepContext(
            now: now,
            settings: settings,
            holder: holder,
            me: me,
            peers: peers,
            circumstances: circumstances(at: now)
        )
    }
}

/// What a group sees of the rest of the agent during one step.
struct StepContext: Sendable {
    let now: Reading
    let settings: Settings
    let holder: Holder
    /// This host's index among the voters.
    let me: Int
    let peers: [Peer]
    let circumstances: Circumstances

    var timing: Timing { settings.timing }
    var majority: Int { settings.majority }

    var isAbstaining: Bool { circumstances.isAbstaining }
    var abstentionEnd: Instant { circumstances.abstentionEnd }
    var recordedLease: Duration { circumstances.recordedLease }
    var maintenance: Bool { circumstances.maintenance }
    var suspended: Bool { circumstances.suspended }
    var stopping: Bool { circumstances.stoppingUntil != nil }
    /// By then a stopping owner lets go without a successor.
    var letGoBy: Instant? { circumstances.stoppingUntil.map { $0 - Agent.releasePatience } }
    /// When a gate that is closed in this step is closed; nil if it is yet to be found.
    var closing: Reading? { circumstances.areGatesFound ? now : nil }

    func isHeard(_ voter: Int) -> Bool { circumstances.heard[voter] }
    func isHeardBothWays(_ voter: Int) -> Bool { circumstances.heardBothWays[voter] }

    /// This host and those that it hears and that hear it make a majority.
    var hearsMajority: Bool { circumstances.heardBothWays.count + 1 >= majority }
    var hearsAnybody: Bool { !circumstances.heard.isEmpty }

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
