import CNetlink
import Glibc
import Testing
import VIPAgent
import VIPControl
import VIPPlatform
import VIPTestSupport

/// A client of the control socket, which waits for nothing but its answer.
private final class Client {
    let descriptor: Descriptor

    init(_ path: String) throws {
        descriptor = Descriptor(owning: vip_socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
        try SystemCall.check("connect", on: path) {
            unsafe vip_unix_connect(descriptor.number, path)
        }
    }

    @discardableResult
    func send(_ text: String) -> Int { send(Array(text.utf8)) }

    @discardableResult
    func send(_ octets: [UInt8]) -> Int {
        unsafe Glibc.send(descriptor.number, octets, octets.count, Int32(MSG_NOSIGNAL))
    }

    func closeWriting() { shutdown(descriptor.number, Int32(SHUT_WR)) }

    /// As if it were closed, also where a process that is just starting has a copy of it.
    func hangUp() { shutdown(descriptor.number, Int32(SHUT_RDWR)) }

    /// What can be read now: nil while the connection is open and silent.
    func receive() -> [UInt8]? {
        var octets = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe recv(descriptor.number, &octets, octets.count, 0)
        return count < 0 ? nil : Array(octets.prefix(count))
    }

    /// Whether the connection ends. It may take a moment: a process that another test is starting
    /// holds copies of all descriptors until it has become its program.
    func hasEnded() -> Bool { waitReadable(descriptor.number) && receive() == [] }

    func text() -> String? { receive().map { String(decoding: $0, as: UTF8.self) } }
}

@Suite("Control socket")
struct ControlSocketTests {
    let scratch = ScratchDirectory()
    let loop: EventLoop
    let control: ControlSocket

    init() throws {
        loop = try EventLoop()
        control = try ControlSocket(
            path: scratch("control.sock"),
            group: "no-such-group",
            in: loop,
            tokens: 100
        )
    }

    /// Handles what is ready, until nothing is.
    private func turn(at now: Int64 = 0) throws -> [ControlSocket.Request] {
        var requests: [ControlSocket.Request] = []
        for _ in 0..<1000 {
            let count = try loop.wait(until: 1)
            if count == 0 { return requests }
            for index in 0..<count {
                requests += control.handle(loop.ready(index), at: now)
            }
        }
        Issue.record("the event loop spins")
        return requests
    }

    @Test("a line is a request, and its answer ends the connection")
    func request() throws {
        let client = try Client(scratch("control.sock"))
        client.send("stat")
        #expect(try turn().isEmpty)
        client.send("us\n")
        let requests = try turn()
        #expect(requests.map(\.line) == ["status"])
        #expect(client.receive() == nil)
        control.reply(requests[0].client, Array("all is well\n".utf8), keepOpen: false, at: 0)
        #expect(client.text() == "all is well\n")
        #expect(client.hasEnded())
        #expect(!control.isConnected(requests[0].client))
    }

    @Test("an answer can come in parts")
    func watch() throws {
        let client = try Client(scratch("control.sock"))
        client.send("watch\n")
        let id = try #require(try turn().first).client
        #expect(control.reply(id, [1], keepOpen: true, at: 0))
        #expect(control.reply(id, [2], keepOpen: true, at: 0))
        #expect(client.receive() == [1, 2])
        #expect(client.receive() == nil)
        control.reply(id, [3], keepOpen: false, at: 0)
        #expect(client.receive() == [3])
        #expect(!control.reply(id, [4], keepOpen: false, at: 0))
    }

    @Test("a client that has closed its side after the line still gets its answer")
    func halfClosed() throws {
        let client = try Client(scratch("control.sock"))
        client.send("status\n")
        client.closeWriting()
        let requests = try turn()
        #expect(requests.map(\.line) == ["status"])
        #expect(try turn().isEmpty)
        control.reply(requests[0].client, [7], keepOpen: false, at: 0)
        #expect(client.receive() == [7])
    }

