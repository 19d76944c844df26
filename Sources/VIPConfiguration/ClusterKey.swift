import Glibc

/// 32 random octets, with which the voters of a cluster authenticate their frames. It never shows
/// in a description.
public struct ClusterKey: Equatable, Sendable, CustomStringConvertible {
    public static let octetCount = 32

    public let octets: [UInt8]

    /// Nil for any count but 32.
    public init?(octets: [UInt8]) {
        guard octets.count == Self.octetCount else { return nil }
        self.octets = octets
    }

    public var description: String { "ClusterKey(secret)" }

    /// Whether a line of the text is a key.
    static func isIn(_ text: String) -> Bool {
        let octets = Array(text.utf8.prefix(ClusterKeys.mostOctets))
        return octets.split(separator: UInt8(ascii: "\n")).contains { line in
            Base64.decode(String(decoding: line.trimmed, as: UTF8.self))?.count == octetCount
        }
    }

    /// From the kernel's generator (getentropy, which calls getrandom); it blocks only early in a
    /// boot.
    public static func generate() throws(ClusterKeyError) -> ClusterKey {
        var octets = [UInt8](repeating: 0, count: octetCount)
        guard unsafe getentropy(&octets, octetCount) == 0, let key = ClusterKey(octets: octets)
        else {
            throw ClusterKeyError(
                path: "getrandom",
                message: "no random octets: \(FileContents.errorText(errno))",
                help: "the kernel is older than 3.17, or a seccomp filter forbids the call"
            )
        }
        return key
    }

    /// Creates the file, readable by its owner alone; never replaces one.
    ///
    /// - Parameter owner: to whom it is given, if not to whoever runs this.
    public func write(to path: String, for owner: User? = nil) throws(ClusterKeyError) {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
        let descriptor = unsafe open(path, flags, 0o600)
        guard descriptor >= 0 else {
            let code = errno
            throw ClusterKeyError(
                path: path,
                message: "the key cannot be created: \(FileContents.errorText(code))",
                help: code == EEXIST
                    ? "a key is never replaced; move it away if it is not in use: mv \(path)"
                        + " \(path).old"
                    : "see `ls -ld` of the directory"
            )
        }
        // By the descriptor: what the path leads to may be something else by now.
        if let owner, fchown(descriptor, owner.number, owner.group) != 0 {
            let code = errno
            _ = close(descriptor)
            _ = unsafe unlink(path)
            throw ClusterKeyError(
                path: path,
                message: "the key cannot be given to user \(owner.name): "
                    + FileContents.errorText(code),
                help: "run this as root"
            )
        }
        let text =
            "# vip-agent cluster key: the same file on every voter, for the agent's user alone.\n"
            + "# A second line is accepted, too, and signs nothing: for rotation.\n"
            + Base64.encode(octets) + "\n"
        let written = Self.writeAll(Array(text.utf8), to: descriptor)
        let code = errno
        guard close(descriptor) == 0, written else {
            _ = unsafe unlink(path)
            throw ClusterKeyError(
                path: path,
                message: "the key cannot be written: \(FileContents.errorText(code))",
                help: "see `df` of the directory; what had been written is removed again"
            )
        }
    }

