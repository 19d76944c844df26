import Glibc

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

    package init(_ status: Status, _ description: String) {
        self.status = status
        self.description = description
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
}