    @Test(
        "what is not one line of text is refused as any bad request is",
        arguments: [
            (
                [UInt8](repeating: 0x61, count: 4097),
                "the request is longer than 600 octets"
            ),
            ([0xff, 0xfe, 0x0a], "the request is not UTF-8"),
            (Array("a\nb\n".utf8), "there is more than one line"),
        ]
    )
    func invalid(octets: [UInt8], answer: String) throws {
        let client = try Client(scratch("control.sock"))
        client.send(octets)
        #expect(try turn().isEmpty)
        let reply = try ControlReply(
            json: JSONReader(JSONValue(parsing: try #require(client.text())))
        )
        guard case .refused(let refusal) = reply else {
            Issue.record("it was not refused: \(reply)")
            return
        }
        #expect(refusal.code == .badRequest)
        #expect(refusal.error == answer)
    }

    @Test("the longest line there may be is accepted")
    func longest() throws {
        let client = try Client(scratch("control.sock"))
        let length = ControlSocket.longestLine
        client.send([UInt8](repeating: 0x61, count: length) + [0x0a])
        #expect(try turn().map(\.line.utf8.count) == [length])
    }

    @Test("a line is known to be abandoned if whoever said it has gone before it is read")
    func abandoned() throws {
        let staying = try Client(scratch("control.sock"))
        staying.send("status\n")
        #expect(try turn().map(\.isAbandoned) == [false])
        let leaving = try Client(scratch("control.sock"))
        leaving.send("takeover web force\n")
        leaving.hangUp()
        #expect(try turn().map(\.isAbandoned) == [true])
    }

    @Test("who says nothing is dropped in time")
    func silent() throws {
        let client = try Client(scratch("control.sock"))
        _ = try turn(at: 1000)
        #expect(control.deadline == 5_000_001_000)
        control.expire(at: 5_000_000_999)
        #expect(client.receive() == nil)
        control.expire(at: 5_000_001_000)
        #expect(client.hasEnded())
        #expect(control.deadline == nil)
    }

    @Test("who does not read is dropped in time, and one who falls too far behind at once")
    func slow() throws {
        let slow = try Client(scratch("control.sock"))
        slow.send("watch\n")
        let id = try #require(try turn().first).client
        let block = [UInt8](repeating: 1, count: 1 << 22)
        #expect(control.reply(id, block, keepOpen: true, at: 0))
        #expect(try turn(at: 1).isEmpty)
        #expect(control.deadline != nil)
        control.expire(at: 5_000_000_001)
        #expect(!control.isConnected(id))

        let greedy = try Client(scratch("control.sock"))
        greedy.send("watch\n")
        let other = try #require(try turn().first).client
        var accepted = 0
        while accepted < 10, control.reply(other, block, keepOpen: true, at: 0) { accepted += 1 }
        #expect((1...3).contains(accepted))
        #expect(!control.isConnected(other))
    }

    @Test("an answer arrives whole that is as long as what a client reads")
    func long() throws {
        #expect(ControlSocket.mostPending == JSONValue.lengthLimit)
        let client = try Client(scratch("control.sock"))
        client.send("history\n")
        let id = try #require(try turn().first).client
        let answer = (0..<JSONValue.lengthLimit).map { UInt8(truncatingIfNeeded: $0 >> 3) }
        control.reply(id, answer, keepOpen: false, at: 0)
        var received: [UInt8] = []
        while let part = client.receive(), !part.isEmpty {
            received += part
            _ = try turn()
        }
        #expect(received == answer)
    }

    @Test(
        "the seventeenth client is told that there are too many, and another gets its place later"
    )
    func full() throws {
        var clients = try (0..<16).map { _ in try Client(scratch("control.sock")) }
        for client in clients { client.send("x\n") }
        let first = try turn()
        #expect(first.count == 16)
        for asks in [false, true] {
            let late = try Client(scratch("control.sock"))
            if asks { late.send("status\n") }
            #expect(try turn().isEmpty)
            let text = try #require(late.receive())
            let reply = try ControlReply(json: JSONReader(JSONValue(parsing: text)))
            guard case .refused(let refusal) = reply else {
                Issue.record("it was not refused: \(reply)")
                return
            }
            #expect(refusal.code == .busy)
            #expect(refusal.error == "too many connections to the agent")
            #expect(late.hasEnded())
        }
        #expect(control.turnedAway == 2)
        control.reply(first[3].client, [1], keepOpen: false, at: 0)
        let next = try Client(scratch("control.sock"))
        next.send("z\n")
        #expect(try turn().count == 1)
        // The place has been taken again, by another: an answer to the first is not for it.
        #expect(!control.reply(first[3].client, [2], keepOpen: false, at: 0))
        clients.removeAll()
        #expect(try turn().isEmpty)
        let late = try Client(scratch("control.sock"))
        late.send("y\n")
        #expect(try turn().map(\.line) == ["y"])
    }

    @Test("a client that is gone before its answer costs nothing")
    func gone() throws {
        var client: Client? = try Client(scratch("control.sock"))
        client?.send("status\n")
        client = nil
        let requests = try turn()
        #expect(requests.map(\.line) == ["status"])
        control.reply(requests[0].client, [1], keepOpen: true, at: 0)
        #expect(!control.isConnected(requests[0].client))
        #expect(try turn().isEmpty)
    }

    @Test("the file is for owner and group only")
    func mode() throws {
        var status = stat()
        #expect(unsafe stat(scratch("control.sock"), &status) == 0)
        #expect(status.st_mode & 0o777 == 0o660)
    }

    @Test("a socket that somebody answers on is left alone, a stale one is replaced")
    func stale() throws {
        #expect(throws: SystemError.self) {
            try ControlSocket(
                path: scratch("control.sock"),
                group: nil,
                in: loop,
                tokens: 200
            )
        }
        let path = scratch("stale.sock")
        do {
            let dead = Descriptor(owning: vip_socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
            #expect(unsafe vip_unix_bind(dead.number, path) == 0)
        }
        let second = try ControlSocket(path: path, group: nil, in: loop, tokens: 200)
        _ = try Client(path)
        _ = second
    }

    @Test("what is no socket is not ours to remove")
    func foreign() throws {
        let path = scratch("notes.txt")
        try WholeFile.replace(path, with: Array("mine".utf8), mode: 0o600)
        #expect(unsafe symlink(scratch("control.sock"), scratch("link.sock")) == 0)
        for path in [path, scratch("link.sock")] {
            let failure = try #require(throws: SystemError.self) {
                try ControlSocket(path: path, group: nil, in: loop, tokens: 200)
            }
            #expect(
                failure.description == """
                    bind \(path): ENOTSOCK (Socket operation on non-socket); something else is at \
                    that path: move it away
                    """
            )
        }
        #expect(try WholeFile.read(path, most: 100) == Array("mine".utf8))
    }

