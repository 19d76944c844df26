import Logging
import VIPConfiguration
import VIPControl
import VIPCore
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
            log.notice("new place", metadata: ["reason": "\(page.loss.text)"])
        case .damaged:
            log.warning("new place", metadata: ["reason": "\(page.loss.text)"])
        }
    }

    func start() {
        log.notice(
            "started",
            metadata: [
                "cluster": "\(site.configuration.cluster.name)", "host": "\(site.host)",
                "role": "\(site.role)", "version": "\(Version.current)",
            ]
        )
        step(.start)
    }

    /// To be called before the loop begins: nothing is answered before the gate is closed for what
    /// this host is not to answer for, or the kernel has not answered for a second.
    func findGate() {
        gate?.begin()
        takeGateNews()
    }

    /// What the first step has left for later, once the kernel has said what it has.
    func settle() {
        keeper?.begin()
        goOnWithKernel()
    }

    /// Has done what is to become of the addresses.
    func goOnWithKernel() {
        guard isStarting, keeper?.hasBegun ?? true else { return }
        isStarting = false
        for effect in postponed { perform(effect) }
        postponed.removeAll()
        keeper?.noteInterfaces()
        takeKeeperNews()
    }

    /// What the kernel has can be told from now on.
    var isKnown: Bool {
        (gate.map { !$0.isPending } ?? true) && (keeper?.hasBegun ?? true)
    }

    func admit() throws(SystemError) { try control.admit() }

    /// Whether a tenure goes on whose deadline is still that of the process before.
    var awaitsRenewal: Bool { !unrenewed.isEmpty }

    func noteRenewal(_ record: GroupRecord) {
        unrenewed.removeAll { group, deadline in
            guard group == record.group else { return false }
            return record.tenure.map { $0.deadline.boottime > deadline } ?? true
        }
    }
}

extension Effect {
    var isClosing: Bool {
        if case .closeGate = self { return true }
        return false
    }

    /// Whether it is the kernel that has to do it, and it may be a while after the page and the
    /// frames.
    var isForKernel: Bool {
        switch self {
        case .addAddresses, .removeAddresses, .announce: true
        case .writeHeader, .writeRecord, .openGate, .closeGate, .send, .recordLease, .recordTerm,
            .recordVoters, .reply, .report, .exit:
            false
        }
    }
}
