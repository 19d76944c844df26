import CNetlink
import Glibc

/// A file for operators that must not exist yet.
package enum NewFile {
    /// Refused if there is one: what somebody wrote is never lost.
    package static func write(_ text: String, to path: String) throws(StartupFailure) {
        do throws(SystemError) {
            let number = try SystemCall.check("open", on: path) {
                unsafe vip_open(path, O_WRONLY | O_CREAT | O_EXCL, 0o644)
            }
            let descriptor = Descriptor(owning: number)
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
