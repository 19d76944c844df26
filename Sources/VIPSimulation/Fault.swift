/// What goes wrong, or is done to a cluster. A scenario has each with an intensity of its own.
public enum Fault: Int, CaseIterable, Sendable {
    // The agent.
    case kill, hang, shutdown, restartAll
    /// SIGKILL, and the page is gone when it starts again; often a second time soon after.
    case losePage
    /// Restarted with another lease length, other groups, or another set of voters.
    case changeLease, changeGroups, changeVoters
    // The host.
    case reboot, rebootAll, powerOff, suspend, slew
    /// A virtual machine is stopped without knowing of it.
    case pause
    case carrier, health, slowKernel
    case deleteAddresses, addAddresses, refuseAddresses
    // The network.
    case cut, cutPair, isolate, deafen, clog, replay
    // The operator.
    case switchover, maintenance, announce, force
    /// Somebody deletes the gate.
    case deleteGate
    /// The agent is replaced by one of another build, or one that can have no gate.
    case changeBuild
    /// The agent goes on as a new process.
    case reexecute
    /// The same with another lease length, or other groups.
    case reconfigure
    /// All other hosts are off for a while, and an operator takes over by force.
    case forceAlone
    /// Somebody puts and takes an address as fast as the kernel lets him; an interface is deleted
    /// and made anew, or has another name for a while.
    case flapAddress, deleteLink, renameLink
    /// A voter lies in its next frames, and is honest before and after.
    case lie
    /// An interface is in another network namespace for a while; somebody puts more addresses of
    /// his own on a host than its kernel can tell of.
    case moveLink, crowd
}

/// A run that went wrong before it is known what was wrong with it: the whole bug report.
public struct Violation: Error, Equatable, Sendable {
    public var seed: UInt64
    public var checker: Checker
    public var time: TrueTime
    public var text: String
}

/// What must never be seen, whatever goes wrong.
public enum Checker: String, CaseIterable, Sendable {
    /// Two hosts answer for one group at one instant.
    case oneOwner
    /// A host answers, or could by what its gate says, without a majority that excludes all others.
    case cover
    /// A host asks for a lease that its kernel would not enforce, as it has been told.
    case gateFirst
    /// A gate is open for longer than the page says, or without a tenure in the page.
    case gateWithinPage
    /// An announcement for what the host does not answer for.
    case announcement
    /// A release leaves, or the own grant is freed, while the gate is open.
    case releaseBehindGate
    /// A frame promises what the page does not hold.
    case frameAfterPage
    /// The page forgets or takes back.
    case pageRemembers
    /// Two holders serve in one term, or terms do not grow.
    case terms
    /// A change of owner that no fault explains.
    case calm
    /// A recorded frame changed something.
    case replay
    /// A lease is granted that the state directory does not know of.
    case leaseRecord
    /// An owner goes on at once although another node says that it owns, in a higher term.
    case doubt
    /// Somebody has the lease, does not serve, and keeps everybody else from it.
    case idleOwner
    /// A command is answered twice, or not at all.
    case replies
    /// A forced owner goes on although another host is known to own.
    case forcedEnds
    /// A host does not know what its kernel has, or has not what it should have, once all is quiet.
    case hostKnows
    /// A step does something else than it would if it looked at all groups.
    case sameForAll
    /// After all faults have ended, somebody is not served, or not quietly.
    case liveness

    /// With two hosts of one name nothing that takes more than one host can be promised.
    var holdsForTwins: Bool {
        switch self {
        case .gateWithinPage, .releaseBehindGate, .frameAfterPage, .pageRemembers, .leaseRecord,
            .announcement, .replies, .gateFirst, .idleOwner, .hostKnows, .sameForAll:
            true
        case .oneOwner, .cover, .terms, .calm, .replay, .forcedEnds, .doubt, .liveness: false
        }
    }
}
