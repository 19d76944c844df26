import Glibc
import Synchronization

/// Where an agent runs and what it is told: more than a host's name only where a test wants to do
/// what an operator should not, such as to start two of them.
public struct AgentSetup: Sendable {
    public var host: Host
    /// What it is told that its name is.
    public var name: String
    public var configurationFile: String
    public var runDirectory: String
    public var stateDirectory: String
    public var logFile: String
    /// What the agent finds in its environment besides that of the lab.
    public var environment: [String: String] = [:]
    /// Capabilities that it is not to have, by their names without "cap_".
    public var withheldCapabilities: [String] = []
    /// The program, if it is not that of the lab's options.
    public var agent: String?
}

/// What became of an agent that was to run and has ended.
public struct AgentEnd: Sendable {
    public let status: ExitStatus
    /// What it logged, whole.
    public let log: String
}

extension Lab {
    var configurationFile: String { "\(directory)/vip-agent.toml" }
    public var keyFile: String { "\(directory)/cluster.key" }

    /// The ordinary setup of a host's agent.
    public func setup(of host: Host) -> AgentSetup {
        AgentSetup(
            host: host,
            name: host.rawValue,
            configurationFile: configurationFile,
            runDirectory: "\(directory)/\(host)/run",
            stateDirectory: "\(directory)/\(host)/state",
            logFile: "\(directory)/\(host)/agent.log"
        )
    }

    /// A configuration file with this content, in the lab's directory. Its path.
    @discardableResult
    public func write(
        _ configuration: AgentConfiguration,
        named name: String = "vip-agent"
    ) throws(LabError) -> String {
        try write(configuration.text(keyFile: keyFile), named: name)
    }

    /// The same of a text as it is, valid or not.
    @discardableResult
    public func write(_ text: String, named name: String = "vip-agent") throws(LabError) -> String {
        let path = "\(directory)/\(name).toml"
        try Files.replace(path, by: text)
        return path
    }

    func layOutFiles() throws(LabError) {
        // Base64 of 32 octets: 42 letters at will, one whose low bits are zero, and the padding.
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let key = String((0..<42).map { _ in letters[Int.random(in: 0..<64)] }) + "A="
        try Files.write(key + "\n", to: keyFile, mode: 0o600)
        try write(options.configuration)
        for host in Host.allCases {
            try Files.makeDirectory("\(directory)/\(host)")
        }
    }

    /// What starts the agent of a setup, the program's path first; or another of its commands.
    func command(of setup: AgentSetup, _ name: String = "run") throws(LabError) -> [String] {
        let binaries = try binaries()
        try Files.makeDirectory(setup.runDirectory)
        try Files.makeDirectory(setup.stateDirectory)
        var arguments: [String] = []
        if !setup.withheldCapabilities.isEmpty {
            let list = setup.withheldCapabilities.map { "-\($0)" }.joined(separator: ",")
            arguments += ["/usr/bin/setpriv", "--bounding-set", list, "--inh-caps", list]
        }
        arguments += [
            setup.agent ?? binaries.agent, name,
            "--config", setup.configurationFile,
            "--host", setup.name,
        ]
        if name != "check" { arguments += ["--run-dir", setup.runDirectory] }
        if name == "run" { arguments += ["--state-dir", setup.stateDirectory] }
        return arguments
    }

    /// `vip-agent check` or `clean`, as somebody would say it on that host: exit status, and what
    /// it said.
    public func runCommand(
        _ name: String,
        in setup: AgentSetup
    ) throws(LabError) -> ToolResult {
        try Command(command(of: setup, name), in: namespace(of: setup.host)).run()
    }

    func binaries() throws(LabError) -> Binaries {
        if let given = options.binaries { return given }
        return try Binaries.find()
    }

    /// `vip-agent init`, with these arguments.
    public func initialize(_ arguments: [String]) throws(LabError) -> ToolResult {
        try Command([binaries().agent, "init"] + arguments).run()
    }

    /// Starts an agent and does not wait for anything.
    public func launch(_ setup: AgentSetup) throws(LabError) -> ChildProcess {
        let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC
        let log = unsafe open(setup.logFile, flags, 0o644)
        guard log >= 0 else { throw .system("open the log \(setup.logFile)") }
        defer { Glibc.close(log) }
        let null = try Cleaner.openNull()
        var arguments = try command(of: setup)
        if !setup.environment.isEmpty {
            let variables = setup.environment.map { "\($0.key)=\($0.value)" }.sorted()
            arguments = ["/usr/bin/env"] + variables + arguments
        }

        let process = try ChildProcess.start(
            arguments,
            in: namespace(of: setup.host),
            streams: .init(input: null.number, output: log, error: log)
        )
        running.withLock { $0.others.append(process) }
        return process
    }

    /// Starts an agent under a supervisor, which starts it again whenever it has died, until the
    /// lab is closed. Returns when the program runs.
    @discardableResult
    public func supervise(
        _ setup: AgentSetup,
        keepsDescriptors: Bool = true
    ) throws(LabError) -> Supervisor {
        let supervisor = try Supervisor(
            in: namespace(of: setup.host),
            setup,
            arguments: command(of: setup),
            socketPath: "\(directory)/\(setup.host)/notify",
            keepsDescriptors: keepsDescriptors
        )
        running.withLock { $0.supervisors[setup.host] = supervisor }
        while supervisor.process == nil {
            if let failure = supervisor.failure { throw failure }
            sleep(for: .microseconds(200))
        }
        return supervisor
    }

