import CNetlink
import Glibc
import Testing
import VIPAgent
import VIPPlatform
import VIPTestSupport

@Suite("Event loop")
struct EventLoopTests {
    @Test("it wakes at the deadline and not before")
    func deadline() throws {
        let loop = try EventLoop()
        for _ in 0..<3 {
            let deadline = ClockReading.bootNow() + 3_000_000
            #expect(try loop.wait(until: deadline) == 0)
            #expect(ClockReading.bootNow() >= deadline)
        }
    }

    @Test("a deadline that has passed does not wait, however often it is asked for")
    func passed() throws {
        let loop = try EventLoop()
        for deadline in [0, -5, 1, 1, 1] as [Int64] {
            #expect(try loop.wait(until: deadline) == 0)
        }
    }

    @Test("what is ready is reported with its token, until it is read")
    func readiness() throws {
        let loop = try EventLoop()
        let event = Descriptor(owning: vip_eventfd_create(1))
        try loop.add(event.number, token: 42)
        #expect(try loop.wait(until: 1) == 0)
        var one: UInt64 = 1
        #expect(unsafe write(event.number, &one, 8) == 8)
        // Without a deadline, and with one that has passed: the timer never hides a descriptor.
        for deadline in [nil, 1] as [Int64?] {
            #expect(try loop.wait(until: deadline) == 1)
            #expect(loop.ready(0).token == 42)
            #expect(loop.ready(0).isReadable)
            #expect(!loop.ready(0).isHungUp)
        }
        loop.remove(event.number)
        #expect(try loop.wait(until: 1) == 0)
    }

    @Test("the two clocks are read together and go forward")
    func clocks() {
        let first = ClockReading.now()
        let second = ClockReading.now()
        #expect(second.boot >= first.boot && second.raw >= first.raw)
        #expect(first.boot > 0 && first.raw > 0)
    }
}

@Suite("Service manager")
struct ServiceNotifierTests {
    let scratch = ScratchDirectory()

