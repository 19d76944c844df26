import CLab
import Glibc

/// A socket of some host. Calls that fail because the network is broken return false or nil: it is
/// what the lab is for.
final class Socket: Sendable {
    private let descriptor: Descriptor

    var number: Int32 { descriptor.number }

    private init(_ number: Int32) {
        descriptor = Descriptor(number)
    }

    /// A UDP socket on all addresses of the host.
    static func datagrams(
        of host: NetworkNamespace,
        ipv6: Bool,
        port: UInt16
    ) throws(LabError) -> Socket {
        try host.run { () throws(LabError) in
            let family = ipv6 ? AF_INET6 : AF_INET
            let socket = try make(family, Int32(SOCK_DGRAM.rawValue))
            if ipv6 { try socket.set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, to: 1, "IPV6_V6ONLY") }
            guard clab_tell_destination(socket.number, ipv6 ? 1 : 0) == 0 else {
                throw .system("ask for the destinations of datagrams")
            }
            let any = InternetAddress(octets: [UInt8](repeating: 0, count: ipv6 ? 16 : 4))
            try socket.bind(to: any, port: port)
            return socket
        }
    }

    /// A TCP connection on its way, in the calling thread's namespace; nil if there is no way now.
    static func connection(to address: InternetAddress, port: UInt16) -> Socket? {
        let number = socket(
            address.family,
            Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue),
            0
        )
        guard number >= 0 else { return nil }
        let socket = Socket(number)
        let name = address.socketAddress(port: port)
        let outcome = unsafe name.withUnsafeBytes { raw in
            let pointer = unsafe raw.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            return unsafe connect(number, pointer, socklen_t(raw.count))
        }
        return outcome == 0 || errno == EINPROGRESS ? socket : nil
    }

    /// Accepts TCP connections to any address of the host.
    static func listener(
        of host: NetworkNamespace,
        ipv6: Bool,
        port: UInt16
    ) throws(LabError) -> Socket {
        try host.run { () throws(LabError) in
            let socket = try make(ipv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue))
            try socket.set(SOL_SOCKET, SO_REUSEADDR, to: 1, "SO_REUSEADDR")
            if ipv6 { try socket.set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, to: 1, "IPV6_V6ONLY") }
            let any = InternetAddress(octets: [UInt8](repeating: 0, count: ipv6 ? 16 : 4))
            try socket.bind(to: any, port: port)
            guard listen(socket.number, 16) == 0 else { throw .system("listen to port \(port)") }
            return socket
        }
    }

    /// The next connection of a listener; nil if it has gone again.
    func accept() -> Socket? {
        let number = Glibc.accept(self.number, nil, nil)
        guard number >= 0 else { return nil }
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        return Socket(number)
    }

    /// Whether a connection that was on its way has arrived.
    var isConnected: Bool {
        var failure: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return unsafe getsockopt(number, SOL_SOCKET, SO_ERROR, &failure, &size) == 0 && failure == 0
    }

    /// As many as there is room for now; nil if the connection is broken.
    func sendSome(_ octets: ArraySlice<UInt8>) -> Int? {
        let count = unsafe octets.withUnsafeBytes { raw in
            unsafe Glibc.send(
                number,
                raw.baseAddress,
                raw.count,
                Int32(MSG_NOSIGNAL | MSG_DONTWAIT)
            )
        }
        if count >= 0 { return count }
        return errno == EAGAIN || errno == EINTR ? 0 : nil
    }

    /// All of them, for which it may wait; whether it did.
    func sendAll(_ octets: [UInt8]) -> Bool {
        var left = octets[...]
        while !left.isEmpty {
            guard let count = sendSome(left) else { return false }
            left = left.dropFirst(count)
            // A client that does not read for so long has gone.
            if !left.isEmpty, !Self.wait(for: [self], until: POLLOUT, atMost: 1000)[0] {
                return false
            }
        }
        return true
    }

    /// All frames of an Ethernet type on a host's interface, to whomever they are addressed.
    static func packets(
        of host: NetworkNamespace,
        interface: String,
        ethertype: UInt16
    ) throws(LabError) -> Socket {
        try host.run { () throws(LabError) in
            let number = unsafe clab_packet_socket(interface, ethertype)
            guard number >= 0 else { throw .system("open a packet socket on \(interface)") }
            return Socket(number)
        }
    }

    /// All frames that arrive at an interface in the calling thread's namespace.
    ///
    /// - Parameter relays: In the form in which they can be sent on.
    static func arrivals(at interface: String, relays: Bool = false) throws(LabError) -> Socket {
        let number = unsafe clab_arrivals_socket(interface, relays ? 1 : 0)
        guard number >= 0 else { throw .system("open a packet socket on \(interface)") }
        return Socket(number)
    }

    /// Has the kernel note when each frame comes, for `receiveStamped`.
    func stampFrames() throws(LabError) {
        guard clab_stamp_frames(number) == 0 else { throw .system("have frames stamped") }
    }

    /// The next frame of a packet socket and when the kernel got it; nil if there is none.
    func receiveStamped() -> (frame: [UInt8], moment: Moment)? {
        var buffer = [UInt8](repeating: 0, count: 2048)
        var stamp: Int64 = 0
        let received = retrying {
            unsafe clab_receive_stamped(number, &buffer, UInt(buffer.count), &stamp)
        }
        guard received >= 0 else { return nil }
        return (Array(buffer[0..<received]), Moment(nanoseconds: stamp))
    }

    /// How many frames there was no room for since this was asked last.
    func lostFrames() throws(LabError) -> Int {
        let lost = clab_lost_frames(number)
        guard lost >= 0 else { throw .system("ask for the frames that were lost") }
        return lost
    }

    /// Of all that comes, lets Neighbor Advertisements through only.
    func takeAdvertisementsOnly() throws(LabError) {
        guard clab_take_advertisements_only(number) == 0 else {
            throw .system("filter for Neighbor Advertisements")
        }
    }

    /// What the kernel tells about the addresses of the calling thread's namespace.
    static func addressChanges() throws(LabError) -> Socket {
        let number = clab_address_changes()
        guard number >= 0 else { throw .system("listen to changes of addresses") }
        return Socket(number)
    }

    private static func make(_ family: Int32, _ type: Int32) throws(LabError) -> Socket {
        let number = socket(family, type | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw .system("make a socket") }
        return Socket(number)
    }

    private func set(
        _ level: Int32,
        _ option: Int32,
        to value: Int32,
        _ name: String
    ) throws(LabError) {
        var value = value
        let size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe setsockopt(number, level, option, &value, size) == 0 else {
            throw .system("set \(name)")
        }
    }

    private func bind(to address: InternetAddress, port: UInt16) throws(LabError) {
        let name = address.socketAddress(port: port)
        let outcome = unsafe name.withUnsafeBytes { raw in
            let pointer = unsafe raw.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            return unsafe Glibc.bind(number, pointer, socklen_t(raw.count))
        }
        guard outcome == 0 else { throw .system("bind a socket to \(address.text), port \(port)") }
    }

    /// Whether the kernel took the datagram; if it did not, there is no way to the address now.
    @discardableResult
    func send(_ octets: [UInt8], to address: InternetAddress, port: UInt16) -> Bool {
        let name = address.socketAddress(port: port)
        return unsafe name.withUnsafeBytes { raw in
            let pointer = unsafe raw.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            return unsafe sendto(number, octets, octets.count, 0, pointer, socklen_t(raw.count))
        } == octets.count
    }

    /// Sends on a connection or a packet socket.
    @discardableResult
    func send(_ octets: [UInt8]) -> Bool {
        unsafe Glibc.send(number, octets, octets.count, Int32(MSG_NOSIGNAL)) == octets.count
    }

    /// What there is, without waiting; nil if there is nothing, empty at a connection's end.
    func receive(atMost count: Int = 2048) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: count)
        let received = retrying {
            unsafe recv(number, &buffer, count, Int32(MSG_DONTWAIT))
        }
        return received >= 0 ? Array(buffer[0..<received]) : nil
    }

    /// Waits for something to be there. The moment matters for the measurement, so the wait has
    /// the resolution of the kernel and not of a loop.
    static func wait(
        for sockets: [Socket],
        until event: Int32 = POLLIN,
        atMost milliseconds: Int32
    ) -> [Bool] {
        var waiting = sockets.map { pollfd(fd: $0.number, events: Int16(event), revents: 0) }
        _ = unsafe poll(&waiting, nfds_t(waiting.count), milliseconds)
        return waiting.map { $0.revents != 0 }
    }
}
