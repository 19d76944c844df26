import CNetlink
import Glibc
import VIPConfiguration
import VIPPlatform

/// The texts of a configuration as they were read, with nothing made of them yet: one file, or all
/// of a directory. Two that are equal say the same, whatever has become of the files since.
package struct ConfigurationSource: Equatable, Sendable {
    package struct File: Equatable, Sendable {
        package var path: String
        /// Nil where it could not be read; then `fault` says why.
        package var text: String?
        package var fault: String?

        package init(path: String, text: String) {
            (self.path, self.text) = (path, text)
        }

        fileprivate init(path: String, fault: String) {
            (self.path, self.fault) = (path, fault)
        }
    }

    /// As the operator named it.
    package let path: String
    package let isDirectory: Bool
    /// In the order of their names.
    package let files: [File]
    /// What is wrong with the directory itself.
    let faults: [String]

    package init(path: String, isDirectory: Bool, files: [File]) {
        (self.path, self.isDirectory, self.files) = (path, isDirectory, files)
        faults = []
    }

    /// Reads the file, or every `*.toml` of the directory. Waits for the disk.
    package init(reading path: String) throws(ConfigurationFailure) {
        self.path = path
        isDirectory = Self.isDirectory(path)
        let paths = isDirectory ? try Self.paths(in: path) : [path]
        var faults: [String] = []
        if paths.count > ServedClusters.mostClusters {
            faults.append(
                ServedClusters.fault(
                    path,
                    "there are \(paths.count) *.toml in it, and an agent serves at most "
                        + "\(ServedClusters.mostClusters) clusters",
                    help: "give some of them another witness"
                )
            )
        }
        var files: [File] = []
        var found: [(path: String, file: FileIdentity)] = []
        for path in paths.prefix(ServedClusters.mostClusters) {
            if let identity = FileIdentity(of: path) {
                if let twin = found.first(where: { $0.file == identity }) {
                    let fault = ServedClusters.fault(
                        path,
                        "it is the same file as \(twin.path)",
                        help: "remove one of the two links"
                    )
                    files.append(File(path: path, fault: fault))
                    continue
                }
                found.append((path, identity))
            }
            do throws(ConfigurationError) {
                files.append(File(path: path, text: try Configuration.text(of: path)))
            } catch {
                files.append(File(path: path, fault: "\(error)"))
            }
        }
        self.files = files
        self.faults = faults
    }

    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func paths(in directory: String) throws(ConfigurationFailure) -> [String] {
        guard let stream = unsafe opendir(directory) else {
            let failure = SystemError(call: "opendir", on: directory, errno: errno)
            throw ConfigurationFailure(faults: ["\(failure)"])
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                unsafe tuple.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) {
                    unsafe String(cString: $0)
                }
            }
            // As the shell's *.toml: what begins with a dot is an editor's.
            if name.hasSuffix(".toml"), !name.hasPrefix(".") { names.append(name) }
        }
        guard !names.isEmpty else {
            throw ConfigurationFailure(
                faults: [
                    ServedClusters.fault(
                        directory,
                        "there is no *.toml in it",
                        help: "put the file of each cluster there, or name a file"
                    )
                ]
            )
        }
        let base = directory.hasSuffix("/") ? String(directory.dropLast()) : directory
        return names.sorted().map { "\(base)/\($0)" }
    }
}

/// Tells whether two paths lead to one file.
private struct FileIdentity: Equatable {
    let device: dev_t
    let inode: ino_t

    /// Nil if there is no such file.
    init?(of path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        (device, inode) = (status.st_dev, status.st_ino)
    }
}