    private static func writeAll(_ octets: [UInt8], to descriptor: Int32) -> Bool {
        var rest = octets[...]
        while !rest.isEmpty {
            let chunk = Array(rest)
            let count = unsafe Glibc.write(descriptor, chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return fsync(descriptor) == 0
    }
}

/// The contents of a key file: one key, or two while one replaces the other.
///
/// Rotation: append the new key as second line everywhere and reload; swap the lines everywhere and
/// reload; remove the second line everywhere and reload. At each moment every voter accepts what
/// every other signs.
public struct ClusterKeys: Equatable, Sendable {
    /// With which frames are sent.
    public let signing: ClusterKey
    /// With which frames may arrive: the signing key, then the other if there is one.
    public let accepted: [ClusterKey]

    fileprivate static let mostOctets = 16 * 1024

    /// Keys that were loaded by another process: the signing one first. Nil unless there are one or
    /// two.
    public init?(_ keys: [ClusterKey]) {
        guard let signing = keys.first, keys.count <= 2 else { return nil }
        self.signing = signing
        accepted = keys
    }

    /// Reads the file and checks who else could. Blocks: not for the lease plane.
    public static func load(path: String) throws(ClusterKeyError) -> ClusterKeys {
        do {
            let descriptor = try FileContents.open(path, what: "key")
            defer { _ = close(descriptor) }
            try checkAccess(to: descriptor, path: path)
            let octets = try FileContents.octets(
                of: descriptor,
                atMost: mostOctets,
                path: path,
                what: "key"
            )
            return try ClusterKeys(parsing: octets)
        } catch {
            throw ClusterKeyError(path: path, message: error.message, help: error.help)
        }
    }

    private static func checkAccess(
        to descriptor: Int32,
        path: String
    ) throws(FileContents.Failure) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw FileContents.Failure(
                message: "the key cannot be looked at: \(FileContents.errorText(errno))",
                help: "see `ls -l \(path)`"
            )
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileContents.Failure(
                message: "the key is not a plain file",
                help: "see `ls -ld \(path)`"
            )
        }
        guard isTrusted(status.st_uid) else {
            // Asking who that is may take a directory server.
            let service = geteuid() == 0 ? User(named: User.serviceName) : nil
            let user = service ?? .ofThisProcess
            throw FileContents.Failure(
                message:
                    "the key belongs to user \(User.name(of: status.st_uid)), who can change it",
                help: "the agent runs as user \(user.name): chown \(user.owner) \(path)"
            )
        }
        guard status.st_mode & 0o077 == 0 else {
            let mode = String(status.st_mode & 0o7777, radix: 8)
            throw FileContents.Failure(
                message: "the key has mode 0\(mode), so others than its owner can use it",
                help: modeHelp(path, owner: status.st_uid)
            )
        }
    }

    /// Root's key that only its owner may use is none that the unit's user could.
    private static func modeHelp(_ path: String, owner: uid_t) -> String {
        let service = User(named: User.serviceName)
        let chown = service.flatMap { $0.number == owner ? nil : "chown \($0.owner) \(path) && " }
        return "\(chown ?? "")chmod 600 \(path), and a new key if somebody may have read this one"
    }

    /// Root looks at the key of the agent's user, and may be that user.
    private static func isTrusted(_ owner: uid_t) -> Bool {
        owner == 0 || owner == geteuid()
            || geteuid() == 0 && owner == User(named: User.serviceName)?.number
    }

    private init(parsing octets: [UInt8]) throws(FileContents.Failure) {
        var keys: [ClusterKey] = []
        let lines = octets.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let text = line.trimmed
            guard let first = text.first, first != UInt8(ascii: "#") else { continue }
            guard let key = Base64.decode(String(decoding: text, as: UTF8.self)) else {
                throw FileContents.Failure(
                    message: "line \(index + 1) of the key is not base64",
                    help: "`vip-agent init` writes a key, and so does `openssl rand -base64 32`"
                )
            }
            guard let key = ClusterKey(octets: key) else {
                throw FileContents.Failure(
                    message: "line \(index + 1) of the key has \(key.count) octets, but"
                        + " \(ClusterKey.octetCount) are wanted",
                    help: "`vip-agent init` writes a key, and so does `openssl rand -base64 32`"
                )
            }
            guard key.octets.contains(where: { $0 != 0 }) else {
                throw FileContents.Failure(
                    message: "line \(index + 1) of the key is \(ClusterKey.octetCount) zero octets,"
                        + " which anybody can guess",
                    help: "`vip-agent init` writes a key, and so does `openssl rand -base64 32`"
                )
            }
            keys.append(key)
        }
        guard let signing = keys.first else {
            throw FileContents.Failure(
                message: "there is no key in the file",
                help: "`vip-agent init` writes a key, and so does `openssl rand -base64 32`"
            )
        }
        guard keys.count <= 2 else {
            throw FileContents.Failure(
                message: "there are \(keys.count) keys in the file, but two are the most",
                help: "the first signs, the second is accepted, too; remove the others"
            )
        }
        self.signing = signing
        accepted = keys
    }
}

/// Why a key could not be had. Never contains any of it.
public struct ClusterKeyError: Error, Equatable, Sendable, CustomStringConvertible {
    public var path: String
    public var message: String
    public var help: String

    public var description: String { "\(path): error: \(message)\n  = help: \(help)" }
}

extension ArraySlice<UInt8> {
    /// Without spaces, tabs and carriage returns at either end.
    fileprivate var trimmed: ArraySlice<UInt8> {
        let blank: Set<UInt8> = [UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r")]
        let start = firstIndex { !blank.contains($0) } ?? endIndex
        let end = (lastIndex { !blank.contains($0) } ?? start - 1) + 1
        return self[start..<end]
    }
}
