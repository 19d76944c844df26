import VIPCore

/// What a voter says that has the key and has gone wrong. Each is a lie of one record: the voter's
/// own memory stays what it is, so that it is honest again with its next frame.
package enum Lie: Int, CaseIterable, Sendable {
    /// A grant, counted from a question that is yet to be asked, or for longer or shorter than was
    /// asked.
    case lateStamp, longLength, shortLength
    /// "Your term is too low": just above it, far above it, or at the end of all terms.
    case lowTermNear, lowTermFar, lowTermEnd
    /// "Another host has the lease", or "I abstain", for as long as a frame can say.
    case held, abstaining
    /// A grant instead of a refusal: while it lies, there may be two owners.
    case grantAnyway
    /// "I own it", in a higher term.
    case ownership
    /// "An operator here wants it moved", and a question that leads to a term far above.
    case appeal, inquiry
    /// "I hear nobody".
    case deaf
}

extension Lie {
    /// What a lie has to agree with, so that others may believe it.
    package struct Background: Sendable {
        let isNode: Bool
        let lease: Duration
        let voters: [HostID]

        /// - Parameters:
        ///   - isNode: Whether the liar is one; a witness can't speak of owning.
        ///   - lease: That of the others, who take no longer grant.
        ///   - voters: All, of whom one may be named.
        package init(isNode: Bool, lease: Duration, voters: [HostID]) {
            self.isNode = isNode
            self.lease = lease
            self.voters = voters
        }
    }

    /// The frame with the lie in it; nil if there is nothing in it to lie about. The number decides
    /// how far it goes.
    package func told(in frame: Frame, from background: Background, number: UInt64) -> Frame? {
        var told = frame
        switch self {
        case .appeal, .inquiry, .ownership:
            guard background.isNode || self == .appeal else { return nil }
            guard let (group, term) = Self.subject(of: frame) else { return nil }
            told.records.append(record(about: group, term, number))
            return told
        case .lateStamp, .longLength, .shortLength, .lowTermNear, .lowTermFar, .lowTermEnd, .held,
            .abstaining, .grantAnyway, .deaf:
            let records = frame.records.map { distort($0, background, number) ?? $0 }
            guard records != frame.records else { return nil }
            told.records = records
            return told
        }
    }

    private static func subject(of frame: Frame) -> (GroupID, Term)? {
        for record in frame.records {
            switch record {
            case .granted(let granted): return (granted.group, granted.term)
            case .condition(let condition): return (condition.group, condition.term)
            case .request, .refused, .release, .released, .inquiry, .offer, .declined, .appeal,
                .appealAnswered, .presence:
                continue
            }
        }
        return nil
    }

    private func record(about group: GroupID, _ term: Term, _ number: UInt64) -> Record {
        switch self {
        case .appeal: .appeal(Appeal(group: group, number: number | 1, successor: nil))
        case .inquiry:
            .inquiry(Inquiry(group: group, number: number | 1, highestTerm: Self.far(above: term)))
        case .ownership, .lateStamp, .longLength, .shortLength, .lowTermNear, .lowTermFar,
            .lowTermEnd, .held, .abstaining, .grantAnyway, .deaf:
            .condition(
                Condition(
                    group: group,
                    owns: true,
                    forced: false,
                    term: Term(term.number + 1 + number % 3),
                    unready: nil
                )
            )
        }
    }

    private func distort(
        _ record: Record,
        _ background: Background,
        _ number: UInt64
    ) -> Record? {
        switch record {
        case .granted(let granted): distort(granted, background, number)
        case .refused(let refused) where self == .grantAnyway:
            .granted(
                Granted(
                    group: refused.group,
                    term: refused.term,
                    holder: refused.holder,
                    length: background.lease,
                    stamp: refused.stamp
                )
            )
        case .presence(var presence) where self == .deaf:
            {
                for index in presence.hearings.indices { presence.hearings[index].heard = false }
                return .presence(presence)
            }()
        case .request, .refused, .release, .released, .inquiry, .offer, .declined, .appeal,
            .appealAnswered, .presence, .condition:
            nil
        }
    }

    private func distort(
        _ granted: Granted,
        _ background: Background,
        _ number: UInt64
    ) -> Record? {
        var granted = granted
        switch self {
        case .lateStamp:
            let ahead: Duration = .milliseconds(Int64(1 + number % 3_600_000))
            granted.stamp = granted.stamp + ahead
            return .granted(granted)
        case .longLength:
            granted.length = .seconds(30)
            return .granted(granted)
        case .shortLength:
            granted.length = .milliseconds(2)
            return .granted(granted)
        case .lowTermNear: return refuse(granted, .lowTerm, highest: granted.term.next)
        case .lowTermFar: return refuse(granted, .lowTerm, highest: Self.far(above: granted.term))
        case .lowTermEnd: return refuse(granted, .lowTerm, highest: .greatest)
        case .held:
            let voters = background.voters
            let named = voters[Int(number % UInt64(voters.count))]
            let other = Holder(host: named, incarnation: Incarnation(number))
            return refuse(granted, .held, highest: granted.term, current: other)
        case .abstaining: return refuse(granted, .abstaining, highest: granted.term)
        case .grantAnyway, .ownership, .appeal, .inquiry, .deaf: return nil
        }
    }

    private static func far(above term: Term) -> Term {
        Term(min(term.number + 1 << 32, Term.greatest.number))
    }

    private func refuse(
        _ granted: Granted,
        _ reason: RefusalReason,
        highest: Term,
        current: Holder? = nil
    ) -> Record {
        .refused(
            Refused(
                group: granted.group,
                term: granted.term,
                holder: granted.holder,
                stamp: granted.stamp,
                reason: reason,
                current: current,
                remaining: .seconds(40),
                highestGranted: highest
            )
        )
    }
}
