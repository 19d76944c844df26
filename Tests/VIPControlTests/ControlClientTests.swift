import Foundation
import Glibc
import Testing
import VIPControl
import VIPTestSupport

@Suite("The client")
struct ControlClientTests {
    @Test("asks one line and reads the answer until the end")
    func normal() throws {
        let agent = try FakeAgent(.answers(ControlReply.status(Sample.degraded).serialized()))
        #expect(try ControlClient(path: agent.path).status() == .success(Sample.degraded))
        #expect(agent.requests == ["status"])
    }

    @Test("reads history")
    func history() throws {
        let agent = try FakeAgent(.answers(ControlReply.history(Sample.history).serialized()))
        #expect(try ControlClient(path: agent.path).history() == .success(Sample.history))
        #expect(agent.requests == ["history"])
    }

    @Test("puts an answer together that comes in pieces")
    func pieces() throws {
        let text = ControlReply.history(Sample.history).serialized()
        let agent = try FakeAgent(.dribbles(Array(text.utf8)))
        #expect(try ControlClient(path: agent.path).history() == .success(Sample.history))
    }

    @Test("reads an answer larger than any socket buffer")
    func large() throws {
        let message = String(repeating: "0123456789", count: 300_000)
        let reply = ControlReply.done(message: message, payload: nil)
        let agent = try FakeAgent(.answers(reply.serialized()))
        #expect(try ControlClient(path: agent.path).ask(.reload) == reply)
    }

    @Test("hands a refusal on as it is")
    func refusal() throws {
        let refusal = ControlRefusal(.notOwner, "lb2 owns web", help: "ask lb2")
        let agent = try FakeAgent(.answers(ControlReply.refused(refusal).serialized()))
        let client = ControlClient(path: agent.path)
        let request = ControlRequest.switchover(group: "web", to: "lb2")
        #expect(try client.ask(request) == .refused(refusal))
        #expect(agent.requests == ["switchover web to lb2"])
        #expect(try client.status() == .failure(refusal))
    }

    @Test(
        "says that what answers is no agent",
        arguments: [
            (
                "HTTP/1.1 400 Bad Request\r\n\r\n",
                "not JSON at octet 0: expected a value, found 'H'"
            ),
            ("{}", "ok: expected a boolean, found nothing"),
            ("[true]", "the document: expected an object, found an array"),
            (#"{"ok":"yes"}"#, "ok: expected a boolean, found a string"),
            (#"{"ok":true}{"ok":true}"#, "not JSON at octet 11: something follows the document"),
            (#"{"ok":false}"#, "code: expected a string, found nothing"),
        ]
    )
    func garbage(text: String, reason: String) throws {
        let agent = try FakeAgent(.answers(text))
        #expect(throws: ControlClientError.notUnderstood(path: agent.path, reason: reason)) {
            try ControlClient(path: agent.path).ask(.status)
        }
    }

    @Test("says which member of a report it did not understand")
    func wrongReport() throws {
        let agent = try FakeAgent(.answers(#"{"ok":true,"payload":{"cluster":"lb","host":7}}"#))
        let error = #expect(throws: ControlClientError.self) {
            try ControlClient(path: agent.path).status()
        }
        #expect(
            error?.description == """
                what answered at \(agent.path) is not an agent of this version: host: expected a \
                string, found an integer
                """
        )
    }

    @Test("says that the agent closed early", arguments: ["", #"{"ok":true,"#])
    func closesEarly(text: String) throws {
        let agent = try FakeAgent(.answers(text))
        let count = text.utf8.count
        #expect(throws: ControlClientError.closedEarly(path: agent.path, received: count)) {
            try ControlClient(path: agent.path).ask(.status)
        }
    }

    @Test("says that the agent closed without reading")
    func closesAtOnce() throws {
        let agent = try FakeAgent(.closes)
        #expect(throws: ControlClientError.closedEarly(path: agent.path, received: 0)) {
            try ControlClient(path: agent.path).ask(.status)
        }
    }

    @Test(
        "gives up on an agent that hangs, in time",
        arguments: [FakeAgent.Behaviour.hangs, .sleeps]
    )
    func hangs(behaviour: FakeAgent.Behaviour) throws {
        let agent = try FakeAgent(behaviour)
        let start = ContinuousClock.now
        let error = #expect(throws: ControlClientError.self) {
            try ControlClient(path: agent.path, timeout: 0.25).ask(.status)
        }
        #expect(start.duration(to: .now) >= .milliseconds(250))
        #expect(start.duration(to: .now) < .seconds(3))
        #expect(
            error?.description == """
                agent at \(agent.path) did not answer within 0.25 s: it sent \
                nothing, or not all of its answer; an order that it had read by then is carried out
                """
        )
    }

