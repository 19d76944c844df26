import CNetlink
import Glibc

/// A program that is run, without any capability, to hear what it has to say. It is waited for, if
/// only for a limited time, and so it is nothing for the lease plane.
package struct ChildProgram: Sendable {
    package enum End: Equatable, Sendable {
        case exited(Int32)
        case signalled(Int32)
        /// It was still running when its time was over, and was killed.
        case timedOut
    }

    package struct Outcome: Equatable, Sendable {
        package var end: End
        /// What it wrote to standard output and standard error, up to `mostOctets` of each.
        package var output: String
        package var complaint: String
    }

    /// All faults of a configuration are shorter.
    static let mostOctets = 1 << 16

    package var path: String
    /// Without the program's own name.
    package var arguments: [String]
    /// Of nanoseconds; past it the program and what it has started are killed.
    package var patience: Int64
    /// Descriptors that it gets, under the same numbers; no others but the standard ones.
    package var descriptors: [Int32]
    /// `NAME=VALUE`, besides what every child gets.
    package var variables: [String]

    package init(
        path: String,
        arguments: [String],
        patience: Int64,
        descriptors: [Int32] = [],
        variables: [String] = []
    ) {
        self.path = path
        self.arguments = arguments
        self.patience = patience
        self.descriptors = descriptors
        self.variables = variables
    }

    /// - Throws: if it could not be started at all.
    package func run() throws(SystemError) -> Outcome {
        let output = try Pipe()
        let complaint = try Pipe()
        let strings = CStrings([path] + arguments)
        let environment = CStrings(Self.environment + variables)
        let kept = descriptors.sorted()
        let pid = try SystemCall.check("execve", on: path) {
            unsafe vip_program_start(
                path,
                strings.pointers,
                environment.pointers,
                output.writer,
                complaint.writer,
                kept,
                kept.count
            )
        }
        output.closeWriter()
        complaint.closeWriter()
        let end = wait(for: pid, reading: [output, complaint])
        return Outcome(end: end, output: output.text, complaint: complaint.text)
    }

    /// Nothing of the service manager's: a child does not speak for us.
    private static var environment: [String] {
        let path = ServiceNotifier.variable("PATH") ?? "/usr/bin:/bin"
        return ["PATH=\(path)", "LC_ALL=C"]
    }

    private func wait(for pid: Int32, reading pipes: [Pipe]) -> End {
        let deadline = ClockReading.bootNow() + patience
        var isOver = false
        while true {
            for pipe in pipes { pipe.drain() }
            var word: Int32 = 0
            if unsafe waitpid(pid, &word, WNOHANG) == pid {
                for pipe in pipes { pipe.drain() }
                if isOver { return .timedOut }
                return word & 0x7f == 0 ? .exited(word >> 8 & 0xff) : .signalled(word & 0x7f)
            }
            if !isOver, ClockReading.bootNow() >= deadline {
                isOver = true
                kill(-pid, SIGKILL)
            }
            usleep(1000)
        }
    }
}

/// What a child writes.
private final class Pipe {
    private let reader: Descriptor
    private(set) var writer: Int32
    private var octets: [UInt8] = []

    init() throws(SystemError) {
        var ends: [Int32] = [0, 0]
        try SystemCall.check("pipe2", on: "child program") { unsafe vip_pipe(&ends) }
        reader = Descriptor(owning: ends[0])
        writer = ends[1]
    }

    deinit { closeWriter() }

    var text: String { String(decoding: octets, as: UTF8.self) }

    func closeWriter() {
        guard writer >= 0 else { return }
        close(writer)
        writer = -1
    }

    /// Takes what is there. What is too much is read too, so that the child does not wait for us.
    func drain() {
        var chunk = [UInt8](repeating: 0, count: 4096)
        for _ in 0..<64 {
            let count = unsafe read(reader.number, &chunk, 4096)
            guard count > 0 else { return }
            octets += chunk.prefix(min(count, ChildProgram.mostOctets - octets.count))
        }
    }
}

/// Strings as the kernel wants them for a new program.
@safe
package final class CStrings {
    package let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    package init(_ strings: [String]) {
        count = strings.count
        unsafe pointers = .allocate(capacity: strings.count + 1)
        for (index, string) in strings.enumerated() {
            unsafe pointers[index] = unsafe strdup(string)
        }
        unsafe pointers[strings.count] = nil
    }

    deinit {
        for index in 0..<count { unsafe free(pointers[index]) }
        unsafe pointers.deallocate()
    }
}
