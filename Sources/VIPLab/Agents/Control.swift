import VIPControl

/// `vipctl` for the lab's agents.
extension Lab {
    public var webGroup: String { options.configuration.groups[0].name }

    func socketPath(of host: Host) -> String {
        "\(setup(of: host).runDirectory)/control.sock"
    }

    /// Runs `vipctl` for a host's agent: exit status, and what it said.
    @discardableResult
    public func control(
        _ host: Host,
        _ arguments: String...
    ) throws(LabError) -> ToolResult {
        try control(socketPath(of: host), arguments)
    }

    /// The same of the agent that listens at a socket.
    func control(_ socket: String, _ arguments: [String]) throws(LabError) -> ToolResult {
        try Command([binaries().control] + arguments + ["--socket", socket]).run()
    }

    /// Runs `vipctl` for a host's agent, and throws if that is refused.
    public func order(_ host: Host, _ arguments: String...) throws(LabError) {
        let answer = try control(socketPath(of: host), arguments)
        guard answer.isSuccess else {
            throw LabError(
                "tell the agent of \(host) '\(arguments.joined(separator: " "))'",
                found: "vipctl \(answer.status): \(answer.words)"
            )
        }
    }

    /// What the agent says about itself. Throws when it cannot be asked.
    public func status(of host: Host) throws(LabError) -> StatusReport {
        try StatusReport(control(host, "status", "--json"), of: "\(host)")
    }

    public func history(of host: Host) throws(LabError) -> [HistoryEntry] {
        try HistoryEntry.list(control(host, "history", "--json"), of: "\(host)")
    }

    /// Asks for a switchover, and throws if it is refused.
    @discardableResult
    public func switchover(from host: Host) throws(LabError) -> Moment {
        let moment = Moment.now
        try order(host, "switchover", webGroup)
        return moment
    }

    /// Asks until the answer is as wished for, every 10 ms. An agent that does not answer yet is
    /// asked again; one that has ended is an error at once. The status that was wished for.
    @discardableResult
    public func waitForStatus(
        of host: Host,
        within limit: Duration = .seconds(10),
        _ what: String,
        _ isAsWished: (StatusReport) -> Bool
    ) throws(LabError) -> StatusReport {
        try StatusReport.wait(
            "see that \(host) says '\(what)'",
            within: limit,
            isAsWished,
            asking: { () throws(LabError) in try status(of: host) },
            isAlive: { () throws(LabError) in
                // One that has ended will not answer any more, unless it is replaced.
                if !isSupervised(host) { _ = try agent(of: host) }
            },
            advice: { "\(threads(of: host)); the end of its log: \(log(of: host).suffix(2000))" }
        )
    }

    /// Where the threads of a host's agent are in the kernel, for one that does not answer.
    private func threads(of host: Host) -> String {
        guard let process = try? agent(of: host) else { return "its agent does not run" }
        let folder = "/proc/\(process.identifier)/task"
        let threads = Files.names(in: folder).map { thread in
            let state =
                (Files.read("\(folder)/\(thread)/status") ?? "").split(separator: "\n")
                .first { $0.hasPrefix("State:") } ?? "State: unknown"
            let call = Files.read("\(folder)/\(thread)/syscall") ?? ""
            let stack = Files.read("\(folder)/\(thread)/stack") ?? ""
            return "\(state.dropFirst(7)), system call \(call)\(stack)"
        }
        return "its threads: \(threads.joined(separator: "; "))"
    }

    /// Waits until this host says that it owns the group, and all its addresses are on it.
    public func waitForOwner(_ host: Host, within limit: Duration = .seconds(10)) throws(LabError) {
        let name = webGroup
        try waitForStatus(of: host, within: limit, "I own \(name)") { status in
            status.group(name)?.state == .owner
        }
        try waitForAddresses(options.configuration.groups[0].addresses, on: host)
    }

    /// Waits until this node stands by, healthy, and knows of the owner.
    public func waitForStandby(
        _ host: Host,
        within limit: Duration = .seconds(10)
    ) throws(LabError) {
        let name = webGroup
        try waitForStatus(of: host, within: limit, "I stand by for \(name)") { status in
            guard let group = status.group(name) else { return false }
            return group.state == .standby && group.owner != nil && status.isHealthy
        }
    }

    /// Starts all voters; returns when the owner and the standby are as they are to be.
    ///
    /// - Parameter supervised: Those whose agents are started again when they die.
    public func startPair(
        owner: Host = .lb1,
        supervising supervised: [Host] = []
    ) throws(LabError) {
        func begin(_ host: Host) throws(LabError) {
            if supervised.contains(host) {
                try supervise(setup(of: host))
            } else {
                try start(host)
            }
        }
        try begin(owner)
        try begin(.w1)
        try waitForOwner(owner)
        try begin(owner.peer)
        try waitForStandby(owner.peer)
    }
}