    @Test("gives up on an agent whose queue is full, in time")
    func queueIsFull() throws {
        let agent = try FakeAgent(.sleeps, backlog: 0)
        // Who waits in the queue fills it for whoever comes later.
        let waiting = try #require(Waiting(on: agent.path))
        defer { waiting.end() }
        #expect(
            throws: ControlClientError.timedOut(
                path: agent.path,
                phase: .connecting,
                seconds: 0.25
            )
        ) {
            try ControlClient(path: agent.path, timeout: 0.25).ask(.status)
        }
    }

    @Test("says that nobody is there: no file, no folder, a file left behind, no socket")
    func nobody() throws {
        let scratch = ScratchDirectory()
        let folder = scratch.path
        let file = folder + "/file"
        try Data().write(to: URL(fileURLWithPath: file))
        for (path, code) in [
            (folder + "/none", ENOENT), (folder + "/none/none", ENOENT), (file, ECONNREFUSED),
            (file + "/none", ENOTDIR),
        ] {
            #expect(throws: ControlClientError.noAgent(path: path, errno: code)) {
                try ControlClient(path: path).ask(.status)
            }
        }
        #expect(
            ControlClientError.noAgent(path: "/run/x", errno: ENOENT).description == """
                no agent is listening at /run/x (No such file or directory): is vip-agent running?
                """
        )
    }

    @Test("says what to be when it is not permitted", .enabled(if: geteuid() == 0))
    func notPermitted() async throws {
        let agent = try FakeAgent(.answers("{}"))
        let chmodded = unsafe chmod(agent.path, 0o600)
        try #require(chmodded == 0)
        let path = agent.path
        let error: ControlClientError? = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                becomeNobodyInThisThread()
                do throws(ControlClientError) {
                    _ = try ControlClient(path: path).ask(.status)
                    continuation.resume(returning: nil)
                } catch {
                    continuation.resume(returning: error)
                }
            }
        }
        #expect(error == .notPermitted(path: agent.path))
        #expect(
            error?.description
                == "permission denied at \(agent.path): be root or in group vip-agent"
        )
    }

    @Test("a path of 107 octets is tried, and one more is refused")
    func longPath() {
        let path = "/tmp/" + String(repeating: "p", count: 102)
        #expect(throws: ControlClientError.noAgent(path: path, errno: ENOENT)) {
            try ControlClient(path: path).ask(.status)
        }
        #expect(throws: ControlClientError.pathTooLong(path: path + "p", limit: 107)) {
            try ControlClient(path: path + "p").ask(.status)
        }
    }
}

/// Gives the thread nobody's access to files, and takes root's passage through permissions away.
/// The module map of Glibc leaves `setfsuid` out.
private func becomeNobodyInThisThread() {
    let symbol = unsafe dlsym(nil, "setfsuid")
    typealias SetFileSystemUser = @convention(c) (UInt32) -> Int32
    let setFileSystemUser = unsafe unsafeBitCast(symbol, to: SetFileSystemUser.self)
    _ = setFileSystemUser(65_534)
}

/// A client that connects and then waits.
private struct Waiting {
    private let descriptor: Int32

    init?(on path: String) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) {
            unsafe $0.copyBytes(from: path.utf8)
        }
        let result = unsafe withUnsafePointer(to: address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { [descriptor] in
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { return nil }
    }

    func end() {
        close(descriptor)
    }
}
