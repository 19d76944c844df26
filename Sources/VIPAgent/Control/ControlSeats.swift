import CNetlink
import Glibc

/// Who gets a seat at the control socket while there are few: nobody can keep root out, and no user
/// another one.
package enum ControlSeats {
    /// Of all seats, for root alone.
    static let forRoot = 2
    /// For each user but root and the agent's own.
    static let mostOfOneUser = 4

    /// - Parameters:
    ///   - agent: the user of this process.
    ///   - seats: by whom each is taken; nil where nobody sits.
    package static func hasRoom(
        for user: uid_t,
        among seats: [uid_t?],
        agent: uid_t = geteuid()
    ) -> Bool {
        let free = seats.count { $0 == nil }
        if user == 0 { return free > 0 }
        // Root may sit anywhere: what it has taken of the others' seats does not free its own.
        let others = seats.count { $0 != nil && $0 != 0 }
        guard free > 0, others < seats.count - forRoot else { return false }
        return user == agent || seats.count { $0 == user } < mostOfOneUser
    }
}

/// Which file a path names.
struct FileName: Equatable {
    private let device: dev_t
    private let inode: ino_t

    init?(of path: String) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        (device, inode) = (status.st_dev, status.st_ino)
    }
}
