import VIPCore
import VIPHost
import VIPPlatform

// What the platform knows of the gate, in the terms of those who decide about it.

extension GatePost {
    init(_ post: GateGuard.Post) {
        self.init(
            interface: post.interface,
            name: post.name,
            leaves: post.leaves,
            arrives: post.arrives,
            risks: post.risks,
            failure: post.failure,
            isUnsupported: post.isUnsupported
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
