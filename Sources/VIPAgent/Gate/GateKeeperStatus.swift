import VIPControl
import VIPCore
import VIPPlatform

/// The gate as the kernel has it, for `vipctl status`.
extension GateKeeper {
    /// How old the picture for a status may be, in nanoseconds, before the next is asked for.
    private static let freshness: Int64 = 1_000_000_000

    /// Has the kernel asked, if the last time is a while ago: of what nobody tells, the status
    /// after the next one does then.
    package func refresh() {
        let now = ClockReading.bootNow()
        guard now - lookedAt > Self.freshness else { return }
        lookedAt = now
        worker.ask(.sweep)
    }

    /// Where the kernel has it. Whoever changes a qdisc or a filter is noticed at once.
    package func status() -> GateStatus {
        switch state {
        case .pending:
            return GateStatus(state: .incomplete, reason: failure ?? "it is being put in place")
        case .unavailable(let reason):
            return GateStatus(state: .unavailable, reason: reason)
        case .kept(let posts):
            let missing = posts.filter { !$0.isWhole }
            return GateStatus(
                state: missing.isEmpty ? .inPlace : .incomplete,
                reason: missing.isEmpty
                    ? nil
                    : missing.map { "\($0.name): \($0.failure ?? "missing")" }
                        .joined(separator: "; "),
                interfaces: posts.map { post in
                    GateInterfaceStatus(
                        name: post.name,
                        index: Int(post.interface),
                        hasEgress: post.leaves,
                        hasIngress: post.arrives,
                        risks: post.risks
                    )
                }
            )
        }
    }

    /// Read from the memory that the kernel reads. Nil where there is no gate.
    package func status(of id: GroupID) -> GroupGateStatus? {
        guard let gate, let slot = slots[id] else { return nil }
        let left = Int64(clamping: gate.deadline(of: slot)) - ClockReading.bootNow()
        let drops = gate.drops(of: slot)
        return GroupGateStatus(
            openMilliseconds: left > 0 ? Int(left / 1_000_000) : nil,
            droppedLeaving: drops.leaving,
            droppedArriving: drops.arriving
        )
    }

    /// What the kernel has is not known yet, and is about to be.
    var isPending: Bool {
        if case .pending = state { return failure == nil }
        return false
    }

    /// Why there is no gate; nil where there is one, or may be.
    package var unavailability: String? {
        guard case .unavailable(let reason) = state else { return nil }
        return reason
    }

    /// Where a tenure goes on without a gate, it has to be let go of in order: an agent that does
    /// not start would leave the addresses.
    var hasTenure: Bool { !restored.isEmpty }

    /// What silences the group's addresses should this process no longer be able to. While nobody
    /// knows, what holds in either case.
    package func enforcement(of id: GroupID) -> VIPCore.Enforcement {
        let fallback = fallback(of: id)
        switch state {
        case .unavailable: return fallback ?? .agent
        // One that was only loaded may find no seat; one that was found has had them.
        case .pending where !areGatesFound && fallback == .lifetimes: return .lifetimes
        case .pending, .kept: return .gate
        }
    }
}
