import CNetlink
import Glibc
import Logging
import Testing
import VIPAgent
import VIPPlatform
import VIPTestSupport

@Suite("Journal")
struct JournalTests {
    @Test("an entry has priority and message first, and a length where a value has a line break")
    func octets() {
        let entry = JournalEntry(
            priority: 5,
            message: "takeover group=web",
            fields: [("VIP_EVENT", "takeover"), ("VIP_REASON", "a\nb"), ("VIP_EMPTY", "")]
        )
        let expected =
            Array("PRIORITY=5\nMESSAGE=takeover group=web\nSYSLOG_IDENTIFIER=vip-agent\n".utf8)
            + Array("VIP_EVENT=takeover\nVIP_REASON\n".utf8) + [3, 0, 0, 0, 0, 0, 0, 0]
            + Array("a\nb\nVIP_EMPTY=\n".utf8)
        #expect(entry.octets == expected)
        #expect(JournalEntry.line(of: entry.octets) == Array("<5>takeover group=web".utf8))
    }

    @Test("a field's name has the journal's letters only, and as many as it takes")
    func names() {
        #expect(JournalEntry.name(for: "group") == "VIP_GROUP")
        #expect(JournalEntry.name(for: "lease-left.ü") == "VIP_LEASE_LEFT__")
        let long = JournalEntry.name(for: String(repeating: "x", count: 100))
        #expect(long == "VIP_" + String(repeating: "X", count: 60))
    }

    @Test("a long message is cut, a field without room is left out whole, and a later one is not")
    func bounds() {
        let message = String(repeating: "ü", count: 500)
        let entry = JournalEntry(
            priority: 3,
            message: message,
            fields: [("VIP_REASON", message), ("VIP_GROUP", "web")]
        )
        let text = String(decoding: entry.octets, as: UTF8.self)
        #expect(
            text == "PRIORITY=3\nMESSAGE=\(String(repeating: "ü", count: 450))…\n"
                + "SYSLOG_IDENTIFIER=vip-agent\nVIP_GROUP=web\n"
        )
        #expect(entry.octets.count <= LineRing.longestLine)
    }

    /// Standard error as the service manager sets it up, and the journal's socket.
    private final class Stage {
        let directory = ScratchDirectory()
        let journal: Descriptor
        let reader: Descriptor
        let writer: Descriptor
        let output: LogOutput

        init() throws {
            journal = try Self.listen(at: directory("socket"))
            var ends: [Int32] = [0, 0]
            try #require(unsafe pipe(&ends) == 0)
            reader = Descriptor(owning: ends[0])
            writer = Descriptor(owning: ends[1])
            var status = stat()
            try #require(unsafe fstat(ends[1], &status) == 0)
            let stream = "\(status.st_dev):\(status.st_ino)"
            output = try LogOutput(
                descriptor: ends[1],
                journal: directory("socket"),
                environment: { $0 == "JOURNAL_STREAM" ? stream : nil }
            )
        }

        static func listen(at path: String) throws -> Descriptor {
            let socket = Descriptor(owning: vip_socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0))
            try SystemCall.check("bind", on: path) { unsafe vip_unix_bind(socket.number, path) }
            return socket
        }

        var log: Logger {
            let output = output
            return Logger(label: "test") { _ in StandardErrorLog(output: output) }
        }

        var entry: String { read(journal) }
        var line: String { read(reader) }

        private func read(_ descriptor: borrowing Descriptor) -> String {
            guard waitReadable(descriptor.number, seconds: 0) else { return "" }
            var octets = [UInt8](repeating: 0, count: 4096)
            let count = unsafe Glibc.read(descriptor.number, &octets, octets.count)
            return String(decoding: octets.prefix(max(count, 0)), as: UTF8.self)
        }
    }

    @Test("every fact is a field that the journal can be asked for")
    func facts() throws {
        let stage = try Stage()
        stage.log.warning("takeover", metadata: ["group": "web", "reason": "lb1 \"is\"\nsilent"])
        #expect(stage.output.flush())
        let expected = """
            PRIORITY=4
            MESSAGE=takeover group=web reason="lb1 \\"is\\"\\nsilent"
            SYSLOG_IDENTIFIER=vip-agent
            VIP_EVENT=takeover
            VIP_GROUP=web
            VIP_REASON
            \u{f}\0\0\0\0\0\0\0lb1 "is"
            silent

            """
        #expect(stage.entry == expected)
        #expect(stage.line == "")
    }

    @Test("what the journal does not take is a line with a priority, and nothing is lost")
    func fallback() throws {
        let stage = try Stage()
        #expect(unsafe unlink(stage.directory("socket")) == 0)
        stage.log.critical("gone", metadata: ["group": "web"])
        #expect(stage.output.flush())
        #expect(stage.line == "<2>gone group=web\n")

        let again = try Stage.listen(at: stage.directory("socket"))
        stage.log.notice("back")
        #expect(stage.output.flush())
        #expect(waitReadable(again.number))
        #expect(stage.line == "")

        // Nobody reads: the journal takes some, and the rest goes the other way.
        for _ in 0..<200 { stage.log.notice("many") }
        #expect(stage.output.flush())
        #expect(stage.line.hasPrefix("<5>many\n"))
    }

    @Test("another stream than the service manager's is not the journal")
    func otherStream() throws {
        let stage = try Stage()
        let output = try LogOutput(descriptor: stage.writer.number, environment: { _ in "1:1" })
        #expect(!output.isJournal)
    }
}
