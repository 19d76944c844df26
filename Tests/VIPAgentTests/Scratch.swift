import CNetlink
import Glibc
import Testing
import VIPAgent
import VIPPlatform

/// A directory of its own for one test, gone with it.
final class ScratchDirectory {
    let path: String

    init() {
        var template = Array("/tmp/vip-agent-test-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
            unsafe mkdtemp(buffer.baseAddress!).map { unsafe String(cString: $0) }
        }
        guard let made else { fatalError("cannot make a directory in /tmp: errno \(errno)") }
        path = made
    }

    deinit { _ = run("rm", "-rf", path) }

    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }
}

/// Runs a program in this thread's network namespace, and waits for it. Its exit status.
@discardableResult
func run(_ arguments: String...) -> Int32 { run(arguments) }

@discardableResult
func run(_ arguments: [String]) -> Int32 {
    var pid: pid_t = 0
    var strings: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) }
    unsafe strings.append(nil)
    defer { for index in unsafe strings.indices { unsafe free(strings[index]) } }
    guard unsafe posix_spawnp(&pid, strings[0]!, nil, nil, strings, vip_environment()) == 0 else {
        return -1
    }
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    return status & 0x7f == 0 ? status >> 8 & 0xff : -1
}

/// Starts a program, without waiting for it. Its process number.
func start(_ arguments: String...) -> pid_t {
    var pid: pid_t = 0
    var strings: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) }
    unsafe strings.append(nil)
    defer { for index in unsafe strings.indices { unsafe free(strings[index]) } }
    let failure = unsafe posix_spawnp(&pid, strings[0]!, nil, nil, strings, vip_environment())
    return failure == 0 ? pid : -1
}

private final class Job {
    let body: () throws -> Void
    var failure: (any Error)?
    init(_ body: @escaping () throws -> Void) { self.body = body }
}

/// Runs the body in a thread of its own, in a network namespace of its own with loopback and a veth
/// pair `v0`, `v1`, both ends inside. The namespace vanishes with the thread.
func inNetworkNamespace(_ body: @escaping () throws -> Void) throws {
    let job = Job {
        try SystemCall.check("unshare", on: "network namespace") { vip_unshare_network() }
        #expect(run("ip", "link", "set", "lo", "up") == 0)
        #expect(run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1") == 0)
        for name in ["v0", "v1"] {
            #expect(run("sysctl", "-qw", "net.ipv6.conf.\(name).accept_dad=0") == 0)
            #expect(run("ip", "link", "set", name, "up") == 0)
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
    #expect(failure == 0)
    pthread_join(thread, nil)
    if let failure = job.failure { throw failure }
}

/// Namespaces take root.
let isRoot = geteuid() == 0

/// Waits until the descriptor is readable, up to a bound that only a failing test meets.
func waitReadable(_ descriptor: Int32, seconds: Int32 = 10) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&entry, 1, seconds * 1000) == 1
}
