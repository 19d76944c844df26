import CNetlink
import Glibc
import VIPConfiguration
import VIPPlatform

/// A file for operators that must not exist yet.
package enum NewFile {
    /// Who may read it; whoever makes it may write it, too.
    package enum Readers: Equatable, Sendable {
        case everybody
        case owner
        case ownerAndGroup(of: User)
    }

    /// Refused if there is one: what somebody wrote is never lost.
    package static func write(
        _ text: String,
        to path: String,
        for readers: Readers = .everybody
    ) throws(StartupFailure) {
        do throws(SystemError) {
            let number = try SystemCall.check("open", on: path) {
                let mode: mode_t = readers == .everybody ? 0o644 : 0o600
                return unsafe vip_open(path, O_WRONLY | O_CREAT | O_EXCL, mode)
            }
            let descriptor = Descriptor(owning: number)
            if case .ownerAndGroup(let user) = readers {
                // The group first: no other is ever let in.
                try SystemCall.run("chown", on: path) { fchown(number, uid_t.max, user.group) }
                try SystemCall.run("chmod", on: path) { fchmod(number, 0o640) }
            }
            let octets = Array(text.utf8)
            let written = unsafe Glibc.write(descriptor.number, octets, octets.count)
            guard written == octets.count else {
                throw SystemError(call: "write", on: path, errno: written < 0 ? errno : ENOSPC)
            }
        } catch {
            throw StartupFailure(error)
        }
    }
}
