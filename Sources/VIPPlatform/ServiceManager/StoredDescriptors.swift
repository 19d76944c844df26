import Glibc

/// What the service manager has kept for us since an earlier process, see `ServiceNotifier.store`;
/// the protocol is that of sd_listen_fds(3).
package enum StoredDescriptors {
    /// The first of them, behind standard error.
    private static let first: Int32 = 3
    /// More than any service manager keeps for one service.
    private static let most: Int32 = 4096

    /// By their names; of several with one name the last, and the others are closed. To be asked
    /// once: from then on the environment does not tell of them.
    package static func claim() -> [String: Int32] {
        let process = ServiceNotifier.variable("LISTEN_PID").flatMap { pid_t($0) }
        let count = ServiceNotifier.variable("LISTEN_FDS").flatMap { Int32($0) } ?? 0
        let names = ServiceNotifier.variable("LISTEN_FDNAMES")?
            .split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsafe unsetenv(name) }
        // What was meant for another process says nothing of this one's descriptors.
        guard process == getpid(), (1...most).contains(count) else { return [:] }
        return claim(first..<first + count, names ?? [])
    }

    package static func claim(_ numbers: Range<Int32>, _ names: [String]) -> [String: Int32] {
        var found: [String: Int32] = [:]
        for (index, number) in numbers.enumerated() where fcntl(number, F_GETFD) >= 0 {
            guard names.indices.contains(index), !names[index].isEmpty else {
                close(number)
                continue
            }
            _ = fcntl(number, F_SETFD, FD_CLOEXEC)
            if let earlier = found.updateValue(number, forKey: names[index]) { close(earlier) }
        }
        return found
    }
}
