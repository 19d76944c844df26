import CNetlink
import Glibc
import VIPPlatform

/// Why there is to be no agent here.
package enum RunDirectoryError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Another agent holds this run directory.
    case alreadyRunning(directory: String, pid: Int32?)
    /// Another agent works in this network namespace, out of another run directory. The gate and
    /// the interfaces are the namespace's, so there can't be two.
    case namespaceTaken(name: String)
    case system(SystemError)

    package var description: String {
        switch self {
        case .alreadyRunning(let directory, let pid):
            "an agent is already running in \(directory)"
                + (pid.map { " (process \($0))" } ?? "")
                + "; stop it first, or choose another --run-dir and network namespace"
        case .namespaceTaken(let name):
            "an agent is already running in this network namespace (it holds the socket \(name)); "
                + "stop it first"
        case .system(let error): error.description
        }
    }
}

/// The run directory, and the two locks that make sure of one agent: a file in the directory, and
/// an abstract socket in the network namespace. Both are the process's and vanish with it, whatever
/// kills it.
package final class RunDirectory {
    /// The locks' descriptors, for the process that this one becomes by execve.
    package struct Inheritance: Equatable, Sendable {
        package var lock: Int32
        package var namespace: Int32

        package init(lock: Int32, namespace: Int32) {
            self.lock = lock
            self.namespace = namespace
        }
    }

    package let path: String
    private var lock: Descriptor
    private let namespace: NamespaceLock

    /// Who holds the namespace's name without being an agent, in words for the log.
    package var stranger: String? { namespace.stranger }

    package var inheritance: Inheritance {
        Inheritance(lock: lock.number, namespace: namespace.descriptor.number)
    }

    /// Makes the directory with mode 0750 where it is missing, and takes both locks.
    package init(path: String) throws(RunDirectoryError) {
        self.path = path
        do {
            try Self.make(path)
            lock = try Self.openLock(path)
        } catch {
            throw .system(Ownership.advising(error, in: path))
        }
        if flock(lock.number, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            guard code == EWOULDBLOCK else {
                throw .system(SystemError(call: "flock", on: "\(path)/lock", errno: code))
            }
            throw .alreadyRunning(directory: path, pid: Self.holder(of: lock.number))
        }
        namespace = try NamespaceLock()
        Self.writeHolder(lock.number)
    }

    /// Takes over what the process held before execve.
    package init(path: String, inheriting: Inheritance) throws(RunDirectoryError) {
        self.path = path
        lock = Descriptor(owning: inheriting.lock)
        namespace = NamespaceLock(inheriting: inheriting.namespace)
        // flock succeeds at once for the description that holds the lock already.
        guard flock(lock.number, LOCK_EX | LOCK_NB) == 0 else {
            throw .alreadyRunning(directory: path, pid: Self.holder(of: lock.number))
        }
        do {
            try setCloseOnExec(true)
        } catch {
            throw .system(error)
        }
    }

    /// Off right before re-execution, so that the locks are never let go; on again should that
    /// fail.
    package func setCloseOnExec(_ on: Bool) throws(SystemError) {
        try lock.setCloseOnExec(on)
        try namespace.descriptor.setCloseOnExec(on)
    }

    private static func make(_ path: String) throws(SystemError) {
        if unsafe mkdir(path, 0o750) != 0 && errno != EEXIST {
            throw SystemError(call: "mkdir", on: path, errno: errno)
        }
    }

    /// Whether the path still names the file that this process holds the lock on.
    package var isInPlace: Bool { PlainFile.names("\(path)/lock", lock) }

    /// Puts a lock of this process in the place of one that is gone, the directory with it if need
    /// be. A second agent was kept out meanwhile by the name in the network namespace.
    package func putBack() throws(RunDirectoryError) {
        var fresh: Descriptor
        do {
            try Self.make(path)
            fresh = try Self.openLock(path)
        } catch {
            throw .system(Ownership.advising(error, in: path))
        }
        guard flock(fresh.number, LOCK_EX | LOCK_NB) == 0 else {
            throw .alreadyRunning(directory: path, pid: Self.holder(of: fresh.number))
        }
        Self.writeHolder(fresh.number)
        swap(&lock, &fresh)
    }

    /// What root makes in the directory of another user, to clean up for instance, is to be that
    /// user's. A second name of another file, which that user may have put in its place, is
    /// refused: the file would be cut.
    private static func openLock(_ path: String) throws(SystemError) -> Descriptor {
        let file = "\(path)/lock"
        let number = try SystemCall.check("open", on: file) {
            unsafe vip_open(file, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o640)
        }
        let lock = Descriptor(owning: number)
        try PlainFile.requireOwn(lock, at: file)
        var directory = stat()
        if geteuid() == 0, unsafe stat(path, &directory) == 0 {
            _ = fchown(number, directory.st_uid, directory.st_gid)
        }
        return lock
    }

    /// The holder's number is for people; the lock doesn't depend on it.
    private static func writeHolder(_ descriptor: Int32) {
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0 else { return }
        _ = unsafe pwrite(descriptor, text, text.count, 0)
    }

    private static func holder(of descriptor: Int32) -> Int32? {
        var text = [UInt8](repeating: 0, count: 16)
        let count = unsafe pread(descriptor, &text, text.count, 0)
        guard count > 0 else { return nil }
        let digits = text.prefix(count).prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        return Int32(String(decoding: digits, as: UTF8.self))
    }
}