    @Test("seats: four for a user, two that are root's alone, the agent's own user in between")
    func seats() {
        let (root, agent, one, two) = (uid_t(0), uid_t(900), uid_t(1000), uid_t(1001))
        func seats(_ taken: uid_t...) -> [uid_t?] {
            taken.map { $0 } + Array(repeating: nil, count: 16 - taken.count)
        }
        func hasRoom(_ user: uid_t, _ taken: [uid_t?]) -> Bool {
            ControlSeats.hasRoom(for: user, among: taken, agent: agent)
        }
        #expect(hasRoom(one, seats(one, one, one)))
        #expect(!hasRoom(one, seats(one, one, one, one)))
        #expect(hasRoom(two, seats(one, one, one, one)))
        #expect(hasRoom(agent, seats(agent, agent, agent, agent)))
        let crowd = [uid_t?](repeating: agent, count: 14) + [nil, nil]
        #expect(!hasRoom(agent, crowd) && !hasRoom(one, crowd) && hasRoom(root, crowd))
        let full = [uid_t?](repeating: agent, count: 14) + [root, root]
        #expect(!hasRoom(root, full))
    }

    @Test("a socket that was deleted is made anew, and who was connected stays so")
    func putBack() throws {
        let early = try Client(scratch("control.sock"))
        #expect(try turn().isEmpty)
        let waiting = try Client(scratch("control.sock"))
        #expect(control.isInPlace)
        #expect(unsafe unlink(scratch("control.sock")) == 0)
        #expect(!control.isInPlace)
        try control.putBack(at: 0)
        #expect(control.isInPlace)
        let late = try Client(scratch("control.sock"))
        for client in [early, waiting, late] { client.send("x\n") }
        #expect(try turn().count == 3)
        // A file that somebody has put there is not ours to remove.
        #expect(unsafe unlink(scratch("control.sock")) == 0)
        try WholeFile.replace(scratch("control.sock"), with: [1], mode: 0o600)
        #expect(!control.isInPlace)
        #expect(throws: SystemError.self) { try control.putBack(at: 0) }
    }

