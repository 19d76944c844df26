import CNetlink
import Glibc
import VIPConfiguration
import VIPPlatform

/// What is in the way where a path may not be used: an agent that ran as another user has left it,
/// or somebody has changed it.
package enum Ownership {
    /// The error with the command that puts it right, if it is about a path in that directory, or
    /// the directory itself, and its owner or mode is the reason.
    static func advising(_ error: SystemError, in directory: String) -> SystemError {
        guard [EACCES, EPERM].contains(error.errno),
            error.subject == directory || error.subject.hasPrefix(directory + "/")
        else { return error }
        var error = error
        error.advice = advice(on: error.subject, in: directory)
        return error
    }

    /// The command that puts it right.
    ///
    /// - Parameter user: as whom the agent runs.
    package static func advice(
        on path: String,
        in directory: String,
        for user: User = .ofThisProcess
    ) -> String {
        // Whoever is neither root nor the user of the unit is an operator, and not to be given it.
        if let service = User(named: User.serviceName), service.number != user.number,
            user.number != 0
        {
            return "\(user.name) may not use it: run this as root"
        }
        var status = stat()
        guard unsafe stat(directory, &status) == 0 else {
            return "make it for user \(user.name), as whom the agent runs: "
                + "install -d -o \(user.name) -m 0750 \(directory)"
        }
        for path in [directory, path] {
            guard unsafe stat(path, &status) == 0 else { continue }
            if status.st_uid != user.number {
                return "\(path) belongs to user \(User.name(of: status.st_uid)), and the agent "
                    + "runs as \(user.name): chown -R \(user.owner) \(directory)"
            }
        }
        return "its owner is the agent's user, who needs to read and write it: "
            + "chmod -R u+rwX \(directory)"
    }
}
