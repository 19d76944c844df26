import CNetlink
import Glibc
import VIPNet

/// UDP on one port of one family, on every local address: a wildcard socket, exclusive, so that
/// holding it also says that no other agent is at work here.
///
///     while let datagram = try port.receive() { port.withOctets(of: datagram) { … } }
///     port.send(frame, from: local, to: peer)
///
/// Each `receive` overwrites what the one before it returned.
package final class DatagramPort {
    package enum Family: String, Sendable {
        case v4 = "0.0.0.0"
        case v6 = "[::]"

        var number: Int32 { self == .v4 ? AF_INET : AF_INET6 }
    }

    /// About what was received last; its octets are lent by `withOctets`.
    package struct Datagram: Equatable, Sendable {
        package var source: Endpoint
        /// The address that it was sent to.
        package var local: IPAddress
        /// Index of the interface that it came in through.
        package var interface: UInt32
        /// Octets received. Greater than `capacity` when it was cut, and then of no use.
        package var count: Int

        package var isCut: Bool { count > DatagramPort.capacity }
    }

    /// What became of a frame. A failure is the network's everyday business (no route, no address
    /// yet, a firewall, a full queue), so it is a value to be counted and not an error.
    package enum Outcome: Equatable, Sendable {
        case sent
        case failed(errno: Int32)
    }

    /// Frames are at most 1,400 octets; what is longer than this isn't ours.
    package static let capacity = 2048

    /// Room for some hundred frames of small groups while the agent is not scheduled.
    private static let bufferSize: Int32 = 1 << 18

    /// CS6, network control (RFC 4594), in the upper six bits.
    private static let trafficClass: Int32 = 48 << 2

    /// The highest priority that needs no capability.
    private static let priority: Int32 = 6

    private let descriptor: Descriptor
    private var storage = [UInt8](repeating: 0, count: DatagramPort.capacity)
    package let family: Family
    /// The port that it is bound to, also where 0 was asked for.
    package let port: UInt16

    /// For the event loop.
    package var fileDescriptor: Int32 { descriptor.number }

    /// Takes over a socket that was left to this process, with the frames that wait in it. If it
    /// is not what this port is to be, it is closed.
    ///
    /// This changes nothing that whoever else has the socket could notice, so that it can be
    /// rehearsed with a duplicate; see `improve` for the rest.
    package init(inheriting number: Int32, family: Family, port: UInt16) throws(SystemError) {
        let subject = Self.subject(family, port)
        descriptor = Descriptor(owning: number)
        (self.family, self.port) = (family, port)
        let socket = InheritedSocket(number, as: subject)
        try socket.require(domain: family.number, type: SOCK_DGRAM)
        try socket.requireNetwork()
        var bound = vip_endpoint()
        try SystemCall.check("getsockname", on: subject) {
            unsafe vip_bound_endpoint(number, &bound)
        }
        guard bound.port == port, bound.ip.high == 0, bound.ip.low == 0 else {
            let found = Endpoint(bound)?.description ?? "nothing"
            throw socket.refusal("it is bound to \(found)")
        }
        guard vip_is_connected(number) == 0 else {
            throw socket.refusal("it is connected to one other end")
        }
        for option in Self.needed(family) where try !option.holds(on: socket) {
            guard option.comesLate else { throw socket.refusal("it is bound without an option") }
            try option.set(on: number, subject)
        }
    }

    /// - Parameter port: 0 lets the kernel choose, for tests.
    package init(family: Family, port: UInt16) throws(SystemError) {
        let subject = Self.subject(family, port)
        let number = try SystemCall.check("socket", on: subject) {
            vip_socket(family.number, Int32(SOCK_DGRAM.rawValue), 0)
        }
        descriptor = Descriptor(owning: number)
        self.family = family
        for option in Self.needed(family) { try option.set(on: number, subject) }
        var wildcard = vip_endpoint()
        wildcard.ip.family = family.number
        wildcard.port = port
        try SystemCall.check("bind", on: subject) { unsafe vip_bind(number, &wildcard) }
        try SystemCall.check("getsockname", on: subject) {
            unsafe vip_bound_endpoint(number, &wildcard)
        }
        self.port = wildcard.port
        improve()
    }

    private static func subject(_ family: Family, _ port: UInt16) -> String {
        "udp \(family.rawValue):\(port)"
    }

    // MARK: - Options

    private struct Option {
        var level: Int32
        var name: Int32
        var value: Int32 = 1
        /// The kernel takes it for a socket that is bound, too.
        var comesLate = true
        /// The kernel makes room for twice as much, and tells of that; more is as good.
        var isSize = false

        func set(on number: Int32, _ subject: String) throws(SystemError) {
            try SystemCall.check("setsockopt", on: subject) {
                vip_set_option(number, level, name, value)
            }
        }

        func holds(on socket: InheritedSocket) throws(SystemError) -> Bool {
            let found = try socket.option(level, name)
            return isSize ? found >= 2 * value : found == value
        }
    }

    /// Those without which the port is none.
    private static func needed(_ family: Family) -> [Option] {
        let (ip, ipv6) = (Int32(IPPROTO_IP), Int32(IPPROTO_IPV6))
        return switch family {
        case .v4: [Option(level: ip, name: IP_PKTINFO)]
        case .v6:
            [
                Option(level: ipv6, name: IPV6_V6ONLY, comesLate: false),
                Option(level: ipv6, name: Int32(vip_ipv6_recvpktinfo)),
            ]
        }
    }

    /// Those that make it better. In the order in which they are set: `IP_TOS` sets a priority of
    /// its own.
    ///
    /// Path MTUs that ICMP tells of are not believed, which "don't discover" alone would do: a
    /// forged one makes a route entry that a forged redirect can then turn away for five minutes.
    private static func useful(_ family: Family) -> [Option] {
        let (ip, ipv6, omit) = (Int32(IPPROTO_IP), Int32(IPPROTO_IPV6), Int32(vip_pmtudisc_omit))
        let byFamily =
            switch family {
            case .v4:
                [
                    Option(level: ip, name: IP_TOS, value: trafficClass),
                    Option(level: ip, name: IP_MTU_DISCOVER, value: omit),
                ]
            case .v6:
                [
                    Option(level: ipv6, name: IPV6_TCLASS, value: trafficClass),
                    Option(level: ipv6, name: IPV6_MTU_DISCOVER, value: omit),
                ]
            }
        return [
            Option(level: SOL_SOCKET, name: SO_RCVBUF, value: bufferSize, isSize: true),
            Option(level: SOL_SOCKET, name: SO_SNDBUF, value: bufferSize, isSize: true),
        ] + byFamily + [Option(level: SOL_SOCKET, name: SO_PRIORITY, value: priority)]
    }

    /// Sets what is useful and not so yet, as on a socket that another version has made. What a
    /// container refuses is left as it is.
    package func improve() {
        let socket = InheritedSocket(fileDescriptor, as: Self.subject(family, port))
        for option in Self.useful(family) where (try? option.holds(on: socket)) != true {
            _ = vip_set_option(fileDescriptor, option.level, option.name, option.value)
        }
    }

    /// From now on the kernel asks this program about each datagram; where it can't, the port takes
    /// them all. A port that has the program already keeps it.
    package func filter(by program: SocketFilter) {
        let instructions = program.instructions
        let count = instructions.count
        guard unsafe vip_socket_has_filter(fileDescriptor, instructions, count) == 0 else {
            return
        }
        _ = unsafe vip_socket_filter(fileDescriptor, instructions, count)
    }

    /// Datagrams that the kernel did not give to this port since there is one: the filter refused
    /// them, or its buffer was full. In 32 bits; nil where the kernel does not tell.
    package var dropsInKernel: UInt32? {
        UInt32(exactly: vip_socket_drops(fileDescriptor))
    }

    /// The next datagram, or nil when there is none. Errors that the network reports about earlier
    /// frames are skipped; they say nothing that silence doesn't. To be called a bounded number of
    /// times per wake-up.
    package func receive() throws(SystemError) -> Datagram? {
        var source = vip_endpoint()
        var local = vip_ip()
        var interface: UInt32 = 0
        for _ in 0..<Self.mostSkipped {
            let count = SystemCall.repeating {
                unsafe vip_datagram_receive(
                    descriptor.number,
                    &storage,
                    Self.capacity,
                    &source,
                    &local,
                    &interface
                )
            }
            if count == -Int(EAGAIN) { return nil }
            if count < 0 {
                guard Self.isAboutEarlierFrames(Int32(-count)) else {
                    throw SystemError(
                        call: "recvmsg",
                        on: Self.subject(family, port),
                        errno: Int32(-count)
                    )
                }
                continue
            }
            guard let source = Endpoint(source), let local = IPAddress(local) else { continue }
            return Datagram(source: source, local: local, interface: interface, count: count)
        }
        return nil
    }

    /// Lends the octets of the datagram that `receive` has just returned; of one that was cut, what
    /// there is of it.
    package func withOctets<Value, Failure: Error>(
        of datagram: Datagram,
        _ body: (Span<UInt8>) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let octets = storage
        let whole = octets.span
        return try body(whole.extracting(first: min(datagram.count, Self.capacity)))
    }

    /// Sends one datagram, from the given local address where there is one. Never waits.
    package func send(
        _ octets: Span<UInt8>,
        from local: IPAddress?,
        to destination: Endpoint
    ) -> Outcome {
        var source = local?.shim ?? vip_ip(family: 0, high: 0, low: 0)
        var destination = destination.shim
        let result = unsafe octets.withUnsafeBufferPointer { octets in
            SystemCall.repeating {
                unsafe vip_datagram_send(
                    descriptor.number,
                    octets.baseAddress,
                    octets.count,
                    &source,
                    &destination
                )
            }
        }
        return result < 0 ? .failed(errno: -result) : .sent
    }

    /// Errors skipped in one call, so that they cannot keep the thread.
    private static let mostSkipped = 16

    private static func isAboutEarlierFrames(_ errno: Int32) -> Bool {
        [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN, ECONNRESET, EMSGSIZE]
            .contains(errno)
    }
}
