import Logging
import VIPConfiguration
import VIPControl
import VIPCore
import VIPHost
import VIPPlatform

/// The start, in the order of its urgency: what renews the tenures that go on, then their gate, and
/// then the rest.
extension Membership {
    /// What is to be known before the first step.
    func tellOfMemory() {
        for warning in changes + warnings.entries.map(\.text) { log.warning("\(warning)") }
        if let failure = keeper?.claimsFailure {
            log.warning("claims-unheard", metadata: ["reason": "\(failure)"])
        }
        switch page.loss {
        case .none: break
        case .otherBoot, .otherNamespace, .empty:
            log.notice("new-page", metadata: ["reason": "\(page.loss.text)"])
        case .damaged:
            log.warning("new-page", metadata: ["reason": "\(page.loss.text)"])
        }
    }

    func start() {
        log.notice(
            "started",
            metadata: [
                "cluster": "\(cluster.configuration.cluster.name)", "host": "\(cluster.host)",
                "role": "\(cluster.role)", "version": "\(Version.current)",
            ]
        )
        step(.start)
    }

    /// To be called before the loop begins: nothing is answered before the gate is closed for what
    /// this host is not to answer for, or the kernel has not answered for a second.
    func findGate() {
        gate?.begin()
        handleGateNews()
    }

    /// Asks the kernel what it has. What the first step wants done about addresses waits for that.
    func settle() {
        let isGated = cluster.settings.groups.allSatisfy { $0.enforcement == .gate }
        stepKeeper(.begin(byTurns: isGated))
    }

    /// What the kernel has can be told from now on.
    var isKnown: Bool {
        (gate.map { !$0.isPending } ?? true) && (keeper?.host.hasBegun ?? true)
    }

    func admit() throws(SystemError) { try control.admit() }

    /// Whether a tenure goes on whose deadline is still that of the process before.
    var awaitsRenewal: Bool { !unrenewed.isEmpty }

    func noteRenewal(_ record: GroupRecord) {
        guard let deadline = unrenewed[record.group],
            record.tenure.map({ $0.deadline.boottime > deadline }) ?? true
        else { return }
        unrenewed[record.group] = nil
    }
}

extension Effect {
    var isClosing: Bool {
        if case .closeGate = self { return true }
        return false
    }

    /// It is a part of the page that is to be written.
    var isOfPage: Bool {
        switch self {
        case .writeHeader, .writeRecord: true
        case .openGate, .closeGate, .addAddresses, .removeAddresses, .announce, .send,
            .recordLease, .recordTerm, .recordVoters, .reply, .report, .exit:
            false
        }
    }
}
