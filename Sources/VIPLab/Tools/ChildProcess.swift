import CLab
import Glibc
import Synchronization

/// How a process ended.
public enum ExitStatus: Hashable, Sendable {
    case exited(Int32)
    case signalled(Int32)

    /// From the status word of `waitpid`, which C takes apart with macros.
    init(word: Int32) {
        let signal = word & 0x7f
        self = signal == 0 ? .exited(word >> 8 & 0xff) : .signalled(signal)
    }
}

/// A process that the lab has started, in a process group of its own: what is typed at the terminal
/// interrupts the lab and not its hosts. The cleaner sees to it that no process outlives the lab.
public final class ChildProcess: Sendable {
    public let identifier: pid_t
    /// The name of the program, for messages.
    public let name: String

    private let exit = Mutex<ExitStatus?>(nil)

    /// Where its descriptors 0, 1 and 2 lead.
    struct Streams: Sendable {
        var input: Int32
        var output: Int32
        var error: Int32
    }

    /// Starts a program by its path or, without a slash, by `PATH`.
    static func start(
        _ arguments: [String],
        in namespace: NetworkNamespace?,
        streams: Streams
    ) throws(LabError) -> ChildProcess {
        guard let namespace else { return try ChildProcess(arguments, streams: streams) }
        return try namespace.run { () throws(LabError) in
            try ChildProcess(arguments, streams: streams)
        }
    }

    /// A child of this process that was started by other means.
    init(adopting identifier: pid_t, name: String) {
        self.identifier = identifier
        self.name = name
    }

    private init(_ arguments: [String], streams: Streams) throws(LabError) {
        precondition(!arguments.isEmpty, "a process has a program")
        name = arguments[0]

        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        // The three may overlap with 0...2 only if the lab itself was started without them.
        unsafe posix_spawn_file_actions_adddup2(&actions, streams.input, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, streams.output, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, streams.error, 2)
        unsafe clab_close_from(&actions, 3)

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

        var vector = unsafe arguments.map { unsafe strdup($0) }
        defer { for index in unsafe vector.indices { unsafe free(vector[index]) } }
        unsafe vector.append(nil)

        var pid = pid_t()
        let failure = unsafe posix_spawnp(
            &pid,
            arguments[0],
            &actions,
            &attributes,
            vector,
            environ
        )
        guard failure == 0 else {
            throw .system("start \(arguments.joined(separator: " "))", errno: failure)
        }
        identifier = pid
    }

    /// Nothing happens when it has ended: its number may be another process's by now.
    public func send(signal: Int32) {
        exit.withLock { status in
            guard status == nil else { return }
            kill(identifier, signal)
        }
    }

    /// How it ended, or nil while it runs.
    public var status: ExitStatus? {
        exit.withLock { status in
            if status != nil { return status }
            var word: Int32 = 0
            let answer = retrying { unsafe waitpid(identifier, &word, WNOHANG) }
            if answer == identifier { status = ExitStatus(word: word) }
            return status
        }
    }

    public var isRunning: Bool { status == nil }

    /// Waits for its end, and gives up at the deadline with nil.
    public func wait(until deadline: Moment) -> ExitStatus? {
        while true {
            if let status { return status }
            guard Moment.now < deadline else { return nil }
            sleep(for: .milliseconds(1))
        }
    }

    /// Ends it at once. A process that was killed is gone within milliseconds; if it is not, it
    /// hangs in the kernel, and nothing that the lab does helps.
    @discardableResult
    public func killAndWait() -> ExitStatus? {
        send(signal: SIGKILL)
        return wait(until: Moment.now + .seconds(10))
    }
}
