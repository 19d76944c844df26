import Glibc

/// A user of this host, with the group that the user's files have.
public struct User: Equatable, Sendable {
    /// As whom the unit of the package runs the agent.
    public static let serviceName = "vip-agent"

    /// Who neither owns a file nor is of its group: nobody can have this number.
    package static let others = User(name: "others", number: .max, group: .max)

    public let name: String
    public let number: uid_t
    public let group: gid_t

    public init(name: String, number: uid_t, group: gid_t) {
        (self.name, self.number, self.group) = (name, number, group)
    }

    /// Nil where there is no such user.
    public init?(named name: String) {
        let found = unsafe Self.look { entry, buffer, count, result in
            unsafe getpwnam_r(name, entry, buffer, count, result)
        }
        guard let found else { return nil }
        self = found
    }

    /// As whom this process works. A number that nobody has is its own name.
    public static var ofThisProcess: User {
        User(name: name(of: geteuid()), number: geteuid(), group: getegid())
    }

    /// For chown(1): with the colon that stands for the user's own group, which a mere number does
    /// not have.
    public var owner: String { UInt32(name) == nil ? "\(name):" : name }

    public static func name(of number: uid_t) -> String {
        let found = unsafe look { entry, buffer, count, result in
            unsafe getpwuid_r(number, entry, buffer, count, result)
        }
        return found?.name ?? "\(number)"
    }

    /// Whether the modes of the file and of the directories above it let this user read it. Access
    /// control lists are not looked at.
    public func canRead(_ path: String) -> Bool {
        var above = path
        while let slash = above.lastIndex(of: "/"), slash != above.startIndex {
            above = String(above[..<slash])
            guard may(0o1, at: above) else { return false }
        }
        return may(0o4, at: path)
    }

    /// - Parameter right: of the three bits that a mode has for others.
    private func may(_ right: mode_t, at path: String) -> Bool {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return false }
        if status.st_uid == number { return status.st_mode >> 6 & right == right }
        if status.st_gid == group { return status.st_mode >> 3 & right == right }
        return status.st_mode & right == right
    }

    private typealias Entry = UnsafeMutablePointer<passwd>
    private typealias Result = UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>

    private static func look(
        _ ask: (Entry, UnsafeMutablePointer<CChar>, Int, Result) -> Int32
    ) -> User? {
        var entry = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16 * 1024)
        guard unsafe ask(&entry, &buffer, buffer.count, &found) == 0,
            let found = unsafe found, let name = unsafe found.pointee.pw_name
        else { return nil }
        return unsafe User(
            name: String(cString: name),
            number: found.pointee.pw_uid,
            group: found.pointee.pw_gid
        )
    }
}
