import Logging
import VIPConfiguration
import VIPControl
import VIPCore
import VIPHost
import VIPPlatform

/// The start; what this host asks of its kernel, and when, `Host` decides.
extension Membership {
    /// What is to be known before the first step.
    func tellOfMemory() {
        for warning in changes + warnings.entries.map(\.text) { log.warning("\(warning)") }
        if let failure = keeper?.addresses.claimsFailure {
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

    /// What the kernel has can be told from now on, or is waited for no longer.
    var hasStarted: Bool { keeper?.host.hasStarted ?? true }

    func admit() throws(SystemError) { try control.admit() }
}

extension Effect {
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
