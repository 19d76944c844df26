import Glibc

/// What others do to the addresses of a host by the thousand.
extension Lab {
    /// Somebody takes an address off a host and puts it there again, once a millisecond, so many
    /// times; on a slow machine that takes longer, and is no less. It is there afterwards.
    ///
    /// - Returns: when it began.
    public func flap(
        _ address: String = "10.77.0.100",
        on host: Host,
        times: Int
    ) throws(LabError) -> Moment {
        let pipe = try Pipe()
        let null = try Cleaner.openNull()
        // What the agent was quicker to put back makes some of it fail.
        let tool = try ChildProcess.start(
            ["ip", "-force", "-batch", "-"],
            in: namespace(of: host),
            streams: .init(input: pipe.reading, output: null.number, error: null.number)
        )
        let target = "\(address)/32 dev \(Network.first.interface)"
        let octets = Array("address del \(target)\naddress add \(target)\n".utf8)
        let begin = Moment.now
        for time in 1...times {
            guard unsafe Glibc.write(pipe.writing, octets, octets.count) == octets.count else {
                throw .system("tell ip what to do")
            }
            (begin + .milliseconds(time)).sleepUntil()
        }
        pipe.closeWriting()
        guard tool.wait(until: .now + .seconds(60)) != nil else {
            tool.killAndWait()
            throw LabError("put and take \(address) on \(host)", found: "ip has not ended")
        }
        return begin
    }

    /// Somebody puts 65,535 addresses of his own on a host. The kernel looks through all IPv4
    /// addresses of an interface for each one that comes: the first has as many as it takes within
    /// a second, and the rest is spread over bridges.
    public func crowd(_ host: Host) throws(LabError) {
        let bridges = (0..<60).map { "crowd\($0)" }
        let interfaces =
            Array(repeating: Network.first.interface, count: 4095)
            + (0..<1024).flatMap { _ in bridges }
        let addresses = interfaces.enumerated().map { (number, interface) in
            let (high, low) = (number / 62_500, number % 62_500)
            return "address add 10.\(99 + high).\(low / 250).\(low % 250 + 1)/32 dev \(interface)"
        }
        let lines = bridges.map { "link add \($0) type bridge" } + addresses
        let path = "\(directory)/crowd"
        try Files.replace(path, by: lines.joined(separator: "\n") + "\n")
        var command = Command(["ip", "-batch", path], in: namespace(of: host))
        command.limit = .seconds(90)
        try command.runSuccessfully()
    }
}
