import CNetlink
import Foundation
import Glibc
import Testing

/// Runs a program in this thread's network namespace, and waits for it. Its exit status.
@discardableResult
func run(_ arguments: String...) -> Int32 { spawn(arguments) }

func spawn(_ arguments: [String]) -> Int32 {
    var pid: pid_t = 0
    var strings: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) }
    unsafe strings.append(nil)
    defer { for index in unsafe strings.indices { unsafe free(strings[index]) } }
    guard unsafe posix_spawnp(&pid, strings[0]!, nil, nil, strings, Glibc.environ) == 0 else {
        return -1
    }
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    return status & 0x7f == 0 ? status >> 8 & 0xff : -1
}

/// What a thread of its own is to do, and how that went.
private final class Job {
    let body: () throws -> Void
    var failure: (any Error)?
    init(_ body: @escaping () throws -> Void) { self.body = body }
}

/// Runs the body in a thread of its own, in a network namespace of its own with a veth pair `v0`,
/// `v1`, both ends inside. The namespace vanishes with the thread.
func inNetworkNamespace(_ body: @escaping () throws -> Void) throws {
    let job = Job {
        try Gate.check("unshare", vip_unshare_network())
        try #require(run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1") == 0)
        for name in ["v0", "v1"] {
            // Nothing is to leave but what the test sends.
            try #require(run("sysctl", "-qw", "net.ipv6.conf.\(name).disable_ipv6=1") == 0)
            try #require(run("ip", "link", "set", name, "arp", "off", "mtu", "9000", "up") == 0)
        }
        try body()
    }
    var thread = pthread_t()
    let failure = unsafe pthread_create(
        &thread,
        nil,
        { argument in
            let job = unsafe Unmanaged<Job>.fromOpaque(argument!).takeUnretainedValue()
            do { try job.body() } catch { job.failure = error }
            return nil
        },
        Unmanaged.passUnretained(job).toOpaque()
    )
    try #require(failure == 0)
    pthread_join(thread, nil)
    if let failure = job.failure { throw failure }
}

/// A packet socket of the thread's namespace that only sends.
final class PacketSender {
    private let socket: Int32

    init() throws {
        socket = vip_packet_socket()
        guard socket >= 0 else { throw Gate.Failure(call: "socket", code: socket) }
    }

    deinit { Glibc.close(socket) }

    /// 0, or a negative errno: -ENOBUFS for a frame that a filter has dropped.
    func send(_ frame: [UInt8], on interface: Int32) -> Int32 {
        unsafe vip_packet_send(socket, interface, frame, frame.count)
    }
}

/// Its number in the thread's namespace.
func interface(_ name: String) throws -> Int32 {
    let index = unsafe Int32(if_nametoindex(name))
    try #require(index > 0, "no interface \(name)")
    return index
}
