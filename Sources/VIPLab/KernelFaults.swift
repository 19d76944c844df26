import Glibc

/// What others do to the kernel of a host, by hand and behind the agent's back.
extension Lab {
    /// Runs iproute2's `tc` in a host, and throws if it complains.
    @discardableResult
    public func trafficControl(_ host: Host, _ arguments: String...) throws(LabError) -> String {
        var command = Command("tc", "-n", namespace(of: host).name)
        command.arguments += arguments
        return try command.runSuccessfully()
    }

    /// Somebody deletes the qdisc with all filters on it.
    @discardableResult
    public func deleteQdisc(_ host: Host, on network: Network = .first) throws(LabError) -> Moment {
        let moment = Moment.now
        try trafficControl(host, "qdisc", "del", "dev", network.interface, "clsact")
        return moment
    }

    /// Somebody deletes all filters of a direction, `ingress` or `egress`.
    @discardableResult
    public func deleteFilters(
        _ host: Host,
        _ direction: String,
        on network: Network = .first
    ) throws(LabError) -> Moment {
        let moment = Moment.now
        try trafficControl(host, "filter", "del", "dev", network.interface, direction)
        return moment
    }

    /// The filters of a direction, as `tc` prints them.
    public func filters(
        _ host: Host,
        _ direction: String,
        on network: Network = .first
    ) throws(LabError) -> String {
        try trafficControl(host, "filter", "show", "dev", network.interface, direction)
    }

    /// For how many seconds the kernel of a host still keeps an address, if nobody refreshes it;
    /// nil if it does not have it, and `Int.max` if it keeps it for ever.
    public func lifetime(of address: String, on host: Host) throws(LabError) -> Int? {
        let output = try Command(
            "ip",
            "-o",
            "-n",
            namespace(of: host).name,
            "address",
            "show",
            "to",
            address
        ).runSuccessfully()
        let words = output.split(whereSeparator: \.isWhitespace)
        guard let index = words.firstIndex(of: "valid_lft"), index + 1 < words.count else {
            return nil
        }
        return words[index + 1] == "forever" ? .max : Int(words[index + 1].prefix { $0 != "s" })
    }
}

/// Processes that do nothing but use the processor, at the ordinary priority.
public final class ProcessorLoad: Sendable {
    private let processes: [ChildProcess]

    /// As many as the machine has processors, unless told otherwise. They end with the lab.
    public init(in lab: Lab, processes count: Int? = nil) throws(LabError) {
        let null = try Guard.openNull()
        let number = count ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        var started: [ChildProcess] = []
        for _ in 0..<number {
            // In a host, so that the lab's guard ends it if the lab cannot.
            started.append(
                try ChildProcess.start(
                    ["/bin/sh", "-c", "while :; do :; done"],
                    in: lab.namespace(of: .client),
                    streams: .init(input: null.number, output: null.number, error: null.number)
                )
            )
        }
        processes = started
    }

    public func end() {
        for process in processes { process.killAndWait() }
    }

    deinit {
        end()
    }
}
