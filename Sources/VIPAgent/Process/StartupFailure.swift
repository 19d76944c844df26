import CNetlink
import Glibc
import VIPPlatform

/// Why the daemon does not start: one line, and the exit status that goes with it.
package struct StartupFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// As in sysexits.h.
    package enum Status: Int32, Sendable {
        /// The operating system refused something that should work.
        case system = 71
        /// Another agent runs here, or its port is taken: it may work later.
        case unavailable = 75
        /// A permission is missing.
        case permission = 77
        /// The configuration or the key can't be used.
        case configuration = 78
    }

    package var status: Status
    package var description: String
    /// Something is held here, and its lease runs out unless the next start comes soon.
    package var isUrgent = false
    /// It may be put right from outside at any moment: this host gets another name.
    package private(set) var awaitsName = false

    package init(_ status: Status, _ description: String) {
        self.status = status
        self.description = description
    }

    /// No host of the configuration has this one's name, which may come later: at an early start it
    /// is another one until something has set it.
    package init(awaitingNameAfter failure: ConfigurationFailure, calledNow name: String) {
        self.init(
            .unavailable,
            "waiting for this host's name, which is '\(name)' now: tried again when it changes, or "
                + "in \(Self.namePause.components.seconds) s\n"
                + failure.faults.joined(separator: "\n")
        )
        awaitsName = true
    }

    init(_ error: SystemError, isUrgent: Bool) {
        self.init(error)
        self.isUrgent = isUrgent
    }

    init(_ error: SystemError) {
        switch error.errno {
        case EADDRINUSE: self.init(.unavailable, error.description)
        case EPERM, EACCES: self.init(.permission, error.description)
        default: self.init(.system, error.description)
        }
    }

    init(_ error: RunDirectoryError) {
        switch error {
        case .alreadyRunning, .namespaceTaken: self.init(.unavailable, error.description)
        case .system(let system): self.init(system)
        }
    }

    /// The failure of a program that another one has become, in the middle of its leases. There is
    /// no way back, and so it starts once more as after a death: within the lease that finds all
    /// that was promised. Where a service manager keeps the ports, only that can do so, and does it
    /// at once; elsewhere the process becomes the program again, without what it could not take
    /// over.
    ///
    /// - Returns: what the service manager has to hear. It restarts what the operating system has
    ///   refused, and nothing that a wrong file has.
    package func afterSuccession(
        of program: String,
        hasServiceManager: Bool = ServiceNotifier.variable("NOTIFY_SOCKET") != nil
    ) -> StartupFailure {
        var failure = StartupFailure(.system, description)
        failure.isUrgent = true
        guard !hasServiceManager else { return failure }
        _ = vip_close_range(UInt32(STDERR_FILENO) + 1, .max)
        let arguments = CStrings(CommandLine.arguments)
        _ = unsafe vip_become(program, arguments.pointers, vip_environment())
        return failure
    }

    /// How long `holdOff` lasts.
    package static let pause: Duration = .seconds(1)
    /// Likewise where a name is awaited, which ends it.
    package static let namePause: Duration = .seconds(10)
    /// How often there is a look at the name.
    private static let nameInterval = 250

    /// A service manager restarts the agent at once, however often. What does not go away within
    /// milliseconds is told to it, and then there is a pause, which SIGTERM and SIGINT end. Without
    /// a service manager, for something that is not restarted, or where the next start can't come
    /// soon enough, there is none.
    ///
    /// - Returns: whether it was told to end meanwhile, so that nobody need hear of the failure.
    package func holdOff(notifying notifier: ServiceNotifier?) -> Bool {
        guard let notifier, !isUrgent, [.system, .unavailable].contains(status) else {
            return false
        }
        notifier.send(.status(String(description.prefix { $0 != "\n" })))
        var mask = sigset_t()
        unsafe sigemptyset(&mask)
        for number in [SIGTERM, SIGINT] { unsafe sigaddset(&mask, number) }
        unsafe pthread_sigmask(SIG_BLOCK, &mask, nil)
        guard awaitsName else { return Self.wait(for: mask, milliseconds: 1000) }
        let name = HostName.current
        for _ in 0..<Int(Self.namePause.components.seconds) * 1000 / Self.nameInterval
        where HostName.current == name {
            if Self.wait(for: mask, milliseconds: Self.nameInterval) { return true }
        }
        return false
    }

    /// Whether one of these signals came meanwhile.
    private static func wait(for mask: sigset_t, milliseconds: Int) -> Bool {
        var mask = mask
        var pause = timespec(
            tv_sec: milliseconds / 1000,
            tv_nsec: milliseconds % 1000 * 1_000_000
        )
        return unsafe sigtimedwait(&mask, nil, &pause) > 0
    }
}
