import CNetlink
import Glibc
import VIPConfiguration
import VIPPlatform

/// What is lent to a child so that it can rehearse a succession: duplicates of all descriptors that
/// the successor will find open, and what else it will be told.
///
/// A duplicate has its own number and nothing else of its own. So the child looks at what it gets,
/// and changes nothing of it that this process could notice.
final class Loan: Sendable {
    /// With the duplicates' numbers, and still without a configuration.
    private let handover: ProgramHandover
    private let locks: RunDirectory.Inheritance
    private let numbers: [Int32]

    init(of estate: ProgramHandover, locks: RunDirectory.Inheritance) throws(SystemError) {
        var handover = estate
        var numbers: [Int32] = []
        func duplicate(_ number: Int32) throws(SystemError) -> Int32 {
            let copy = fcntl(number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
            guard copy >= 0 else {
                let code = errno
                for number in numbers { close(number) }
                throw SystemError(call: "fcntl", on: "descriptor \(number)", errno: code)
            }
            numbers.append(copy)
            return copy
        }
        for (name, number) in estate.descriptors {
            handover.descriptors[name] = try duplicate(number)
        }
        self.locks = RunDirectory.Inheritance(
            lock: try duplicate(locks.lock),
            namespace: try duplicate(locks.namespace)
        )
        self.handover = handover
        self.numbers = numbers
    }

    deinit { for number in numbers { close(number) } }

    var hasIPv6Port: Bool {
        handover.descriptors.keys.contains { DatagramPort.isIPv6(name: $0) }
    }

    /// Runs the program with all of it.
    func run(
        _ program: String,
        arguments: [String],
        with source: ConfigurationSource,
        _ keys: [ClusterKeys],
        patience: Int64
    ) throws(SystemError) -> ChildProgram.Outcome {
        var handover = handover
        handover.put(source, keys)
        let memory = try SealedMemory(name: "vip-agent-rehearsal", holding: handover.octets)
        let child = ChildProgram(
            path: program,
            arguments: arguments,
            patience: patience,
            descriptors: numbers + [memory.number],
            variables: [Inheritance.rehearsalAssignment(memory: memory.number, locks: locks)]
        )
        return try child.run()
    }
}