    private func listen(_ path: String) throws -> Descriptor {
        let socket = Descriptor(owning: vip_socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0))
        let number = socket.number
        try SystemCall.check("bind", on: path) { unsafe vip_unix_bind(number, path) }
        return socket
    }

    private func receive(_ socket: borrowing Descriptor) -> String? {
        var octets = [UInt8](repeating: 0, count: 4096)
        let count = unsafe recv(socket.number, &octets, octets.count, 0)
        return count < 0 ? nil : String(decoding: octets.prefix(count), as: UTF8.self)
    }

    @Test("it is told over a path or an abstract socket")
    func told() throws {
        for path in [scratch("notify"), "@vip-agent-test-\(getpid())"] {
            let socket = try listen(path)
            let notifier = try #require(
                ServiceNotifier(environment: { $0 == "NOTIFY_SOCKET" ? path : nil })
            )
            #expect(notifier.watchdog == nil)
            notifier.send(.ready, .status("owner of\nweb"))
            #expect(receive(socket) == "READY=1\nSTATUS=owner of web")
            notifier.send(.watchdog)
            #expect(receive(socket) == "WATCHDOG=1")
            notifier.store(0, name: "gate")
            #expect(receive(socket) == "FDSTORE=1\nFDNAME=gate\nFDPOLL=0")
            notifier.discard("gate")
            #expect(receive(socket) == "FDSTOREREMOVE=1\nFDNAME=gate")
        }
    }

    @Test("where nobody listens there is nothing to tell, and nothing waits for it")
    func nobody() throws {
        #expect(ServiceNotifier(environment: { _ in nil }) == nil)
        let path = scratch("nobody")
        let notifier = try #require(
            ServiceNotifier(environment: { $0 == "NOTIFY_SOCKET" ? path : nil })
        )
        notifier.send(.ready)
        #expect(notifier.retryAt == nil)
    }

    private func notifier(to path: String) throws -> ServiceNotifier {
        try #require(ServiceNotifier(environment: { $0 == "NOTIFY_SOCKET" ? path : nil }))
    }

    /// Until a message has to wait. How many there are then, the one that waits included.
    private func fill(_ notifier: ServiceNotifier) -> Int {
        var sent = 0
        while sent < 100_000, notifier.retryAt == nil {
            notifier.send(.stopping)
            sent += 1
        }
        #expect(sent < 100_000)
        return sent
    }

    /// All that was sent and waits to be.
    private func drain(_ notifier: ServiceNotifier, _ socket: borrowing Descriptor) -> [String] {
        var heard: [String] = []
        while notifier.retryAt != nil {
            if let text = receive(socket) { heard.append(text) }
            notifier.flush()
        }
        while let text = receive(socket) { heard.append(text) }
        return heard
    }

    @Test("what a full socket does not take is sent later, in its order")
    func full() throws {
        let socket = try listen(scratch("full"))
        let notifier = try notifier(to: scratch("full"))
        let sent = fill(notifier)
        #expect(!notifier.isStoring)
        notifier.store(0, name: "gate")
        notifier.send(.ready)
        #expect(notifier.isStoring)
        let heard = drain(notifier, socket)
        #expect(heard.count == sent + 2)
        #expect(heard.prefix(sent).allSatisfy { $0 == "STOPPING=1" })
        #expect(heard.suffix(2) == ["FDSTORE=1\nFDNAME=gate\nFDPOLL=0", "READY=1"])
        #expect(!notifier.isStoring)
    }

    @Test("a status or sign of life that waits makes room for the next one, and for nothing else")
    func replaced() throws {
        let socket = try listen(scratch("full"))
        let notifier = try notifier(to: scratch("full"))
        let sent = fill(notifier)
        notifier.store(0, name: "gate")
        for number in 0..<1000 {
            notifier.send(.status("\(number)"))
            notifier.send(.watchdog)
        }
        notifier.send(.ready, .status("owner of web"))
        let heard = drain(notifier, socket)
        #expect(
            heard.dropFirst(sent) == [
                "FDSTORE=1\nFDNAME=gate\nFDPOLL=0", "STATUS=999", "WATCHDOG=1",
                "READY=1\nSTATUS=owner of web",
            ]
        )
    }

    @Test("where 64 others wait, the oldest is given up")
    func tooMany() throws {
        let socket = try listen(scratch("full"))
        let notifier = try notifier(to: scratch("full"))
        let sent = fill(notifier)
        notifier.send(.ready)
        for number in 0..<64 { notifier.discard("\(number)") }
        let heard = drain(notifier, socket)
        #expect(heard.count == sent - 1 + 64)
        #expect(heard.suffix(64) == (0..<64).map { "FDSTOREREMOVE=1\nFDNAME=\($0)" }[...])
    }

    @Test("a status of more than 1,000 octets is cut between two characters")
    func long() throws {
        let socket = try listen(scratch("notify"))
        let notifier = try notifier(to: scratch("notify"))
        notifier.send(.status(String(repeating: "a", count: 1000)))
        #expect(receive(socket) == "STATUS=" + String(repeating: "a", count: 1000))
        notifier.send(.status(String(repeating: "a", count: 1001)))
        #expect(receive(socket) == "STATUS=" + String(repeating: "a", count: 997) + "…")
        notifier.send(.status("a" + String(repeating: "é", count: 500)))
        #expect(receive(socket) == "STATUS=a" + String(repeating: "é", count: 498) + "…")
    }

    @Test("the watchdog's interval is ours only if it names us")
    func watchdog() throws {
        func notifier(pid: String) -> ServiceNotifier? {
            let variables = [
                "NOTIFY_SOCKET": "/run/none", "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": pid,
            ]
            return ServiceNotifier(environment: { variables[$0] })
        }
        #expect(notifier(pid: "\(getpid())")?.watchdog == 3_000_000_000)
        #expect(notifier(pid: "1")?.watchdog == nil)
    }
}
