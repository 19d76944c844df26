import VIPCore
import VIPNet

/// What happens to this host's addresses. `HostAddresses.step` is the only way in.
package enum AddressEvent: Equatable, Sendable {
    /// The kernel may be asked from now on; once. Lifetimes are renewed by turns (`RefreshTurns`)
    /// only where something else silences the addresses of every group in time.
    case begin(byTurns: Bool)
    /// The core asks for these, in this order (`Effect.addAddresses`, `removeAddresses`,
    /// `announce`). Each addition and each removal is answered by its number, in time; what is
    /// asked for before the kernel has said what it has waits for that.
    case add(GroupID, request: UInt64, lifetime: UInt32, before: Instant?)
    case remove(GroupID, request: UInt64)
    case announce(GroupID)
    /// The kernel has told this without being asked, in the order of its telling.
    case told([NetworkNotice])
    /// The answer to what was asked by that number. All that the kernel had told before it answered
    /// was told here before; where that can't be had, nothing becomes unsafe, and some of it looks
    /// like somebody else's doing.
    case answered(UInt64, AddressAnswer)
    /// No frame is on its way any more that announces an address of the group, see
    /// `AddressAction.awaitSilence`.
    case silent(group: Int)
    /// After a gap in which neighbours may have been told anything.
    case announceAll
    /// Time has passed; at `HostAddresses.dueAt` at the latest.
    case wake
}

/// What came of an `AddressRequest`.
package enum AddressAnswer: Equatable, Sendable {
    /// All that was named.
    case added
    /// The instant had passed before all were added.
    case late
    /// What was not there in that shape, and what was refused, each in the order of asking; with
    /// the first refusal. The others are off.
    case removed(absent: [InterfaceAddress], kept: [InterfaceAddress], Refusal?)
    /// Of an addition the first refusal, after which no more is added. Of any other question: there
    /// is no answer.
    case refused(Refusal)
    case found(links: [Link], addresses: [InterfaceAddress])
    /// For each trial, in order; nil where the kernel would take the address.
    case tried([Refusal?])
}

/// What is to be done, in this order.
package enum AddressAction: Equatable, Sendable {
    /// To be answered exactly once, by this number, in the order of asking; nothing waits for it.
    case ask(AddressRequest, id: UInt64)
    /// The group's addresses are on the interface with this index from now on.
    case bind(group: Int, interface: Int32)
    /// One round of announcements, if they are permitted.
    case announce(group: Int)
    /// Answer with `AddressEvent.silent`, once no announcement of the group is on its way.
    case awaitSilence(group: Int)
    case tell(Event)
    case note(AddressNote)
}

/// What an operator may want to know.
package enum AddressNote: Equatable, Sendable {
    case noInterface(GroupID, name: String)
    case refused(GroupID, Refusal)
    /// An address that the kernel said it had removed.
    case stillThere(GroupID, InterfaceAddress)
    /// The kernel has not answered for so many seconds.
    case silent(GroupID, seconds: Int64)
    /// As a trial has found; the group could not be taken over here.
    case unaddressable(GroupID, Refusal)
    /// An announcement did not leave.
    case unannounced(GroupID, Refusal)
    case surveyRefused(Refusal)
    case leftoverRefused(Refusal)
    /// An earlier process had put it on, and no group has it any more.
    case leftoverRemoved(InterfaceAddress)
}

extension AddressNote {
    /// Nil where it is about all.
    package var group: GroupID? {
        switch self {
        case .noInterface(let group, _), .refused(let group, _), .stillThere(let group, _),
            .silent(let group, _), .unaddressable(let group, _), .unannounced(let group, _):
            group
        case .surveyRefused, .leftoverRefused, .leftoverRemoved: nil
        }
    }
}
