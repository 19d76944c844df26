import Glibc

/// What a process has used of the machine.
public struct Usage: Hashable, Sendable {
    public let processorTime: Duration
    /// Resident memory, in octets.
    public let memory: Int
    /// What the open file descriptors are of, as /proc has it, sorted.
    public let files: [String]

    public var descriptors: Int { files.count }

    /// Of a running process. All its threads are counted, to the nanosecond: the ticks of
    /// /proc/PID/stat are ten milliseconds, which is all that an idle agent uses in seconds.
    public init(of process: ChildProcess) throws(LabError) {
        let folder = "/proc/\(process.identifier)"
        var nanoseconds: Int64 = 0
        for thread in Files.names(in: "\(folder)/task") {
            let text = Files.read("\(folder)/task/\(thread)/schedstat") ?? ""
            nanoseconds += text.split(separator: " ").first.flatMap { Int64($0) } ?? 0
        }
        let lines = (Files.read("\(folder)/status") ?? "").split(separator: "\n")
        let resident = lines.first { $0.hasPrefix("VmRSS:") }?.split(separator: " ")
        guard let resident, resident.count >= 2, let kibibytes = Int(resident[1]) else {
            throw LabError("read what process \(process.identifier) uses", found: "it has ended")
        }
        processorTime = .nanoseconds(nanoseconds)
        memory = kibibytes * 1024
        files = Files.names(in: "\(folder)/fd").compactMap { Files.link("\(folder)/fd/\($0)") }
            .sorted()
    }
}
