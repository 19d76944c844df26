/// What an agent wants done, of two kinds. The process may die between any two effects.
///
/// - Most effects are *done*, in the order in which they come, each before the next is begun: what
///   the page holds is held before a gate opens or a frame leaves.
/// - `addAddresses`, `removeAddresses` and `announce` are *asked for*, in the order in which they
///   come, and the next effect waits for none of them. What the kernel is asked for it is asked in
///   that order, and each request is answered by an event with its number, however much later. At
///   the start they wait until the kernel has said what it has.
public enum Effect: Equatable, Sendable {
    /// Write the page's header. When this returns it outlives the process.
    case writeHeader(PageHeader)
    /// Write this group's record into the page. When this returns it outlives the process.
    case writeRecord(GroupRecord)
    /// Let the group's addresses answer until this instant of CLOCK_BOOTTIME, enforced by the
    /// kernel. Replaces an earlier deadline, also a later one.
    case openGate(GroupID, until: Instant)
    /// From now on the group's addresses do not answer, whatever becomes of this process. Answered
    /// with `Event.gatesClosed`.
    case closeGate(GroupID)
    /// Put the group's addresses on its interface, or refresh them there, each with this lifetime
    /// (whole seconds); answer with `Event.addressesAdded`. Where there is no gate, `before` is the
    /// instant of CLOCK_BOOTTIME from which on the kernel must not be asked for that any more:
    /// whoever asks it looks at the clock right before, and past the instant the answer is
    /// `Event.addressesLate`.
    case addAddresses(GroupID, request: UInt64, lifetime: Duration, before: Instant?)
    /// Take the group's addresses off every interface, and answer with `Event.addressesRemoved`
    /// once none is left; try until then.
    case removeAddresses(GroupID, request: UInt64)
    /// Begin one round of announcements, for every address of the group. Its frames leave in order,
    /// as soon as the pace allows; none of them after a later `closeGate`, or past the deadline of
    /// the last `openGate`.
    case announce(GroupID)
    /// Send this frame over its path to its receiver. May be lost.
    case send(Frame)
    /// Write to the state directory when there is time, also if it is less than what is there: none
    /// of this voter's grants lasts longer then, nor will any. Answered with `Event.leaseRecorded`
    /// once the directory holds it.
    case recordLease(Duration)
    /// Write to the state directory when there is time: the highest term that this voter granted.
    case recordTerm(GroupID, Term)
    /// The voters of the settings are from now on those of page and state directory.
    case recordVoters
    case reply(id: UInt64, Outcome)
    /// Something that an operator may want to know, for log and history.
    case report(Report)
    /// All is handed over or let go; the process ends.
    case exit
}

/// The answer to a command.
public enum Outcome: Equatable, Sendable {
    case done
    /// The switchover has taken place: this host owns it now.
    case moved(to: HostID, term: Term)
    case refused(CommandRefusal)
}

public enum CommandRefusal: Equatable, Sendable {
    case unknownGroup
    case notANode
    case switchover(SwitchoverRefusal, unready: Unreadiness?)
    /// Takeover by force: this voter is heard, so the majority decides.
    case voterHeard(HostID)
    /// Takeover by force: this host's own voter has a live grant for this holder.
    case held(by: HostID, remaining: Duration)
    case alreadyOwner
    case notOwner
    case interfaceDown
    case abstaining(remaining: Duration)
    case suspended
    case stopping
    /// The addresses of the last tenure are still being taken off.
    case lettingGo
    case notSuspended
    /// That host's file has other groups: accepted here, they could be owned twice.
    case groupsDiffer(HostID)
    /// Somebody has driven this group's terms up to their end.
    case termsUsedUp
}
