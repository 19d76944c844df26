/// What an operator does by hand, and the lab's own tests do, without any agent.
extension Lab {
    /// Puts an address on a node's first interface. When it was asked for.
    @discardableResult
    public func giveAddress(_ address: String, to host: Host) throws(LabError) -> Moment {
        let prefix = try InternetAddress(address).isIPv6 ? "128 nodad" : "32"
        return try ip(host, "address add \(address)/\(prefix) dev \(Network.first.interface)")
    }

    /// Takes it off again.
    public func takeAddress(_ address: String, from host: Host) throws(LabError) {
        let length = try InternetAddress(address).isIPv6 ? 128 : 32
        try ip(host, "address del \(address)/\(length) dev \(Network.first.interface)")
    }

    /// A gratuitous ARP request for an IPv4 address, which every client believes.
    public func announce(_ address: String, from host: Host) throws(LabError) {
        let socket = try Socket.packets(
            of: namespace(of: host),
            interface: Network.first.interface,
            ethertype: 0
        )
        let frame = Frames.announcement(of: try InternetAddress(address), by: host.macAddress())
        guard socket.send(frame) else { throw .system("announce \(address) from \(host)") }
    }

    /// A stranger with this MAC address, at the cable of a host, says that he has the address, so
    /// many times, with this pause after each. When he has said it first.
    @discardableResult
    public func claim(
        _ address: String,
        by mac: MACAddress,
        at host: Host,
        times: Int = 1,
        every pause: Duration = .zero
    ) throws(LabError) -> Moment {
        let socket = try Socket.packets(
            of: namespace(of: host),
            interface: Network.first.interface,
            ethertype: 0
        )
        let address = try InternetAddress(address)
        let frame =
            address.isIPv6
            ? Frames.advertisement(of: address, by: mac)
            : Frames.announcement(of: address, by: mac)
        let begin = Moment.now
        for time in 0..<times {
            guard socket.send(frame) else { throw .system("claim \(address.text) at \(host)") }
            (begin + pause * (time + 1)).sleepUntil()
        }
        return begin
    }

    /// Whether datagrams get there.
    public func reaches(
        _ from: Host,
        _ to: Host,
        on network: Network = .first
    ) throws(LabError) -> Bool {
        try Heartbeats(in: self, from: from, to: to, port: 7009, on: network).arrived(of: 3) > 0
    }

    /// What the host's kernel says about its cable.
    public func hasCarrier(_ host: Host, on network: Network = .first) throws(LabError) -> Bool {
        try !namespace(of: host).ip("-o link show dev \(network.interface)").contains("NO-CARRIER")
    }
}

/// Datagrams from one host to another, to count how many arrive.
public final class Heartbeats: Sendable {
    private let sender: Socket
    private let receiver: Socket
    private let target: InternetAddress
    private let port: UInt16

    public init(
        in lab: Lab,
        from: Host,
        to: Host,
        port: UInt16,
        on network: Network = .first
    ) throws(LabError) {
        self.port = port
        target = try InternetAddress(to.address(on: network))
        sender = try Socket.datagrams(of: lab.namespace(of: from), ipv6: false, port: 0)
        receiver = try Socket.datagrams(of: lab.namespace(of: to), ipv6: false, port: port)
    }

    /// Sends so many, and counts those that arrive within 50 ms of each other.
    public func arrived(of count: Int) -> Int {
        var arrived = 0
        for number in 0..<count {
            sender.send(Question(number: number).octets, to: target, port: port)
            while receiver.receive() != nil { arrived += 1 }
        }
        while Socket.wait(for: [receiver], atMost: 50)[0], receiver.receive() != nil {
            arrived += 1
        }
        return arrived
    }
}

extension Lab {
    /// Octets from the client that no voter has sent, to a host's agent: of every length from none
    /// to the longest frame, and not so fast that the socket's buffer overflows.
    public func sendGarbage(to host: Host, frames: Int) throws(LabError) {
        let target = try InternetAddress(host.address())
        let socket = try Socket.datagrams(of: namespace(of: .client), ipv6: false, port: 0)
        for number in 0..<frames {
            let length = number * 1400 / max(1, frames - 1)
            let octets = (0..<length).map { _ in UInt8.random(in: 0...255) }
            socket.send(octets, to: target, port: Self.voterPort)
            if number % 10 == 9 { sleep(for: .milliseconds(1)) }
        }
    }
}
