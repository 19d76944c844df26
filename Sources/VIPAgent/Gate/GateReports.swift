import VIPCore
import VIPHost
import VIPPlatform

// What the platform knows of the gate, in the terms of those who decide about it.

extension GateAttachment {
    init(_ attachment: GateGuard.Attachment) {
        self.init(
            interface: attachment.interface,
            name: attachment.name,
            leaves: attachment.leaves,
            arrives: attachment.arrives,
            risks: attachment.risks,
            failure: attachment.failure,
            isUnsupported: attachment.isUnsupported
        )
    }
}

extension GateGuard.Assignment {
    init(_ assignment: GateAssignment) {
        self.init(
            group: assignment.group.bits,
            slot: assignment.slot,
            addresses: assignment.addresses
        )
    }
}

extension GateRemovalReport {
    init(_ outcome: GateRemoval.Outcome) {
        self.init(
            removed: outcome.removed,
            failures: outcome.failures,
            isNeeded: outcome.isNeeded
        )
    }
}
