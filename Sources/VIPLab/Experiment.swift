/// A lab with clients in it: do something to it, and see what the clients saw.
public final class Experiment: Sendable {
    public let lab: Lab
    private let udp: UDPProbe
    private let watch: OwnerWatch
    private let web: HTTPProbe?

    /// What came of a fault, from the clients' view.
    public struct Outcome: Sendable {
        /// The host that answered last; nil if nobody did.
        public let owner: Host?
        /// By the client with 1,000 questions a second.
        public let udp: ProbeReport
        public let watch: OwnerWatch.Report
        /// By the client of the web server.
        public let http: ProbeReport?

        public var outage: Duration { udp.outage }
        public var lost: Int { udp.lost }

        /// How often the address moved. The owner of before counts, even if it answered no more.
        public func changes(since owner: Host) -> Int {
            udp.changesOfOwner + (udp.owners.first.map { $0 == owner } ?? true ? 0 : 1)
        }

        /// Answers by anybody, to anybody, that prove two owners at one instant.
        public var answersFromTwoAtOnce: Int {
            udp.answersFromTwoAtOnce.count + watch.answersFromTwoAtOnce
                + (http?.answersFromTwoAtOnce.count ?? 0)
        }
    }

    /// Starts the agents and, when the address is served, the clients.
    public init(
        _ options: LabOptions = LabOptions(),
        address: String = "10.77.0.100",
        withWebServers: Bool = false
    ) throws(LabError) {
        lab = try Lab(options)
        if withWebServers {
            for host in Host.nodes { _ = try WebServer(in: lab, on: host) }
        }
        try lab.startPair()
        udp = try UDPProbe(in: lab, address: address)
        watch = try OwnerWatch(in: lab, address: address)
        web = withWebServers ? try HTTPProbe(in: lab, address: address) : nil
        guard udp.waitForService(by: .now + .seconds(2)) else {
            throw LabError(
                "reach \(address) before anything was done",
                found: "no answer to clients, though \(try lab.holders(of: address)) have it"
            )
        }
    }

    /// Does something, and looks on for a while. The clients' view begins when it was done.
    public func observe(
        for duration: Duration,
        _ fault: (Lab) throws(LabError) -> Moment
    ) throws(LabError) -> Outcome {
        let begin = try fault(lab)
        (begin + duration).sleepUntil()
        return outcome(since: begin)
    }

    /// What the clients have seen since then.
    public func outcome(since begin: Moment) -> Outcome {
        let end = Moment.now
        let udp = udp.report(since: begin, until: end)
        return Outcome(
            owner: udp.longestGap.isOver ? udp.owners.last : nil,
            udp: udp,
            watch: watch.report(since: begin, until: end),
            http: web?.report(since: begin, until: end)
        )
    }

    public func close() {
        udp.end()
        watch.end()
        web?.end()
        lab.close()
    }

    deinit {
        close()
    }
}
