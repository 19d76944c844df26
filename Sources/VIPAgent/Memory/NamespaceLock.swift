import CNetlink
import Glibc
import VIPConfiguration
import VIPPlatform

/// Makes sure of one agent in a network namespace, whatever its directories: an abstract socket,
/// whose name is the namespace's and vanishes with its holder.
///
/// Any user of the host may take that name, to keep the agent from starting. So its holder is only
/// believed if it could be an agent: root, this process's own user, or the user of the unit. What
/// then keeps a second agent out is the voters' port.
final class NamespaceLock {
    static let name = "@vip-agent"

    let descriptor: Descriptor
    /// Who else holds the name; nil if this process does.
    let stranger: String?

    /// Each process that asks who holds the name stays in the queue, as nobody is ever accepted.
    private static let backlog: Int32 = 128

    init() throws(RunDirectoryError) {
        do {
            descriptor = Descriptor(owning: try Self.socket())
            let result = unsafe vip_unix_bind(descriptor.number, Self.name)
            guard result != -EADDRINUSE else {
                stranger = try Self.findStranger()
                return
            }
            guard result == 0 else {
                throw SystemError(call: "bind", on: Self.name, errno: -result)
            }
            let number = descriptor.number
            // Connecting to it tells who called this.
            try SystemCall.run("listen", on: Self.name) { listen(number, Self.backlog) }
            stranger = nil
        } catch let error as SystemError {
            throw .system(error)
        } catch {
            throw .namespaceTaken(name: Self.name)
        }
    }

    /// Takes over what the process held before execve.
    init(inheriting number: Int32) {
        descriptor = Descriptor(owning: number)
        stranger = nil
    }

    private struct Taken: Error {}

    private static func socket() throws(SystemError) -> Int32 {
        try SystemCall.check("socket", on: name) {
            vip_socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        }
    }

    /// In words, who holds the name and is no agent.
    private static func findStranger() throws -> String {
        let probe = Descriptor(owning: try socket())
        // It refuses, or lets nobody ask any more: no agent does.
        guard unsafe vip_unix_connect(probe.number, name) == 0 else { return "somebody" }
        var peer = vip_peer()
        guard unsafe vip_peer_get(probe.number, &peer) == 0 else { return "somebody" }
        if peer.uid == 0 || peer.uid == geteuid() { throw Taken() }
        if peer.uid == User(named: User.serviceName)?.number { throw Taken() }
        return "process \(peer.pid) of user \(peer.uid)"
    }
}
