import CNetlink
import Glibc

/// What has to be true of a file before this process writes into it: a plain file that has one
/// name. Whoever may put something into the directory could otherwise have another file cut or
/// written to, by giving it a second name there, or have a thread wait for good, by a pipe.
package enum PlainFile {
    /// - Returns: what the kernel says of it.
    @discardableResult
    package static func requireOwn(
        _ descriptor: borrowing Descriptor,
        at path: String
    ) throws(SystemError) -> stat {
        let status = try require(descriptor, at: path)
        guard status.st_nlink <= 1 else {
            var error = SystemError(
                call: "open",
                on: path,
                errno: EMLINK,
                detail: "the file has \(status.st_nlink) names, so it may be another's, too"
            )
            error.advice = "'rm \(path)' removes this name, and the agent makes a file of its own"
            throw error
        }
        return status
    }

    /// The same of a file that is only read, and may have other names.
    @discardableResult
    package static func require(
        _ descriptor: borrowing Descriptor,
        at path: String
    ) throws(SystemError) -> stat {
        var status = stat()
        let number = descriptor.number
        try SystemCall.run("fstat", on: path) { unsafe fstat(number, &status) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            var error = SystemError(
                call: "open",
                on: path,
                errno: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL,
                detail: "it is not a plain file"
            )
            error.advice = "'ls -ld \(path)' shows what it is: move it away"
            throw error
        }
        return status
    }

    /// Whether it is this file, and no other, that the path names.
    package static func names(_ path: String, _ descriptor: borrowing Descriptor) -> Bool {
        var (own, found) = (stat(), stat())
        return unsafe fstat(descriptor.number, &own) == 0 && lstat(path, &found) == 0
            && own.st_dev == found.st_dev && own.st_ino == found.st_ino
    }
}
