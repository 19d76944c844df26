import CLab
import Glibc

/// What others do to the interfaces and addresses of a host, by hand and behind the agent's back.
extension Lab {
    /// Runs iproute2's `ip` in a host, and throws if it complains.
    @discardableResult
    public func ip(_ host: Host, _ command: String) throws(LabError) -> Moment {
        let moment = Moment.now
        try namespace(of: host).ip(command)
        return moment
    }

    /// Somebody switches IPv6 off on a card of a host, or on again.
    @discardableResult
    public func setIPv6(
        _ host: Host,
        enabled: Bool,
        on network: Network = .first
    ) throws(LabError) -> Moment {
        let moment = Moment.now
        let setting = "net.ipv6.conf.\(network.interface).disable_ipv6=\(enabled ? 0 : 1)"
        try Command("sysctl -qw \(setting)", in: namespace(of: host)).runSuccessfully()
        return moment
    }

    /// A driver holds the kernel's network configuration: the thread of a host's agent that asks
    /// for addresses hangs while the body runs.
    public func holdAddressThread<Failure: Error>(
        of host: Host,
        _ body: () throws(Failure) -> Void
    ) throws {
        let folder = "/proc/\(try agent(of: host).identifier)/task"
        let thread = Files.names(in: folder).first {
            Files.read("\(folder)/\($0)/comm") == "addresses\n"
        }.flatMap { Int32($0) }
        guard let thread else {
            throw LabError("find the address thread of \(host)", found: "it has none of that name")
        }
        guard clab_hold_thread(thread) == 0 else {
            throw LabError.system("hold the address thread of \(host)")
        }
        defer { _ = clab_release_thread(thread) }
        try body()
    }

    /// Runs an agent that nobody tells its name, on a host that is called "localhost" and gets its
    /// own name a while later, as the child of a service manager that does not listen.
    ///
    /// - Returns: how it ended, when, and what it said.
    public func runBeforeItsName(
        _ host: Host,
        renamingAfter seconds: Int
    ) throws(LabError) -> (answer: ToolResult, duration: Duration) {
        let script = """
            hostname localhost
            NOTIFY_SOCKET=\(directory)/nobody "$@" &
            sleep \(seconds)
            hostname \(host)
            wait $!
            echo "ended with $?"
            """
        var arguments = try command(of: setup(of: host))
        if let option = arguments.firstIndex(of: "--host") {
            arguments.removeSubrange(option...option + 1)
        }
        let shell = ["unshare", "-u", "sh", "-c", script, "sh"]
        let begin = Moment.now
        let answer = try Command(shell + arguments, in: namespace(of: host)).run()
        return (answer, Moment.now - begin)
    }
}