    @Test(
        "another user may ask only as a member of the group, be it a supplementary one",
        .enabled(if: isRoot, "to become another user takes root"),
        arguments: [
            (["--regid=65534", "--clear-groups"], false),
            (["--regid=65534", "--groups=65534,1"], true),
            (["--regid=1", "--clear-groups"], true),
        ]
    )
    func stranger(identity: [String], isMember: Bool) throws {
        let path = scratch("group.sock")
        // Debian's group 1, which is on every system.
        let control = try ControlSocket(path: path, group: "daemon", in: loop, tokens: 300)
        #expect(control.group == 1)
        #expect(unsafe chmod(scratch.path, 0o755) == 0)
        #expect(unsafe chmod(path, 0o666) == 0)
        let connect =
            "socket(S, AF_UNIX, SOCK_STREAM, 0); connect(S, sockaddr_un('\(path)')) or exit 1;"
            + "send(S, \"x\\n\", 0)"
        let program = ["perl", "-MSocket", "-e", connect]
        #expect(run(["setpriv", "--reuid=65534"] + identity + program) == 0)
        var lines: [String] = []
        while try loop.wait(until: 1) > 0 {
            let ready = loop.ready(0)
            lines += control.handle(ready, at: 0).map(\.line)
            if !lines.isEmpty { break }
        }
        #expect(lines == (isMember ? ["x"] : []))
        #expect(control.refused == (isMember ? 0 : 1))
    }

    @Test(
        "forty idle connections of a member of the group do not keep root out",
        .enabled(if: isRoot, "to become another user takes root")
    )
    func crowd() throws {
        let path = scratch("group.sock")
        let control = try ControlSocket(path: path, group: "daemon", in: loop, tokens: 300)
        #expect(unsafe chmod(scratch.path, 0o755) == 0)
        #expect(unsafe chmod(path, 0o666) == 0)
        let connect =
            "for (1..40) { socket(my $s, AF_UNIX, SOCK_STREAM, 0); push @s, $s;"
            + " connect($s, sockaddr_un('\(path)')) or exit 1; select undef, undef, undef, 0.01 }"
            + " sleep 20"
        let user = ["setpriv", "--reuid=65534", "--regid=1", "--clear-groups"]
        let pid = start(user + ["perl", "-MSocket", "-e", connect])
        defer {
            kill(pid, SIGKILL)
            var status: Int32 = 0
            _ = unsafe waitpid(pid, &status, 0)
        }
        let end = ClockReading.bootNow() + 10_000_000_000
        while control.turnedAway < 36, ClockReading.bootNow() < end {
            let count = try loop.wait(until: ClockReading.bootNow() + 100_000_000)
            for index in 0..<count { _ = control.handle(loop.ready(index), at: 0) }
        }
        #expect(control.turnedAway == 36)
        let root = try Client(path)
        root.send("status\n")
        var lines: [String] = []
        while try loop.wait(until: 1) > 0, lines.isEmpty {
            lines += control.handle(loop.ready(0), at: 0).map(\.line)
        }
        #expect(lines == ["status"])
    }
}
