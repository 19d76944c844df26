import CNetlink
import Glibc
import Testing
import VIPAgent
import VIPConfiguration
import VIPNet
import VIPPlatform
import VIPTestSupport

/// Signals, capabilities and scheduling are a thread's: each test has one of its own.
@Suite("Process", .enabled(if: isRoot, "namespaces and capabilities take root"))
struct ProcessTests {
    @Test("signals are something to read")
    func signals() throws {
        try inNetworkNamespace {
            let port = try SignalPort()
            let loop = try EventLoop()
            try loop.add(port.fileDescriptor, token: 1)
            #expect(port.next() == nil)
            for (number, signal) in [
                (SIGHUP, SignalPort.Signal.reload), (SIGUSR1, .report), (SIGUSR2, .reexecute),
                (SIGINT, .interrupt), (SIGTERM, .terminate),
            ] {
                #expect(pthread_kill(pthread_self(), number) == 0)
                #expect(try loop.wait(until: nil) == 1)
                #expect(port.next() == signal)
                #expect(port.next() == nil)
            }
        }
    }

    @Test("capabilities are gone once they are dropped, and the kernel agrees")
    func capabilities() throws {
        try inNetworkNamespace {
            let socket = try RouteSocket()
            let link = try #require(try socket.links().first { $0.name == "v0" })
            let before = try Capabilities.current()
            #expect(before.has(.netAdmin) && before.has(.netRaw))
            try Capabilities.dropAll()
            let after = try Capabilities.current()
            #expect(after == Capabilities(effective: 0, permitted: 0))
            let address = InterfaceAddress(
                floating: .v4(0x0a4d_0064),
                prefixLength: 32,
                on: link.index,
                lifetime: 10
            )
            do throws(SystemError) {
                try RouteSocket().add(address)
                Issue.record("an address was added without capabilities")
            } catch {
                #expect(error.errno == EPERM)
                #expect(error.hint?.contains("CAP_NET_ADMIN") == true)
            }
            do throws(SystemError) {
                _ = try Announcer()
                Issue.record("AF_PACKET was opened without capabilities")
            } catch {
                #expect(error.errno == EPERM)
            }
            #expect(
                Capabilities.lockMemory()
                    == .notDone(reason: "memory is not locked: CAP_IPC_LOCK is missing")
            )
            #expect(geteuid() == 0)
        }
    }
}
