import CNetlink
import Foundation
import Glibc
import Testing
import VIPTestSupport

/// A host of a test's network: a thread in a network namespace of its own, in which commands are
/// run and sockets are made. The namespace vanishes with the thread.
@safe final class Station: @unchecked Sendable {
    private let work = DispatchSemaphore(value: 0)
    private let done = DispatchSemaphore(value: 0)
    private var job: (() throws -> Void)?
    private var failure: (any Error)?
    private var isOver = false
    private(set) var thread: pid_t = 0

    init() throws {
        var handle = pthread_t()
        let failure = unsafe pthread_create(
            &handle,
            nil,
            { argument in
                let station = unsafe Unmanaged<Station>.fromOpaque(argument!).takeRetainedValue()
                station.serve()
                return nil
            },
            Unmanaged.passRetained(self).toOpaque()
        )
        try #require(failure == 0)
        pthread_detach(handle)
        try perform {
            try enterNetworkNamespace()
            let path = "/proc/thread-self"
            let name = try FileManager.default.destinationOfSymbolicLink(atPath: path)
            self.thread = try #require(name.split(separator: "/").last.flatMap { pid_t($0) })
        }
        run("ip", "link", "set", "lo", "up")
        for scope in ["all", "default"] {
            run("sysctl", "-qw", "net.ipv6.conf.\(scope).accept_dad=0")
        }
    }

    private func serve() {
        while true {
            work.wait()
            if isOver { return }
            do { try job?() } catch { failure = error }
            done.signal()
        }
    }

    /// To be called when nobody uses it any more: the thread holds it until then.
    func end() {
        isOver = true
        work.signal()
    }

    /// Has it done in the station's thread, and waits for that.
    func perform(_ body: @escaping () throws -> Void) throws {
        job = body
        work.signal()
        done.wait()
        job = nil
        defer { failure = nil }
        if let failure { throw failure }
    }

    /// Runs a command there; its words are split at blanks.
    @discardableResult
    func run(_ words: String...) -> Int32 {
        let arguments = words[0].split(separator: " ").map(String.init) + words.dropFirst()
        var status: Int32 = -1
        try? perform { status = VIPTestSupport.run(arguments) }
        return status
    }

    func require(_ command: String, at place: SourceLocation = #_sourceLocation) throws {
        try #require(run(command) == 0, "\(command)", sourceLocation: place)
    }

    /// Loads nftables' rules in the place of those that there are; none for the empty string.
    func load(rules: String) throws {
        let scratch = ScratchDirectory()
        let file = scratch("rules")
        try "flush ruleset\n\(rules)\n".write(toFile: file, atomically: false, encoding: .utf8)
        try #require(run("nft", "-f", file) == 0, "\(rules)")
    }

    /// A veth pair between two stations.
    func connect(_ name: String, to other: Station, _ otherName: String) throws {
        try require(
            "ip link add \(name) type veth peer name \(otherName) netns \(other.thread)"
        )
        for (station, end) in [(self, name), (other, otherName)] {
            try station.require("ip link set \(end) up")
        }
    }

    func interface(_ name: String) throws -> Int32 {
        var index: Int32 = 0
        try perform { index = unsafe Int32(if_nametoindex(name)) }
        try #require(index > 0, "no interface \(name)")
        return index
    }

    func socket(_ address: String? = nil, port: UInt16 = 0, isIPv6: Bool) throws -> DatagramSocket {
        var made: DatagramSocket?
        try perform { made = try DatagramSocket(address, port: port, isIPv6: isIPv6) }
        return try #require(made)
    }
}

/// UDP, of whatever address, also of one that is not the host's.
final class DatagramSocket {
    static let port: UInt16 = 9007

    private let number: Int32
    private let isIPv6: Bool

    fileprivate init(_ address: String?, port: UInt16, isIPv6: Bool) throws {
        self.isIPv6 = isIPv6
        number = Glibc.socket(
            isIPv6 ? AF_INET6 : AF_INET,
            Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue),
            0
        )
        try #require(number >= 0)
        var yes: Int32 = 1
        // IP_TRANSPARENT and IPV6_TRANSPARENT: any source.
        let option: (level: Int32, name: Int32) = isIPv6 ? (41, 75) : (0, 19)
        let size = socklen_t(MemoryLayout<Int32>.size)
        try #require(unsafe setsockopt(number, option.level, option.name, &yes, size) == 0)
        let any = isIPv6 ? "::" : "0.0.0.0"
        let result = unsafe Self.with(address ?? any, port) { unsafe bind(number, $0, $1) }
        try #require(result == 0, "bind to \(address ?? any)")
    }

    deinit { Glibc.close(number) }

    private static func with(
        _ address: String,
        _ port: UInt16,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        if address.contains(":") {
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            name.sin6_port = port.bigEndian
            unsafe inet_pton(AF_INET6, address, &name.sin6_addr)
            return unsafe withUnsafePointer(to: &name) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        unsafe inet_pton(AF_INET, address, &name.sin_addr)
        return unsafe withUnsafePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// Whether the kernel took it.
    @discardableResult
    func send(_ octets: [UInt8], to address: String, port: UInt16 = port) -> Bool {
        unsafe Self.with(address, port) { name, size in
            unsafe Int32(clamping: sendto(number, octets, octets.count, 0, name, size))
        } == octets.count
    }

    /// The octets and who sent them, or nil if nothing comes.
    func receive(
        within milliseconds: Int32
    ) -> (octets: [UInt8], address: String, port: UInt16)? {
        var source = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&source, 1, milliseconds) == 1 else { return nil }
        var octets = [UInt8](repeating: 0, count: 65536)
        var name = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let count = unsafe withUnsafeMutablePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe recvfrom(number, &octets, octets.count, 0, $0, &size)
            }
        }
        guard count >= 0 else { return nil }
        var text = [CChar](repeating: 0, count: 64)
        // The port is at the same place in both; an IPv4 address is where a flow label would be.
        if isIPv6 {
            unsafe inet_ntop(AF_INET6, &name.sin6_addr, &text, 64)
        } else {
            unsafe inet_ntop(AF_INET, &name.sin6_flowinfo, &text, 64)
        }
        let address = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
        return (Array(octets.prefix(count)), address, UInt16(bigEndian: name.sin6_port))
    }
}
