import CLab
import Glibc
import Synchronization

/// A service manager for one host's agent: starts it again as soon as it has died, and keeps the
/// descriptors that it stores (`FDSTORE=1` of sd_notify(3)) for its successor. One that has ended
/// with status 0 is not started again, as with `Restart=on-failure` of systemd.
///
/// What a restart costs is then the agent's own doing: from the death to the successor's first
/// instruction pass a few hundred microseconds.
public final class Supervisor: Sendable {
    /// A death, and what came of it.
    public struct Restart: Hashable, Sendable {
        /// When it was seen that the process had ended.
        public let ended: Moment
        /// When the successor's program ran.
        public let started: Moment
        public let status: ExitStatus
    }

    private struct State: Sendable {
        var process: ChildProcess?
        /// Of the latest that has died and was not replaced yet.
        var death: (moment: Moment, status: ExitStatus)?
        var restarts: [Restart] = []
        /// When each process said that it was ready.
        var ready: [Moment] = []
        /// In the order in which they came.
        var stored: [Stored] = []
        var failure: LabError?
    }

    private struct Stored: Sendable {
        let name: String
        let descriptor: Descriptor
    }

    private let setup: AgentSetup
    private let arguments: [String]
    private let socketPath: String
    private let keepsDescriptors: Bool
    private let notifications: Descriptor
    private let state = Mutex(State())
    private let stop = StopFlag()
    /// Whether a process that has ended is started again.
    private let restarting = Atomic(true)
    private let thread = Mutex<WorkerThread?>(nil)

    /// See `Lab.supervise`, which also ends it.
    init(
        in namespace: NetworkNamespace,
        _ setup: AgentSetup,
        arguments: [String],
        socketPath: String,
        keepsDescriptors: Bool
    ) throws(LabError) {
        unsafe unlink(socketPath)
        let socket = unsafe clab_notification_socket(socketPath)
        guard socket >= 0 else { throw .system("listen to notifications at \(socketPath)") }
        notifications = Descriptor(socket)
        self.setup = setup
        self.arguments = arguments
        self.socketPath = socketPath
        self.keepsDescriptors = keepsDescriptors
        let worker = try WorkerThread { [self] in
            do throws(LabError) {
                try namespace.enter()
            } catch {
                state.withLock { $0.failure = error }
                return
            }
            while !stop.isRaised { turn() }
        }
        thread.withLock { $0 = worker }
    }

    /// Starts what is to be started, waits for what comes next, and deals with it.
    private func turn() {
        guard let process else {
            if restarting.load(ordering: .acquiring) { replace() }
            takeNotifications()
            if self.process == nil { sleep(for: .milliseconds(1)) }
            return
        }
        let end = clab_process_descriptor(process.identifier)
        defer { if end >= 0 { close(end) } }
        while !stop.isRaised {
            var waiting = [
                pollfd(fd: end, events: Int16(POLLIN), revents: 0),
                pollfd(fd: notifications.number, events: Int16(POLLIN), revents: 0),
            ]
            // One that somebody else has waited for has no descriptor any more.
            guard unsafe end < 0 || poll(&waiting, 2, 20) > 0 else { continue }
            if end < 0 || waiting[0].revents != 0 {
                let moment = Moment.now
                guard let status = process.wait(until: moment + .seconds(1)) else { continue }
                if status == .exited(0) { restarting.store(false, ordering: .releasing) }
                state.withLock { state in
                    state.process = nil
                    state.death = (moment, status)
                }
                // What it stored just before its death counts.
                takeNotifications()
                return
            }
            if waiting[1].revents != 0 { takeNotifications() }
        }
    }

    private func replace() {
        do throws(LabError) {
            let process = try start()
            let moment = Moment.now
            state.withLock { state in
                state.process = process
                guard let death = state.death else { return }
                state.death = nil
                state.restarts.append(
                    Restart(ended: death.moment, started: moment, status: death.status)
                )
            }
        } catch {
            restarting.store(false, ordering: .releasing)
            state.withLock { $0.failure = error }
        }
    }

