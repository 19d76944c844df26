import VIPCore
import VIPNet

/// Asks the kernel for all that it has, without waiting for it: at the start, and after it has lost
/// a notification.
///
///     none --wanted--> due --asked--> under way --answered--> none
///                       ^                |
///                       +----refused-----+---wanted meanwhile: once more, after the answer
///
/// The answer is true of some instant after the question, and nobody knows of which. What the
/// kernel has told of a link or an address since the question is a part of the answer, or newer:
/// so the answer counts first, and what was told since the question comes on top of it.
package struct Resynchronization: Sendable {
    private enum Phase {
        case none
        case due(Instant)
        case underWay(Question)
    }

    private struct Question {
        let id: UInt64
        /// What was told since it was asked, in order.
        var told: [NetworkNotice] = []
        /// More was told than is kept: the answer could undo it, and is not used.
        var isSpoilt = false
        /// When it became clear that one more question has to follow.
        var wantedAt: Instant?
    }

    /// Notifications that are kept while a question is under way. A kernel that is slow to answer
    /// is slow to change things too, so that this is never near.
    package static let mostTold = 65_536
    /// How long to wait after the kernel has refused to answer.
    package static let pause: Duration = .seconds(1)

    private var phase = Phase.none

    package init() {}

    package var isUnderWay: Bool {
        if case .underWay = phase { return true }
        return false
    }

    /// When to ask; nil while nothing is wanted, or a question is under way.
    package var dueAt: Instant? {
        if case .due(let instant) = phase { return instant }
        return nil
    }

    /// What is known is not all that there is. However often this comes while a question is under
    /// way, one follows it.
    package mutating func want(at now: Instant) {
        switch phase {
        case .none: phase = .due(now)
        case .due: break
        case .underWay(var question):
            question.wantedAt = question.wantedAt ?? now
            phase = .underWay(question)
        }
    }

    package mutating func asked(_ id: UInt64) { phase = .underWay(Question(id: id)) }

    /// The kernel has told this, in the order of its telling.
    package mutating func note(_ notice: NetworkNotice) {
        guard case .underWay(var question) = phase else { return }
        // Without it the question would be there twice, and each notice would copy all before it.
        phase = .none
        if question.told.count < Self.mostTold {
            question.told.append(notice)
        } else {
            (question.told, question.isSpoilt) = ([], true)
        }
        phase = .underWay(question)
    }

    package enum Outcome: Equatable {
        /// What the kernel has is the answer, and after it what was told since the question.
        case known(since: [NetworkNotice])
        /// It is to be asked once more before that is known.
        case unknown
    }

    /// - Parameter hasAnswer: false where the kernel refused to say.
    package mutating func answered(_ id: UInt64, hasAnswer: Bool, at now: Instant) -> Outcome? {
        guard case .underWay(let question) = phase, question.id == id else { return nil }
        guard hasAnswer else {
            phase = mutated(.refusedSurveyGivenUp) ? .none : .due(now + Self.pause)
            return .unknown
        }
        guard !question.isSpoilt else {
            phase = .due(now)
            return .unknown
        }
        phase = question.wantedAt.map { .due($0) } ?? .none
        return .known(since: question.told)
    }
}
