import Glibc

/// Copies of the programs in a directory of their own, where a test may replace them as a package
/// does: by renaming a new file.
public final class InstalledBinaries: Sendable {
    public let directory: String

    public var binaries: Binaries { Binaries(directory: directory) }

    public init() throws(LabError) {
        let original = try Binaries.find()
        directory = "/tmp/viplab-programs-\(getpid())-\(Moment.now.nanoseconds)"
        try Files.makeDirectory(directory)
        try Command("cp", "-L", original.agent, original.control, directory).runSuccessfully()
    }

    public func replaceAgent(byScript script: String) throws(LabError) {
        try Files.replace("\(directory)/vip-agent", by: script, mode: 0o755)
    }

    public func restoreAgent() throws(LabError) {
        let path = "\(directory)/vip-agent"
        try Command("cp", "-L", Binaries.find().agent, path + ".new").runSuccessfully()
        try Files.rename(path + ".new", to: path)
    }

    deinit { _ = try? Command("rm", "-rf", directory).run() }
}