    private func start() throws(LabError) -> ChildProcess {
        let stored = state.withLock { $0.stored }
        let log = unsafe open(setup.logFile, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard log >= 0 else { throw .system("open the log \(setup.logFile)") }
        defer { close(log) }

        var environment = Self.inheritedEnvironment
        environment += setup.environment.map { "\($0.key)=\($0.value)" }.sorted()
        environment.append("NOTIFY_SOCKET=\(socketPath)")
        if !stored.isEmpty {
            environment.append("LISTEN_FDS=\(stored.count)")
            environment.append("LISTEN_FDNAMES=\(stored.map(\.name).joined(separator: ":"))")
            environment.append("LISTEN_PID=0000000000")
        }
        var variables = unsafe environment.map { unsafe strdup($0) }
        defer { for index in unsafe variables.indices { unsafe free(variables[index]) } }
        unsafe variables.append(nil)
        var vector = unsafe arguments.map { unsafe strdup($0) }
        defer { for index in unsafe vector.indices { unsafe free(vector[index]) } }
        unsafe vector.append(nil)
        let descriptors = stored.map(\.descriptor.number)
        let number = unsafe clab_start_service(
            vector,
            variables,
            log,
            descriptors,
            Int32(descriptors.count)
        )
        guard number > 0 else { throw .system("start \(arguments.joined(separator: " "))") }
        return ChildProcess(adopting: number, name: arguments[0])
    }

    /// Ours, without what another service manager has told this process.
    private static var inheritedEnvironment: [String] {
        ["PATH", "HOME", "LANG"].compactMap { name in
            guard let value = unsafe getenv(name) else { return nil }
            return unsafe "\(name)=\(String(cString: value))"
        }
    }

    // MARK: Notifications

    private func takeNotifications() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        var numbers = [Int32](repeating: -1, count: 64)
        while true {
            var count: Int32 = 0
            let length = unsafe clab_receive_notification(
                notifications.number,
                &buffer,
                UInt(buffer.count),
                &numbers,
                Int32(numbers.count),
                &count
            )
            guard length >= 0 else { return }
            let text = String(decoding: buffer[0..<length], as: UTF8.self)
            handle(text, numbers[0..<Int(count)].map { Descriptor($0) })
        }
    }

    private func handle(_ text: String, _ descriptors: [Descriptor]) {
        var fields: [Substring: Substring] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { fields[parts[0]] = parts[1] }
        }
        let name = fields["FDNAME"].map(String.init) ?? "stored"
        let moment = Moment.now
        state.withLock { state in
            if fields["READY"] == "1" { state.ready.append(moment) }
            if fields["FDSTOREREMOVE"] == "1" { state.stored.removeAll { $0.name == name } }
            if keepsDescriptors, fields["FDSTORE"] == "1" {
                state.stored += descriptors.map { Stored(name: name, descriptor: $0) }
            }
        }
    }

    // MARK: What is known of it

    /// The agent, as long as it runs.
    public var process: ChildProcess? { state.withLock { $0.process } }

    public var restarts: [Restart] { state.withLock { $0.restarts } }

    /// How many of its processes have said that they were ready.
    public var timesReady: Int { state.withLock { $0.ready.count } }

    /// The names under which it keeps descriptors, in the order in which they came.
    public var storedNames: [String] { state.withLock { $0.stored.map(\.name) } }

    /// SIGKILL, and waits for the end, which is milliseconds away. Whether there was an agent, and
    /// it died of a SIGKILL: not one that had ended otherwise by then.
    @discardableResult
    public func kill() -> Bool {
        process?.killAndWait() == .signalled(SIGKILL)
    }

    /// Waits until so many processes have died and were replaced. Whether they were.
    public func waitForRestarts(_ count: Int, until deadline: Moment) -> Bool {
        while restarts.count < count {
            guard Moment.now < deadline else { return false }
            sleep(for: .microseconds(200))
        }
        return true
    }

    /// From the next death on the agent is not started again; or it is, at once if none runs.
    public func restart(_ isOn: Bool) { restarting.store(isOn, ordering: .releasing) }

    /// What kept it from starting the agent again.
    public var failure: LabError? { state.withLock { $0.failure } }

    /// No more restarts; the agent is killed.
    public func end() {
        restarting.store(false, ordering: .releasing)
        stop.raise()
        let worker = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        worker?.join()
        process?.killAndWait()
    }
}