    /// Starts an agent that is expected to refuse, and waits for its end.
    public func launchAndWait(
        _ setup: AgentSetup,
        for limit: Duration = .seconds(5)
    ) throws(LabError) -> AgentEnd {
        let process = try launch(setup)
        guard let status = process.wait(until: Moment.now + limit) else {
            process.killAndWait()
            throw LabError(
                "see the agent '\(setup.name)' on \(setup.host) end",
                found: "it still ran after \(limit.human)",
                advice: "its log: \(Files.read(setup.logFile) ?? "none")"
            )
        }
        return AgentEnd(status: status, log: Files.read(setup.logFile) ?? "")
    }

    /// Starts the agents of these hosts with their ordinary setups.
    public func start(_ hosts: Host...) throws(LabError) {
        for host in hosts { try start(setup(of: host)) }
    }

    /// Starts the agent of a host with a setup of its own, such as one with another file.
    public func start(_ setup: AgentSetup) throws(LabError) {
        let process = try launch(setup)
        running.withLock { running in
            running.others.removeAll { $0 === process }
            running.agents[setup.host] = process
        }
    }

    /// The host's agent, as long as it runs.
    public func agent(of host: Host) throws(LabError) -> ChildProcess {
        let found = running.withLock { running in
            running.supervisors[host].map(\.process) ?? running.agents[host]
        }
        guard let process = found else {
            throw LabError("find the agent of \(host)", found: "none runs now")
        }
        if let status = process.status {
            throw LabError(
                "find the agent of \(host)",
                found: "it has ended: \(status)",
                advice: "the end of its log: \(log(of: host).suffix(2000))"
            )
        }
        return process
    }

    /// Of a host whose agent was started by `supervise`.
    public func supervisor(of host: Host) throws(LabError) -> Supervisor {
        guard let supervisor = running.withLock({ $0.supervisors[host] }) else {
            throw LabError("find the supervisor of \(host)", found: "it has none")
        }
        return supervisor
    }

    /// Whether an agent that dies there is started again.
    func isSupervised(_ host: Host) -> Bool {
        running.withLock { $0.supervisors[host] != nil }
    }

    /// What the host's agents have logged so far.
    public func log(of host: Host) -> String {
        Files.read(setup(of: host).logFile) ?? ""
    }

    /// Ends the agent as an operator does, and returns when it has ended.
    @discardableResult
    public func stop(_ host: Host) throws(LabError) -> Moment {
        let process = try agent(of: host)
        let moment = Moment.now
        process.send(signal: SIGTERM)
        guard process.wait(until: moment + .seconds(5)) != nil else {
            throw LabError("stop the agent of \(host)", found: "it runs 5 s after SIGTERM")
        }
        return moment
    }

    /// SIGKILL, and returns when it has ended.
    @discardableResult
    public func kill(_ host: Host) throws(LabError) -> Moment {
        let process = try agent(of: host)
        let moment = Moment.now
        process.killAndWait()
        return moment
    }

    /// SIGKILL, and its successor is started as soon as it is gone.
    @discardableResult
    public func killAndRestart(_ host: Host) throws(LabError) -> Moment {
        let moment = try kill(host)
        try start(host)
        return moment
    }

    /// The agent hangs: SIGSTOP.
    @discardableResult
    public func pause(_ host: Host) throws(LabError) -> Moment {
        try send(SIGSTOP, to: host)
    }

    @discardableResult
    public func resume(_ host: Host) throws(LabError) -> Moment {
        try send(SIGCONT, to: host)
    }

    /// The agent is asked to take over a new binary, which it does by running it in its own place.
    @discardableResult
    public func upgrade(_ host: Host) throws(LabError) -> Moment {
        try send(SIGUSR2, to: host)
    }

    /// When it was sent.
    private func send(_ signal: Int32, to host: Host) throws(LabError) -> Moment {
        let moment = Moment.now
        try agent(of: host).send(signal: signal)
        return moment
    }

    /// The agent is asked to read its configuration again.
    @discardableResult
    public func reload(_ host: Host) throws(LabError) -> Moment {
        try send(SIGHUP, to: host)
    }

    /// The host loses its power: silence first, and then its processes end.
    @discardableResult
    public func crash(_ host: Host) throws(LabError) -> Moment {
        let moment = try cut(host)
        if let process = try? agent(of: host) { process.killAndWait() }
        return moment
    }

    /// A host that has crashed comes back: what was in its memory is gone, which includes the run
    /// directory, the floating addresses and the filters on its cards. Its disk is as it was.
    public func powerOn(_ host: Host) throws(LabError) {
        try Command("rm", "-rf", setup(of: host).runDirectory).runSuccessfully()
        try clearCards(of: host)
        try plug(host)
        try start(host)
    }

    /// Takes away what the kernel keeps of a network namespace, and a host without power has lost:
    /// floating addresses and filters. Most of them are not there, so the outcome says nothing.
    func clearCards(of host: Host) throws(LabError) {
        let namespace = namespace(of: host).name
        for network in options.networks where network.hosts.contains(host) {
            let addresses = options.floatingAddresses.map { address in
                "address del \(address)/\(address.contains(":") ? 128 : 32) dev \(network.interface)\n"
            }
            let input = addresses.joined()
            _ = try Command("ip -n \(namespace) -force -batch -", input: input).run()
            _ = try Command("tc -n \(namespace) qdisc del dev \(network.interface) clsact").run()
        }
    }

    /// What the kernel of a host has on its interfaces.
    public func addresses(on host: Host) throws(LabError) -> [String] {
        try namespace(of: host).run { () throws(LabError) in try AssignedAddress.all() }
            .map(\.text)
    }

    /// The nodes whose kernel has the address now.
    public func holders(of address: String) throws(LabError) -> [Host] {
        var holders: [Host] = []
        for host in Host.nodes where try addresses(on: host).contains(address) {
            holders.append(host)
        }
        return holders
    }
}
