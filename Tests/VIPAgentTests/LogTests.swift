import CNetlink
import Glibc
import Logging
import Testing
import VIPAgent
import VIPPlatform
import VIPTestSupport

@Suite("Log")
struct LogTests {
    private func pipePair() -> (reader: Int32, writer: Int32) {
        var ends: [Int32] = [0, 0]
        #expect(unsafe pipe(&ends) == 0)
        return (ends[0], ends[1])
    }

    private func read(_ descriptor: Int32) -> String {
        var octets = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe Glibc.read(descriptor, &octets, octets.count)
        return String(decoding: octets.prefix(max(count, 0)), as: UTF8.self)
    }

    @Test("facts are sorted, and quoted where they are more than a word")
    func line() {
        let line = StandardErrorLog.line(
            message: "takeover",
            metadata: [
                "term": "18", "group": "web", "reason": "lease of \"lb1\" ran out",
                "after": "503ms",
                "empty": "", "path": "a\\b",
            ]
        )
        #expect(
            line == #"takeover after=503ms empty="" group=web path="a\\b" "#
                + #"reason="lease of \"lb1\" ran out" term=18"#
        )
    }

    @Test("no text from outside can begin a line of its own, or talk to the terminal")
    func escapes() {
        let line = StandardErrorLog.line(
            message: "a\nb",
            metadata: ["name": "x\n<0>forged\u{1b}[2J\u{9b}"]
        )
        #expect(line == #"a\nb name="x\n<0>forged\u{1b}[2J\u{9b}""#)
    }

    @Test("lines carry time and level")
    func terminal() throws {
        let ends = pipePair()
        defer {
            close(ends.reader)
            close(ends.writer)
        }
        let output = try LogOutput(descriptor: ends.writer, environment: { _ in nil })
        var logger = Logger(label: "test") { _ in StandardErrorLog(output: output) }
        logger[metadataKey: "group"] = "web"
        logger.debug("unseen")
        logger.notice("takeover", metadata: ["term": "18"])
        #expect(output.flush())
        let line = read(ends.reader)
        #expect(line.hasSuffix("Z notice takeover group=web term=18\n"))
        #expect(line.utf8.count == 59)
        #expect(
            StandardErrorLog.timestamp(nanoseconds: 1_795_249_675_123_456_789)
                == "2026-11-21T08:27:55.123Z"
        )
    }

    @Test("a reader that has stopped stops nobody who logs, and is told how much it missed")
    func blocked() throws {
        let ends = pipePair()
        defer {
            close(ends.reader)
            close(ends.writer)
        }
        let output = try LogOutput(descriptor: ends.writer, environment: { _ in nil })
        try output.start()
        let line = String(repeating: "x", count: 999)
        for _ in 0..<2000 { output.put(line) }
        #expect(!output.flush(patience: .milliseconds(20)))
        var text = ""
        while !text.contains("lines dropped") {
            #expect(waitReadable(ends.reader))
            text += read(ends.reader)
        }
        let whole = text.split(separator: "\n").filter { $0 == line }.count
        let dropped = try #require(
            text.split(separator: "\n").last { $0.hasSuffix("lines dropped") }
        )
        #expect(dropped == "log: \(2000 - whole) lines dropped")
        output.put("again")
        #expect(output.flush())
        #expect(read(ends.reader) == "again\n")
    }

    @Test("lines of several threads are all there, and whole")
    func threads() throws {
        let ring = LineRing(slots: 4096)
        let writers = 4
        let each = 1000
        let pool = (0..<writers).map { writer in
            Worker {
                for number in 0..<each { ring.put(Array("\(writer) \(number)".utf8).span) }
            }
        }
        for worker in pool { worker.join() }
        var next = [Int](repeating: 0, count: writers)
        while let line = ring.pop() {
            let parts = String(decoding: line, as: UTF8.self).split(separator: " ")
            let writer = try #require(Int(parts[0]))
            #expect(Int(parts[1]) == next[writer])
            next[writer] += 1
        }
        #expect(next == [1000, 1000, 1000, 1000])
        #expect(ring.takeDropped() == 0)
    }

    private func put(_ line: [UInt8], in ring: LineRing) -> Bool { ring.put(line.span) }

    @Test("a line that is too long is cut between characters, and shows it")
    func long() throws {
        let ring = LineRing(slots: 2)
        #expect(put(Array(String(repeating: "ü", count: 600).utf8), in: ring))
        let text = String(decoding: try #require(ring.pop()), as: UTF8.self)
        #expect(text == String(repeating: "ü", count: 506) + "…")
        #expect(put([1], in: ring))
        #expect(put([2], in: ring))
        #expect(!put([3], in: ring))
        #expect(ring.pop() == [1])
        #expect(put([4], in: ring))
        #expect(ring.pop() == [2])
        #expect(ring.pop() == [4])
        #expect(ring.pop() == nil)
        #expect(ring.takeDropped() == 1)
    }

    @Test("repeats are folded")
    func folds() {
        var fold = RepeatFold()
        let second: Int64 = 1_000_000_000
        #expect(fold.verdict(on: "badMAC", at: 0) == .log(repeats: nil))
        for _ in 0..<17 { #expect(fold.verdict(on: "badMAC", at: second) == .hold) }
        #expect(fold.verdict(on: "replayed", at: second) == .log(repeats: nil))
        #expect(
            fold.verdict(on: "badMAC", at: 5 * second) == .log(repeats: "repeated 17 times in 5 s")
        )
        #expect(fold.verdict(on: "badMAC", at: 6 * second) == .hold)
        #expect(
            fold.verdict(on: "badMAC", at: 10 * second) == .log(repeats: "repeated 1 time in 5 s")
        )
        for index in 0..<1000 {
            #expect(fold.verdict(on: "kind \(index)", at: 11 * second) == .log(repeats: nil))
        }
    }
}

/// A thread that can be waited for.
private final class Worker {
    private var thread = pthread_t()

    init(_ body: @escaping () -> Void) {
        let box = unsafe Unmanaged.passRetained(Box(body)).toOpaque()
        let failure = unsafe pthread_create(
            &thread,
            nil,
            { argument in
                unsafe Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
                return nil
            },
            box
        )
        #expect(failure == 0)
    }

    func join() { pthread_join(thread, nil) }

    private final class Box {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }
}
