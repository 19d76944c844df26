/// What one step wants done, in order; and the frames' records, which leave last of all.
///
/// Frames are made of the records when everything else is in place, so no answer ever leaves before
/// the page that it rests on, and no release before the gate is closed.
struct StepOutput: Sendable {
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
        /// The voter's index in the settings.
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
