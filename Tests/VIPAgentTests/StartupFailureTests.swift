import CNetlink
import Glibc
import Testing
import VIPAgent
import VIPPlatform
import VIPTestSupport

/// Signals are blocked for the pause: each test has a thread of its own, whose mask goes with it.
@Suite("A start that fails", .enabled(if: isRoot, "network namespaces take root"))
struct StartupFailureTests {
    private let scratch = ScratchDirectory()

    private func listen() throws -> Int32 {
        let socket = vip_socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        let path = scratch("notify")
        try SystemCall.check("bind", on: path) { unsafe vip_unix_bind(socket, path) }
        return socket
    }

    private var notifier: ServiceNotifier? {
        let path = scratch("notify")
        return ServiceNotifier(environment: { $0 == "NOTIFY_SOCKET" ? path : nil })
    }

    private func pause(
        after failure: StartupFailure,
        telling notifier: ServiceNotifier?
    ) -> (seconds: Double, isStopped: Bool) {
        let begin = ClockReading.bootNow()
        let isStopped = failure.holdOff(notifying: notifier)
        return (Double(ClockReading.bootNow() - begin) / 1e9, isStopped)
    }

    @Test("is told to the service manager, which has to wait a second for the end")
    func holdOff() throws {
        let socket = try listen()
        defer { close(socket) }
        let failure = StartupFailure(.unavailable, "bind udp 0.0.0.0:7694: taken")
        try inNetworkNamespace {
            let pause = pause(after: failure, telling: notifier)
            #expect(pause.seconds >= 1 && !pause.isStopped)
        }
        var octets = [UInt8](repeating: 0, count: 100)
        let count = unsafe read(socket, &octets, octets.count)
        #expect(
            String(decoding: octets.prefix(max(count, 0)), as: UTF8.self)
                == "STATUS=bind udp 0.0.0.0:7694: taken"
        )
    }

    @Test("ends at once, and not as a failure, when it is told to")
    func terminated() throws {
        let socket = try listen()
        defer { close(socket) }
        try inNetworkNamespace {
            var mask = sigset_t()
            unsafe sigemptyset(&mask)
            unsafe sigaddset(&mask, SIGTERM)
            unsafe pthread_sigmask(SIG_BLOCK, &mask, nil)
            #expect(pthread_kill(pthread_self(), SIGTERM) == 0)
            let failure = StartupFailure(.system, "epoll_create1: EMFILE")
            let pause = pause(after: failure, telling: notifier)
            #expect(pause.seconds < 0.5 && pause.isStopped)
        }
    }

    @Test("does not wait where a lease runs, where it is not restarted, or nobody restarts it")
    func atOnce() throws {
        let socket = try listen()
        defer { close(socket) }
        var urgent = StartupFailure(.system, "epoll_create1: EMFILE")
        urgent.isUrgent = true
        let system = StartupFailure(.system, "")
        let others = [StartupFailure.Status.permission, .configuration].map {
            (StartupFailure($0, ""), notifier)
        }
        for (failure, notifier) in [(urgent, notifier), (system, nil)] + others {
            let pause = pause(after: failure, telling: notifier)
            #expect(pause.seconds < 0.5 && !pause.isStopped)
        }
        #expect(!waitReadable(socket, seconds: 0))
    }
}
