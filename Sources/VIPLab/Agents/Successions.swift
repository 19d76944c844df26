import VIPControl

/// Reloads and upgrades of the lab's agents, as operators and packages do them.
extension Lab {
    /// `vipctl reload`: exit status, and what it said.
    public func askForReload(_ host: Host) throws(LabError) -> ToolResult {
        try control(host, "reload")
    }

    /// How often the agent has become another program.
    public func reexecutions(of host: Host) throws(LabError) -> Int {
        Int(try status(of: host).counters[.reexecutions])
    }

    public func waitForReexecutions(
        _ count: Int,
        of host: Host,
        within limit: Duration = .seconds(10)
    ) throws(LabError) {
        try waitForStatus(of: host, within: limit, "I am program \(count + 1)") { status in
            status.counters[.reexecutions] >= UInt64(count)
        }
    }

    /// Has the agent become another program, by SIGUSR2, and returns once it has.
    public func upgradeAndWait(
        _ host: Host,
        within limit: Duration = .seconds(10)
    ) throws(LabError) {
        let count = try reexecutions(of: host) + 1
        try upgrade(host)
        try waitForReexecutions(count, of: host, within: limit)
    }

    /// `vip-agent accept-voters`, by an operator who has seen to what has to be true.
    public func acceptVoters(_ host: Host) throws(LabError) {
        try Command([binaries().agent, "accept-voters", "--yes", "--socket", socketPath(of: host)])
            .runSuccessfully()
    }

    /// The longest lease that the host's state directory has on record.
    public func recordedLease(of host: Host) throws(LabError) -> Duration {
        let path = "\(setup(of: host).stateDirectory)/lease"
        let lines = (Files.read(path) ?? "").split(separator: "\n")
        guard let line = lines.last, let nanoseconds = Int64(line) else {
            throw LabError("read \(path)", found: "\(lines)")
        }
        return .nanoseconds(nanoseconds)
    }

    /// Waits up to two seconds for addresses to come, or to go.
    public func waitForAddresses(
        _ expected: [String],
        on host: Host,
        areThere: Bool = true
    ) throws(LabError) {
        let deadline = Moment.now + .seconds(2)
        while true {
            let found = Set(try addresses(on: host))
            let wrong = expected.filter { found.contains($0) != areThere }
            if wrong.isEmpty { return }
            guard Moment.now < deadline else {
                throw LabError(
                    "see \(wrong[0]) \(areThere ? "come to" : "go from") \(host)",
                    found: "\(wrong.count) of \(expected.count) addresses did not, "
                        + "its kernel has \(found.count)"
                )
            }
            sleep(for: .milliseconds(5))
        }
    }
}
