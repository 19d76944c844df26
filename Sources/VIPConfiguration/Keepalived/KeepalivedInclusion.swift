import Glibc

extension KeepalivedFile {
    static func text(of path: String) throws(FileContents.Failure) -> String {
        do {
            return try FileContents.text(
                of: path,
                atMost: ConfigurationBounds.fileOctets,
                what: "configuration of keepalived"
            )
        } catch {
            // An agent's missing file would be written by init; this one is somebody else's.
            throw FileContents.Failure(message: error.message, help: "see `ls -l \(path)`")
        }
    }

    /// The files that a pattern stands for, in the order of their names; none if there are none,
    /// which keepalived does not mind either.
    static func matching(_ pattern: String) throws(KeepalivedReadFailure) -> [KeepalivedFile] {
        // A null would end the text early for C.
        guard !pattern.utf8.contains(0) else { return [] }
        var matches = unsafe glob_t()
        defer { unsafe globfree(&matches) }
        guard unsafe glob(pattern, GLOB_MARK, nil, &matches) == 0 else { return [] }
        var files: [KeepalivedFile] = []
        // One more than there may be, so that the parser notices.
        for index in 0..<min(unsafe Int(matches.gl_pathc), KeepalivedBounds.files + 1) {
            guard let octets = unsafe matches.gl_pathv[index] else { continue }
            let path = unsafe String(cString: octets)
            // A directory that fits the pattern is none of its files.
            guard !path.hasSuffix("/") else { continue }
            do {
                files.append(KeepalivedFile(path: path, text: try text(of: path)))
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
