import Glibc
import VIPConfiguration

extension KeepalivedFile {
    private static let what = "configuration of keepalived"

    /// Reads a regular file; whatever else has that name is not even opened.
    init(reading path: String) throws(FileContents.Failure) {
        // To open a device is to act on some: a watchdog begins to count.
        var status = stat()
        if unsafe stat(path, &status) == 0 { try Self.requireRegular(status, path) }
        do {
            let descriptor = try FileContents.open(path, what: Self.what)
            defer { _ = close(descriptor) }
            // The name may lead to something else by now.
            if unsafe fstat(descriptor, &status) == 0 { try Self.requireRegular(status, path) }
            let text = try FileContents.text(
                of: descriptor,
                atMost: ConfigurationBounds.fileOctets,
                path: path,
                what: Self.what
            )
            self.init(path: path, text: text, isPrivate: !Self.isReadableByAll(path))
        } catch {
            // An agent's missing file would be written by init; this one is somebody else's.
            throw FileContents.Failure(message: error.message, help: "see `ls -ld \(path)`")
        }
    }

    private static func requireRegular(
        _ status: stat,
        _ path: String
    ) throws(FileContents.Failure) {
        let found: String
        switch status.st_mode & S_IFMT {
        case S_IFREG: return
        case S_IFDIR: found = "a directory"
        case S_IFIFO: found = "a FIFO"
        case S_IFCHR, S_IFBLK: found = "a device"
        default: found = "a socket"
        }
        throw FileContents.Failure(
            message: "the \(what) is not a plain file, but \(found)",
            help: "see `ls -ld \(path)`"
        )
    }

    /// By its mode and those of the directories that it is really in.
    private static func isReadableByAll(_ path: String) -> Bool {
        guard let resolved = unsafe realpath(path, nil) else { return false }
        defer { unsafe free(resolved) }
        return unsafe User.others.canRead(String(cString: resolved))
    }

    /// The files that a pattern stands for, in the order of their names; none if there are none,
    /// which keepalived does not mind either. No more than the parser notices as too many.
    static func matching(_ pattern: String) throws(KeepalivedReadFailure) -> [KeepalivedFile] {
        // A null would end the text early for C.
        guard !pattern.utf8.contains(0) else { return [] }
        var matches = unsafe glob_t()
        defer { unsafe globfree(&matches) }
        guard unsafe glob(pattern, 0, nil, &matches) == 0 else { return [] }
        var files: [KeepalivedFile] = []
        var octets = 0
        for index in 0..<(unsafe Int(matches.gl_pathc)) {
            guard files.count <= KeepalivedBounds.files, octets <= KeepalivedBounds.octets,
                let name = unsafe matches.gl_pathv[index]
            else { break }
            let path = unsafe String(cString: name)
            do {
                let file = try KeepalivedFile(reading: path)
                octets += file.text.utf8.count
                files.append(file)
            } catch {
                throw KeepalivedReadFailure(
                    message: "\(path): \(error.message)",
                    help: error.help
                )
            }
        }
        return files
    }
}
