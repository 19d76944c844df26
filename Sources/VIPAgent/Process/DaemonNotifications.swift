import VIPConfiguration
import VIPPlatform

/// What the service manager hears of the daemon, and keeps for it.
extension Daemon {
    /// Has the service manager keep the gate's descriptors, so that the next process finds it
    /// without any privilege, and the voters' ports, so that nobody has them meanwhile.
    func storeDescriptors() {
        guard let notifier else { return }
        ports.store(with: notifier)
        for membership in memberships {
            for (name, number) in membership.keeper?.gate.takeUnstored() ?? [:] {
                notifier.discard(name)
                notifier.store(number, name: name)
            }
        }
    }

    var watchdogDue: Int64? { notifier?.watchdog == nil ? nil : watchdogAt }

    func feedWatchdog() {
        guard let interval = notifier?.watchdog, watchdogAt <= ClockReading.bootNow() else {
            return
        }
        notifier?.send(.watchdog)
        watchdogAt = ClockReading.bootNow() + interval / 3
    }

    /// One plain line for the service manager, when something in it has changed.
    func noteStatusLine() {
        guard let notifier, memberships.contains(where: \.owesStatusLine) else { return }
        var isAnother = false
        let facts = facts
        for membership in memberships where membership.owesStatusLine {
            if membership.refreshStatusLine(of: facts) { isAnother = true }
        }
        guard isAnother else { return }
        let lines = memberships.map { membership in
            memberships.count == 1
                ? membership.statusLine
                : "\(membership.cluster.configuration.cluster.name): \(membership.statusLine)"
        }
        notifier.send(.status(lines.joined(separator: " | ")))
    }
}
