import VIPControl
import VIPCore
import VIPHost
import VIPPlatform

/// The gate as the kernel has it, for `vipctl status` and whoever depends on it.
extension GateKeeper {
    /// Where the kernel has it. Whoever changes a qdisc or a filter is noticed at once.
    package func status() -> GateStatus {
        switch host.posture {
        case .pending(_, .failing(let trouble)):
            GateStatus(state: .incomplete, reason: trouble.text)
        case .unsought, .pending:
            GateStatus(state: .incomplete, reason: "it is being put in place")
        case .unavailable(let reason, _):
            GateStatus(state: .unavailable, reason: reason)
        case .leaving, .gone:
            GateStatus(state: .incomplete, reason: "it is taken away")
        case .kept(let attachments):
            status(of: attachments)
        }
    }

    private func status(of attachments: [GateAttachment]) -> GateStatus {
        let missing = attachments.filter { !$0.isWhole }
        return GateStatus(
            state: missing.isEmpty ? .inPlace : .incomplete,
            reason: missing.isEmpty
                ? nil
                : missing.map { "\($0.name): \($0.failure ?? "missing")" }.joined(separator: "; "),
            interfaces: attachments.map { attachment in
                GateInterfaceStatus(
                    name: attachment.name,
                    index: Int(attachment.interface),
                    hasEgress: attachment.leaves,
                    hasIngress: attachment.arrives,
                    risks: attachment.risks
                )
            }
        )
    }

    /// Read from the memory that the kernel reads. Nil where there is no gate.
    package func status(of id: GroupID) -> GroupGateStatus? {
        guard let gate, let slot = host.slot(of: id) else { return nil }
        let left = Int64(clamping: gate.deadline(of: slot)) - ClockReading.bootNow()
        let drops = gate.drops(of: slot)
        return GroupGateStatus(
            openMilliseconds: left > 0 ? Int(left / 1_000_000) : nil,
            droppedLeaving: drops.leaving,
            droppedArriving: drops.arriving
        )
    }

    /// Whether what an earlier process left open is found, and closed: the core has to know.
    package var areGatesFound: Bool { host.areGatesFound }

    /// How often somebody took it off an interface, and it was put back.
    package var repairs: UInt64 { host.repairs }

    /// Whether there is one, be it in place or not.
    package var isFound: Bool { gate != nil }

    /// What the kernel has is not known yet, and is about to be.
    var isPending: Bool { host.isPending }

    /// Why there is no gate; nil where there is one, or may be.
    package var unavailability: String? { host.unavailability }

    /// Where a tenure goes on without a gate, it has to be let go of in order: an agent that does
    /// not start would leave the addresses.
    var hasTenure: Bool { host.hasTenure }

    /// What silences the group's addresses should this process no longer be able to.
    package func enforcement(of id: GroupID) -> VIPCore.Enforcement { host.enforcement(of: id) }
}
