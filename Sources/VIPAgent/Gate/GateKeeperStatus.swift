import VIPControl
import VIPCore
import VIPHost
import VIPPlatform

/// The gate as the kernel has it, for `vipctl status` and whoever depends on it.
extension HostKeeper {
    /// Where the kernel has it. Whoever changes a qdisc or a filter is noticed at once.
    package func gateStatus() -> GateStatus {
        switch host.gate.posture {
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
    package func gateStatus(of id: GroupID) -> GroupGateStatus? {
        guard let gate = gate.gate, let slot = host.gate.slot(of: id) else { return nil }
        let left = Int64(clamping: gate.deadline(of: slot)) - ClockReading.bootNow()
        let drops = gate.drops(of: slot)
        return GroupGateStatus(
            openMilliseconds: left > 0 ? Int(left / 1_000_000) : nil,
            droppedLeaving: drops.leaving,
            droppedArriving: drops.arriving
        )
    }
}
