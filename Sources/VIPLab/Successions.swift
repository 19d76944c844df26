import Glibc

/// Reloads and upgrades of the lab's agents, as operators and packages do them.
extension Lab {
    /// `vipctl reload`: exit status, and what it said.
    public func askForReload(
        _ host: Host
    ) throws(LabError) -> (status: ExitStatus, output: String, complaint: String) {
        try control(host, "reload")
    }

    /// How many programs the agent's process has been after its first.
    public func generation(of host: Host) throws(LabError) -> Int {
        try status(of: host).counters?.reexecutions ?? 0
    }

    /// Has the agent become another program, by SIGUSR2, and returns once it has.
    public func upgradeAndWait(_ host: Host) throws(LabError) {
        let before = try generation(of: host)
        try upgrade(host)
        try waitForStatus(of: host, "I am another program") { status in
            status.counters?.reexecutions == before + 1
        }
    }

    /// Resident memory in kB, and open descriptors, of the host's agent.
    public func footprint(of host: Host) throws(LabError) -> (resident: Int, descriptors: Int) {
        let process = "/proc/\(try agent(of: host).identifier)"
        let line = (Files.read("\(process)/status") ?? "").split(separator: "\n")
            .first { $0.hasPrefix("VmRSS:") }
        let words = line?.split(whereSeparator: \.isWhitespace) ?? []
        let listed = try Command("ls", "\(process)/fd").run().standardOutput
        return (
            resident: words.count > 1 ? Int(words[1]) ?? 0 : 0,
            descriptors: listed.split(separator: "\n").count
        )
    }

    /// The longest lease that the host's state directory has on record.
    public func recordedLease(of host: Host) throws(LabError) -> Duration {
        let path = "\(place(of: host).stateDirectory)/lease"
        let lines = (Files.read(path) ?? "").split(separator: "\n")
        guard let line = lines.last, let nanoseconds = Int64(line) else {
            throw LabError("read \(path)", found: "\(lines)")
        }
        return .nanoseconds(nanoseconds)
    }

    /// Replaces a file as an operator's editor does.
    public func writeText(_ text: String, to path: String) throws(LabError) {
        try Files.write(text, to: path + ".new")
        guard unsafe rename(path + ".new", path) == 0 else { throw .system("rename \(path).new") }
    }

    /// Waits up to two seconds for an address to come or go.
    public func waitForAddress(
        _ address: String,
        on host: Host,
        isThere: Bool
    ) throws(LabError) {
        let deadline = Moment.now + .seconds(2)
        while try addresses(on: host).contains(address) != isThere {
            guard Moment.now < deadline else {
                throw LabError(
                    "see \(address) \(isThere ? "come to" : "go from") \(host)",
                    found: "its kernel has \(try addresses(on: host))"
                )
            }
            sleep(for: .milliseconds(5))
        }
    }
}

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
        try Files.write(script, to: "\(directory)/vip-agent.new", mode: 0o755)
        try putInPlace()
    }

    public func restoreAgent() throws(LabError) {
        let original = try Binaries.find()
        try Command("cp", "-L", original.agent, "\(directory)/vip-agent.new").runSuccessfully()
        try putInPlace()
    }

    private func putInPlace() throws(LabError) {
        guard unsafe rename("\(directory)/vip-agent.new", "\(directory)/vip-agent") == 0 else {
            throw .system("rename \(directory)/vip-agent.new")
        }
    }

    deinit { _ = try? Command("rm", "-rf", directory).run() }
}
