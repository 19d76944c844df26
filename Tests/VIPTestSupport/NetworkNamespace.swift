import CNetlink
import Glibc

private final class Job {
    let body: () throws -> Void
    var failure: (any Error)?
    init(_ body: @escaping () throws -> Void) { self.body = body }
}

/// Runs the body in a thread of its own, in a network namespace of its own that has a veth pair
/// `v0`, `v1`, both ends inside. The namespace vanishes with the thread.
///
/// - Parameters:
///   - settings: of sysctl, for each of the two, before it is up.
///   - link: what `ip link set` is to make of each.
public func inNetworkNamespace(
    settings: [String],
    link: String,
    _ body: @escaping () throws -> Void
) throws {
    let job = Job {
        try enterNetworkNamespace()
        try require("ip link set lo up")
        try require("ip link add v0 type veth peer name v1")
        for name in ["v0", "v1"] {
            for setting in settings { try require("sysctl -qw net.ipv6.conf.\(name).\(setting)") }
            try require("ip link set \(name) \(link)")
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
    guard failure == 0 else { throw SupportFailure(description: "no thread: error \(failure)") }
    pthread_join(thread, nil)
    if let failure = job.failure { throw failure }
}

/// Has the calling thread, which nobody else is to use, make a namespace and stay in it.
public func enterNetworkNamespace() throws {
    let result = vip_unshare_network()
    guard result == 0 else { throw SupportFailure(description: "no namespace: error \(result)") }
}
