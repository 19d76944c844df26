import CNetlink
import Glibc

/// Octets in memory that nobody can change any more, behind a descriptor that outlives an execve if
/// it is told to.
package final class SealedMemory: Sendable {
    private let descriptor: Descriptor

    /// What the successor gets; 1,000 entries of history of some 64 clusters would fit.
    package static let mostOctets = 64 << 20

    package var number: Int32 { descriptor.number }

    /// - Parameter name: for people who look into /proc.
    package init(name: String, holding octets: [UInt8]) throws(SystemError) {
        let number = try SystemCall.check("memfd_create", on: name) {
            unsafe vip_memory_create(name)
        }
        descriptor = Descriptor(owning: number)
        var written = 0
        while written < octets.count {
            written += try SystemCall.run("write", on: name) {
                unsafe octets.withUnsafeBytes { buffer in
                    unsafe Glibc.write(
                        number,
                        buffer.baseAddress! + written,
                        buffer.count - written
                    )
                }
            }
        }
        try SystemCall.check("fcntl", on: name) { vip_memory_seal(number) }
    }

    /// Reads what somebody sealed, and closes the descriptor.
    ///
    /// - Throws: also where it is not sealed, and could still change.
    package static func contents(of number: Int32) throws(SystemError) -> [UInt8] {
        let subject = "descriptor \(number)"
        guard number > STDERR_FILENO, fcntl(number, F_GETFD) >= 0 else {
            throw SystemError(call: "fcntl", on: subject, errno: EBADF)
        }
        let descriptor = Descriptor(owning: number)
        guard vip_memory_is_sealed(descriptor.number) != 0 else {
            throw SystemError(
                call: "fcntl",
                on: subject,
                errno: EINVAL,
                detail: "it is no sealed memory"
            )
        }
        var status = stat()
        try SystemCall.run("fstat", on: subject) { unsafe fstat(number, &status) }
        guard status.st_size <= off_t(mostOctets) else {
            throw SystemError(call: "read", on: subject, errno: EFBIG)
        }
        var octets = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < octets.count {
            let count = try SystemCall.run("read", on: subject) {
                let room = octets.count - filled
                return unsafe octets.withUnsafeMutableBytes { buffer in
                    unsafe pread(number, buffer.baseAddress! + filled, room, off_t(filled))
                }
            }
            guard count > 0 else {
                throw SystemError(call: "read", on: subject, errno: EIO)
            }
            filled += count
        }
        return octets
    }
}
