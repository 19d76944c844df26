/// A lab with clients in it: do something to it, and see what the clients saw.
public final class Experiment: Sendable {
    public let lab: Lab
    private let clients: [Client]
    private let web: HTTPProbe?

    /// What asks for one address.
    private struct Client: Sendable {
        let address: String
        let udp: UDPProbe
        let watch: OwnerWatch
    }

    /// One address from the clients' view.
    public struct View: Sendable {
        public let address: String
        /// By the client with 1,000 questions a second.
        public let udp: ProbeReport
        public let watch: OwnerWatch.Report

        /// The host that answered last; nil if nobody did.
        public var owner: Host? { udp.longestGap.isOver ? udp.owners.last : nil }

        /// How often the address moved. The owner of before counts, even if it answered no more.
        public func changes(since owner: Host) -> Int {
            udp.changesOfOwner + (udp.owners.first.map { $0 == owner } ?? true ? 0 : 1)
        }

        public var answersFromTwoAtOnce: Int {
            udp.answersFromTwoAtOnce.count + watch.answersFromTwoAtOnce
        }

        /// Answers of any kind that a host gave to what was asked from a moment on.
        public func answers(by host: Host, since begin: Moment) -> Int {
            udp.answers(by: host, since: begin) + watch.answers(by: host, since: begin)
        }
    }

    /// What came of a fault, from the clients' view.
    public struct Outcome: Sendable {
        /// Of each address that is watched, in the order in which they were named.
        public let views: [View]
        /// By the client of the web server.
        public let http: ProbeReport?

        /// Of the first address.
        public var udp: ProbeReport { views[0].udp }
        public var watch: OwnerWatch.Report { views[0].watch }

        /// The host that answered last for all addresses; nil if nobody did, or not one for all.
        public var owner: Host? {
            views.allSatisfy { $0.owner == views[0].owner } ? views[0].owner : nil
        }

        /// The longest of any address.
        public var outage: Duration { views.map(\.udp.outage).max() ?? .zero }

        /// Of all addresses together.
        public var lost: Int { views.reduce(0) { $0 + $1.udp.lost } }

        /// The most of any address.
        public func changes(since owner: Host) -> Int {
            views.map { $0.changes(since: owner) }.max() ?? 0
        }

        /// Answers by anybody, to anybody, that prove two owners at one instant.
        public var answersFromTwoAtOnce: Int {
            views.reduce(0) { $0 + $1.answersFromTwoAtOnce }
                + (http?.answersFromTwoAtOnce.count ?? 0)
        }

        /// Answers of any kind, for any address, to what was asked from a moment on.
        public func answers(by host: Host, since begin: Moment) -> Int {
            views.reduce(0) { $0 + $1.answers(by: host, since: begin) }
        }
    }

    /// Starts the agents and, when the address is served, the clients.
    public convenience init(
        _ options: LabOptions = LabOptions(),
        address: String = "10.77.0.100",
        withWebServers: Bool = false
    ) throws(LabError) {
        try self.init(options, addresses: [address], withWebServers: withWebServers) {
            (lab) throws(LabError) in
            try lab.startPair()
        }
    }

    /// The same for several addresses at once.
    ///
    /// - Parameter start: Starts the agents, and returns when the addresses are served.
    public init(
        _ options: LabOptions = LabOptions(),
        addresses: [String],
        withWebServers: Bool = false,
        start: (Lab) throws(LabError) -> Void = { (lab) throws(LabError) in try lab.startPair() }
    ) throws(LabError) {
        let lab = try Lab(options)
        self.lab = lab
        if withWebServers {
            for host in Host.nodes { _ = try WebServer(in: lab, on: host) }
        }
        try start(lab)
        var clients: [Client] = []
        for (number, address) in addresses.enumerated() {
            let port = UInt16(7001 + 10 * number)
            clients.append(
                Client(
                    address: address,
                    udp: try UDPProbe(in: lab, address: address, port: port),
                    watch: try OwnerWatch(in: lab, address: address, port: port + 1)
                )
            )
        }
        self.clients = clients
        web = withWebServers ? try HTTPProbe(in: lab, address: addresses[0]) : nil
        for client in clients where !client.udp.waitForService(by: .now + .seconds(2)) {
            let holders = try lab.holders(of: client.address)
            throw LabError(
                "reach \(client.address) before anything was done",
                found: "no answer to clients, though \(holders) have it"
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

    /// What the clients have seen since then, until another moment or now.
    public func outcome(since begin: Moment, until end: Moment = .now) -> Outcome {
        Outcome(
            views: clients.map { client in
                View(
                    address: client.address,
                    udp: client.udp.report(since: begin, until: end),
                    watch: client.watch.report(since: begin, until: end)
                )
            },
            http: web?.report(since: begin, until: end)
        )
    }

    /// Waits until all addresses are served without interruption for a while. Whether they are.
    public func waitForService(by deadline: Moment) -> Bool {
        clients.allSatisfy { $0.udp.waitForService(by: deadline) }
    }

    public func close() {
        for client in clients {
            client.udp.end()
            client.watch.end()
        }
        web?.end()
        lab.close()
    }

    deinit {
        close()
    }
}
