import CNetlink
import Glibc

/// Reads and writes of whole small files. For the service plane, or before the lease plane starts:
/// a disk may take its time.
package enum WholeFile {
    /// At most `most` octets; a file that is longer is an error, and so is what is no plain file: a
    /// pipe in its place would be waited for.
    package static func read(_ path: String, most: Int) throws(SystemError) -> [UInt8] {
        let number = try SystemCall.check("open", on: path) {
            unsafe vip_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0)
        }
        let file = Descriptor(owning: number)
        try PlainFile.require(file, at: path)
        var octets = [UInt8](repeating: 0, count: most + 1)
        var filled = 0
        while filled < octets.count {
            let room = octets.count - filled
            let count = try SystemCall.run("read", on: path) {
                unsafe octets.withUnsafeMutableBytes { buffer in
                    unsafe Glibc.read(file.number, buffer.baseAddress! + filled, room)
                }
            }
            if count == 0 { break }
            filled += count
        }
        guard filled <= most else {
            throw SystemError(
                call: "read",
                on: path,
                errno: EFBIG,
                detail: "it has more than \(most) octets"
            )
        }
        octets.removeLast(octets.count - filled)
        return octets
    }

    /// Replaces the file as a whole, and returns when it would survive a loss of power: a new file,
    /// synchronised, renamed, and the directory synchronised.
    ///
    /// Whatever has the new file's name meanwhile is removed and never opened: it may be a pipe, or
    /// a second name of another file.
    ///
    /// - Parameter mode: permissions of the file, less the process's mask.
    package static func replace(
        _ path: String,
        with octets: [UInt8],
        mode: mode_t
    ) throws(SystemError) {
        let fresh = path + ".new"
        if unsafe unlink(fresh) != 0, errno != ENOENT {
            throw SystemError(call: "unlink", on: fresh, errno: errno)
        }
        let number = try SystemCall.check("open", on: fresh) {
            unsafe vip_open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode)
        }
        let file = Descriptor(owning: number)
        var written = 0
        while written < octets.count {
            written += try SystemCall.run("write", on: fresh) {
                unsafe octets.withUnsafeBytes { buffer in
                    unsafe write(
                        file.number,
                        buffer.baseAddress! + written,
                        buffer.count - written
                    )
                }
            }
        }
        try SystemCall.run("fsync", on: fresh) { fsync(file.number) }
        try SystemCall.run("rename", on: path) { unsafe rename(fresh, path) }
        try synchronizeDirectory(of: path)
    }

    private static func synchronizeDirectory(of path: String) throws(SystemError) {
        let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let directory = parent.isEmpty ? "/" : parent
        let number = try SystemCall.check("open", on: directory) {
            unsafe vip_open(directory, O_RDONLY | O_DIRECTORY, 0)
        }
        let descriptor = Descriptor(owning: number)
        try SystemCall.run("fsync", on: directory) { fsync(descriptor.number) }
    }
}
