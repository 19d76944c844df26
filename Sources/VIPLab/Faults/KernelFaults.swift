/// What others do to the kernel of a host, by hand and behind the agent's back.
extension Lab {
    /// Runs iproute2's `tc` in a host, and throws if it complains.
    @discardableResult
    public func tc(_ host: Host, _ command: String) throws(LabError) -> String {
        try namespace(of: host).tc(command)
    }

    /// Somebody deletes the qdisc with all filters on it.
    @discardableResult
    public func deleteQdisc(_ host: Host, on network: Network = .first) throws(LabError) -> Moment {
        let moment = Moment.now
        try tc(host, "qdisc del dev \(network.interface) clsact")
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
        try tc(host, "filter del dev \(network.interface) \(direction)")
        return moment
    }

    /// The filters of a direction, as `tc` prints them.
    public func filters(
        _ host: Host,
        _ direction: String,
        on network: Network = .first
    ) throws(LabError) -> String {
        try tc(host, "filter show dev \(network.interface) \(direction)")
    }

    /// Somebody else's filter, which takes no frame: a classic BPF program of one instruction that
    /// matches nothing.
    public func addForeignFilter(
        _ host: Host,
        _ direction: String,
        priority: Int,
        on network: Network = .first
    ) throws(LabError) {
        let filter = "filter add dev \(network.interface) \(direction)"
        let name = namespace(of: host).name
        try Command(
            "tc -n \(name) \(filter) protocol all prio \(priority) bpf bytecode",
            "1,6 0 0 0,"
        ).runSuccessfully()
    }

    /// The qdisc goes, and one that only has the ingress hook takes its place, where no other can
    /// be put while it stays. An agent that was quicker, and has its own back by then, loses it
    /// again.
    @discardableResult
    public func replaceQdisc(
        _ host: Host,
        on network: Network = .first
    ) throws(LabError) -> Moment {
        let card = network.interface
        let batch = "qdisc del dev \(card) clsact\nqdisc add dev \(card) ingress\n"
        let command = Command("tc -n \(namespace(of: host).name) -batch -", input: batch)
        for _ in 0..<Self.mostRaces {
            let moment = Moment.now
            if try command.run().status == .exited(0) { return moment }
        }
        let moment = Moment.now
        try command.runSuccessfully()
        return moment
    }

    /// Each is a matter of a millisecond, and an agent tries again within ten.
    private static let mostRaces = 20

    /// A card more in a host, up, with its other end there too.
    public func addCard(_ host: Host, named name: String) throws(LabError) {
        try namespace(of: host).configure([
            "link add \(name) type veth peer \(name)b", "link set \(name) up",
            "link set \(name)b up",
        ])
    }

    /// Who answers a host that asks as a client; nil if nobody does within a second.
    ///
    /// - Parameter port: Of a probe that runs, which has a service on both nodes.
    public func answerer(
        of address: String,
        port: UInt16 = 7001,
        askedBy host: Host
    ) throws(LabError) -> Host? {
        let target = try InternetAddress(address)
        let isIPv6 = target.isIPv6
        let socket = try Socket.datagrams(of: namespace(of: host), ipv6: isIPv6, port: 0)
        let deadline = Moment.now + .seconds(1)
        while Moment.now < deadline {
            socket.send(Question(number: 0).octets, to: target, port: port)
            guard Socket.wait(for: [socket], atMost: 50)[0] else { continue }
            if let octets = socket.receive(), let answer = Question(octets) {
                return answer.answerer
            }
        }
        return nil
    }

    /// For how many seconds the kernel of a host still keeps an address, if nobody refreshes it;
    /// nil if it does not have it, and `Int.max` if it keeps it for ever.
    public func lifetime(of address: String, on host: Host) throws(LabError) -> Int? {
        let words = try namespace(of: host).ip("-o address show to \(address)")
            .split(whereSeparator: \.isWhitespace)
        guard let index = words.firstIndex(of: "valid_lft"), index + 1 < words.count else {
            return nil
        }
        return words[index + 1] == "forever" ? .max : Int(words[index + 1].prefix { $0 != "s" })
    }
}
