import Glibc

/// The few things that the lab does with files.
enum Files {
    static func makeDirectory(_ path: String) throws(LabError) {
        guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw .system("make the directory \(path)")
        }
    }

    static func write(_ text: String, to path: String, mode: mode_t = 0o644) throws(LabError) {
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
        let descriptor = unsafe open(path, flags, mode)
        guard descriptor >= 0 else { throw .system("open \(path) for writing") }
        defer { close(descriptor) }
        let octets = Array(text.utf8)
        let written = retrying { unsafe Glibc.write(descriptor, octets, octets.count) }
        guard written == octets.count else { throw .system("write to \(path)") }
    }

    /// Replaces a file in one go, as an editor or a package does: who reads it meanwhile reads the
    /// old text or the new one.
    static func replace(
        _ path: String,
        by text: String,
        mode: mode_t = 0o644
    ) throws(LabError) {
        try write(text, to: path + ".new", mode: mode)
        try rename(path + ".new", to: path)
    }

    static func rename(_ path: String, to other: String) throws(LabError) {
        guard unsafe Glibc.rename(path, other) == 0 else {
            throw .system("rename \(path) to \(other)")
        }
    }

    /// Nil if it cannot be read, for whatever reason.
    static func read(_ path: String) -> String? {
        readOctets(path).map { String(decoding: $0, as: UTF8.self) }
    }

    static func readOctets(_ path: String) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var octets: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = retrying { unsafe Glibc.read(descriptor, &buffer, buffer.count) }
            guard count >= 0 else { return nil }
            guard count > 0 else { return octets }
            octets += buffer[0..<count]
        }
    }

    /// When a file was last written, in nanoseconds of the wall clock; nil if it is not there.
    static func modified(_ path: String) -> Int? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
    }

    /// When the youngest of the files in a folder, and in its folders, was written.
    static func newest(in folder: String) -> Int? {
        names(in: folder).compactMap { name in
            newest(in: "\(folder)/\(name)") ?? modified("\(folder)/\(name)")
        }.max()
    }

    /// What a symbolic link names; nil if it is none.
    static func link(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = unsafe readlink(path, &buffer, buffer.count)
        return count < 0 ? nil : String(decoding: buffer[0..<count], as: UTF8.self)
    }

    /// Sorted; empty if there is no such directory.
    static func names(in directory: String) -> [String] {
        guard let stream = unsafe opendir(directory) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                unsafe tuple.withMemoryRebound(to: CChar.self, capacity: 256) { characters in
                    unsafe String(cString: characters)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
