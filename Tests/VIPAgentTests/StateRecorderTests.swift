import Glibc
import Testing
import VIPAgent
import VIPConfiguration
import VIPPlatform
import VIPTestSupport

/// A service thread whose disk hangs until it is told to go on.
private final class HangingDisk {
    let thread: ServiceThread
    private var ends: [Int32] = [0, 0]

    init() throws {
        thread = try ServiceThread()
        #expect(unsafe pipe(&ends) == 0)
    }

    /// What is handed over from here on waits.
    func hang() {
        let end = ends[0]
        thread.submit {
            var octet: UInt8 = 0
            while unsafe read(end, &octet, 1) < 0, errno == EINTR {}
        }
    }

    func goOn() {
        let octet: UInt8 = 1
        _ = unsafe write(ends[1], [octet], 1)
    }

    deinit { for end in ends { close(end) } }
}

@Suite("The state directory's record")
struct StateRecorderTests {
    let scratch = ScratchDirectory()
    private let disk: HangingDisk

    init() throws { disk = try HangingDisk() }

    private func configuration(
        lease: String = "500ms",
        addresses: String = "10.77.0.100"
    ) throws -> Configuration {
        let text = PairText(
            timing: ["lease = \"\(lease)\""],
            voters: ["lb1", "lb2"],
            groups: [.init("web", on: "eth0", [addresses])]
        ).text
        return try Configuration(parsing: text, path: "vip.toml")
    }

    private func recorder(
        lease: String = "500ms",
        addresses: String = "10.77.0.100",
        known: StateStore.Contents? = nil,
        in name: String = "state",
        earlier: String? = nil
    ) throws -> StateRecorder {
        try StateRecorder(
            path: scratch(name),
            earlier: earlier.map { scratch($0) },
            configuration: try configuration(lease: lease, addresses: addresses),
            thread: disk.thread,
            known: known,
            obstacle: nil
        )
    }

    private func make(_ name: String = "state") { #expect(run("mkdir", scratch(name)) == 0) }

    private func stored(_ name: String = "state") -> StateStore.Contents {
        StateStore(path: scratch(name)).load()
    }

    private var lease: Duration { stored().longestLease }

    /// Until the disk has done all that it was asked for, and the time for more has passed.
    private func settle(_ recorder: StateRecorder) -> [StateRecorder.Message] {
        var messages: [StateRecorder.Message] = []
        for _ in 0..<10_000 {
            messages += recorder.takeMessages()
            if disk.thread.isIdle {
                guard let retry = recorder.retryAt else { break }
                recorder.retry(at: retry)
            }
            usleep(1000)
        }
        return messages + recorder.takeMessages()
    }

    // MARK: - The longest lease

    @Test("is the configured one after the first start, before anything is granted")
    func first() throws {
        make()
        let recorder = try recorder()
        #expect(lease == .milliseconds(500))
        #expect(recorder.longestLease == .milliseconds(500))
        #expect(settle(recorder) == [])
    }

    @Test("stays what the core has asked for when a reload with a shorter one comes behind it")
    func coreThenReload() throws {
        make()
        let recorder = try recorder()
        disk.hang()
        recorder.record(lease: .seconds(10))
        recorder.prepare(lease: .seconds(1))
        #expect(lease == .milliseconds(500))
        #expect(recorder.takeMessages() == [])
        disk.goOn()
        #expect(settle(recorder) == [.leaseRecorded(.seconds(10))])
        #expect(lease == .seconds(10))
        #expect(recorder.recorded.longestLease == .seconds(10))
    }

    @Test("has a successor's longer one, whatever the core asks for, until the reload is given up")
    func reloadThenCore() throws {
        make()
        let recorder = try recorder()
        recorder.prepare(lease: .seconds(10))
        recorder.record(lease: .seconds(1))
        // The core hears of what it has asked for and of no more: the rest ends with the reload.
        #expect(settle(recorder).last == .leaseRecorded(.seconds(1)))
        #expect(lease == .seconds(10))
        recorder.prepare(lease: nil)
        #expect(settle(recorder) == [])
        #expect(lease == .seconds(1))
    }

    @Test("goes down when the core says so, and it hears of that once the disk says so")
    func lowered() throws {
        make()
        let recorder = try recorder()
        recorder.record(lease: .seconds(10))
        #expect(settle(recorder) == [.leaseRecorded(.seconds(10))])
        disk.hang()
        recorder.record(lease: .milliseconds(500))
        #expect(recorder.takeMessages() == [])
        #expect(lease == .seconds(10))
        disk.goOn()
        #expect(settle(recorder) == [.leaseRecorded(.milliseconds(500))])
        #expect(lease == .milliseconds(500))
        // Never below what this host grants by its own file.
        recorder.record(lease: .milliseconds(2))
        #expect(settle(recorder) == [])
        #expect(lease == .milliseconds(500))
    }

    @Test("of two falling wishes while the disk hangs is the last, and no old news raises it again")
    func falling() throws {
        make()
        let recorder = try recorder()
        disk.hang()
        recorder.record(lease: .seconds(10))
        recorder.record(lease: .seconds(5))
        recorder.record(lease: .seconds(1))
        disk.goOn()
        #expect(settle(recorder) == [.leaseRecorded(.seconds(1))])
        #expect(lease == .seconds(1))

        recorder.record(lease: .seconds(10))
        #expect(wait { disk.thread.isIdle })
        // It is on disk, and the core has changed its mind before it has heard so.
        recorder.record(lease: .seconds(1))
        let messages = settle(recorder)
        #expect(!messages.contains(.leaseRecorded(.seconds(10))))
        #expect(lease == .seconds(1))
    }

    @Test("that is there already is told of at once")
    func there() throws {
        make()
        let recorder = try recorder()
        recorder.prepare(lease: .seconds(10))
        _ = settle(recorder)
        recorder.record(lease: .seconds(10))
        #expect(waitReadable(recorder.fileDescriptor))
        #expect(recorder.takeMessages() == [.leaseRecorded(.seconds(10))])
        _ = settle(recorder)
    }

    @Test("that the disk refuses is told of, tried again, and never taken for written")
    func refused() throws {
        let recorder = try recorder()
        #expect(recorder.longestLease == .zero)
        #expect(!recorder.hasOwnLease && recorder.wasRefused)
        #expect(recorder.recorded.isUnwritten)
        recorder.record(term: 7, of: "web")
        guard case .failed(let reason) = recorder.takeMessages().last else {
            Issue.record("nothing was said")
            return
        }
        #expect(reason.contains("ENOENT"))
        make()
        let news = settle(recorder).filter { $0 != .failed(reason) }
        #expect(news == [.leaseRecorded(.milliseconds(500)), .recovered])
        #expect(stored().terms == [StateStore.Entry(group: "web", term: 7)])
        #expect(stored().voters == ["node lb1", "node lb2"])
        #expect(!recorder.recorded.isUnwritten)
    }

    @Test("that was not written is written by the successor, which waits for no disk at its start")
    func handedOver() throws {
        var known = StateStore.Contents()
        known.longestLease = .milliseconds(500)
        known.terms = [StateStore.Entry(group: "web", term: 9)]
        known.isUnwritten = true
        make()
        disk.hang()
        let recorder = try recorder(lease: "10s", known: known)
        #expect(recorder.longestLease == .milliseconds(500))
        #expect(stored() == StateStore.Contents())
        disk.goOn()
        #expect(settle(recorder) == [.leaseRecorded(.seconds(10))])
        #expect(lease == .seconds(10))
        #expect(stored().terms == known.terms)
    }

    @Test("that the disk refused keeps nobody from voting after a reload, and is still said")
    func refusedBeforeReload() throws {
        let left = try recorder(lease: "2s").recorded
        let reason = try #require(left.refusal?.reason)
        #expect(left.refusal?.lease == .seconds(2) && reason.contains("ENOENT"))
        disk.hang()
        // Half of what it may have granted until then.
        let recorder = try recorder(lease: "1s", known: left)
        #expect(!recorder.hasOwnLease && recorder.wasRefused)
        #expect(recorder.obstacle == reason)
        #expect(recorder.recorded.refusal == left.refusal)
        disk.goOn()
        make()
        let news = settle(recorder).filter { if case .failed = $0 { false } else { true } }
        #expect(news == [.leaseRecorded(.seconds(2)), .recovered])
        #expect(stored().longestLease == .seconds(2))
        #expect(recorder.obstacle == nil && recorder.recorded.refusal == nil)
    }

    @Test("at a death between any two steps of a write, the file has the old value or the new one")
    func death() throws {
        make()
        let store = StateStore(path: scratch("state"))
        try store.write(lease: .seconds(10))
        let new = Array("vip-agent-state 1 ".utf8)
        for count in 0...new.count {
            // What a death leaves of the write that was under way.
            try WholeFile.replace(
                scratch("state/lease.new"),
                with: Array(new.prefix(count)),
                mode: 0o600
            )
            #expect(lease == .seconds(10))
        }
        try store.write(lease: .seconds(1))
        #expect(lease == .seconds(1))
    }

    // MARK: - What is found

    private func write(_ key: String, _ text: String) throws {
        try StateDirectory(path: scratch("state")).write(key, Array(text.utf8))
    }

    @Test(
        "a lease that no host can have granted is damage, and outwaited as the longest there can be",
        arguments: [
            "9223372036854775807", "3600000000000", "30000000001", "1999999", "0", "-1", "x",
        ]
    )
    func outOfBounds(text: String) throws {
        make()
        try write("lease", text + "\n")
        let found = stored()
        #expect(found.longestLease == .seconds(30))
        #expect(found.damage.count == 1)
        #expect(found.damage[0].contains("abstains for the longest lease there can be, 30 s"))
        // It is whole again with the next start, and not below what may still run.
        let recorder = try recorder()
        #expect(recorder.longestLease == .seconds(30))
        #expect(settle(recorder) == [])
        #expect(lease == .seconds(30))
        #expect(stored().damage == [])
    }

    @Test("a lease that is cut, a pipe, or missing beside other records, is damage")
    func missing() throws {
        make()
        try write("terms", "web 5\n")
        #expect(stored().longestLease == .seconds(30))
        #expect(stored().damage.first?.hasPrefix("lease is missing, though") == true)
        #expect(run("mkfifo", scratch("state/lease")) == 0)
        #expect(stored().longestLease == .seconds(30))
        #expect(run("rm", scratch("state/lease")) == 0)
        try WholeFile.replace(scratch("state/lease"), with: Array("vip".utf8), mode: 0o600)
        #expect(stored().longestLease == .seconds(30))
        #expect(run("rm", scratch("state/lease"), scratch("state/terms")) == 0)
        #expect(stored() == StateStore.Contents())
    }

    @Test("a term that no frame could have is damage, and the others are taken")
    func terms() throws {
        make()
        try write("lease", "500000000\n")
        let greatest = UInt64.max - 1 << 32
        try write(
            "terms",
            "web 18446744073709551615\nmail \(greatest)\ndb 3\nftp \(greatest + 1)\n"
        )
        #expect(stored().terms.map(\.group) == ["mail", "db"])
        #expect(stored().damage.count == 2)
    }

    @Test("a directory that can't be made may hold anything: the longest lease there can be")
    func unmade() throws {
        let recorder = try StateRecorder(
            path: scratch("state"),
            configuration: try configuration(),
            thread: disk.thread,
            known: nil,
            obstacle: SystemError(call: "mkdir", on: scratch("state"), errno: EROFS)
        )
        #expect(recorder.longestLease == .seconds(30))
        #expect(recorder.hasOwnLease)
        #expect(recorder.contents.damage.first?.contains("can't be made: mkdir") == true)
    }

    // MARK: - Terms and voters

    @Test("of a hundred thousand terms the last is written, and nothing piles up meanwhile")
    func flood() throws {
        make()
        let recorder = try recorder()
        _ = settle(recorder)
        disk.hang()
        for number in 1...100_000 { recorder.record(term: UInt64(number), of: "web") }
        // There is room for other work.
        #expect(disk.thread.submit {})
        disk.goOn()
        #expect(settle(recorder) == [])
        #expect(stored().terms == [StateStore.Entry(group: "web", term: 100_000)])
    }

    @Test("a term is written at once, and those that follow ten times a second")
    func rest() throws {
        make()
        let recorder = try recorder()
        _ = settle(recorder)
        usleep(150_000)
        recorder.record(term: 1, of: "web")
        #expect(wait { disk.thread.isIdle })
        #expect(stored().terms == [StateStore.Entry(group: "web", term: 1)])
        recorder.record(term: 2, of: "web")
        #expect(disk.thread.isIdle)
        let due = try #require(recorder.retryAt)
        #expect(due > ClockReading.bootNow())
        #expect(recorder.recorded.isUnwritten)
        recorder.retry(at: due)
        #expect(wait { disk.thread.isIdle })
        #expect(stored().terms == [StateStore.Entry(group: "web", term: 2)])
    }

    @Test("addresses that have left keep their group on record, an acceptance or not")
    func departed() throws {
        make()
        _ = settle(try recorder(addresses: "10.77.0.100"))
        let second = try recorder(addresses: "10.77.0.101")
        second.recordVoters()
        _ = settle(second)
        #expect(stored().addresses == ["10.77.0.100 web", "10.77.0.101 web"])
    }

    // MARK: - Another directory

    @Test("records are taken along when a file becomes one of a directory")
    func takenAlong() throws {
        make()
        let before = try recorder(lease: "10s")
        before.record(term: 12, of: "web")
        _ = settle(before)
        #expect(run("mkdir", scratch("state/lb")) == 0)
        let after = try recorder(in: "state/lb", earlier: "state")
        #expect(after.longestLease == .seconds(10))
        #expect(after.contents.terms == [StateStore.Entry(group: "web", term: 12)])
        _ = settle(after)
        let moved = stored("state/lb")
        #expect(moved.longestLease == .seconds(10))
        #expect(moved.terms == [StateStore.Entry(group: "web", term: 12)])
        #expect(moved.voters == stored().voters)
        // What is there is believed from then on.
        try StateStore(path: scratch("state/lb")).write(lease: .seconds(1))
        let again = try recorder(in: "state/lb", earlier: "state")
        #expect(again.longestLease == .seconds(1))
        _ = settle(again)
    }

    @Test("of another cluster's records only what makes this host wait longer is taken along")
    func anothers() throws {
        make()
        let store = StateStore(path: scratch("state"))
        try store.write(lease: .seconds(10))
        try store.write(voters: ["node x"], addresses: ["10.77.0.100 other"])
        #expect(run("mkdir", scratch("state/lb")) == 0)
        let recorder = try recorder(in: "state/lb", earlier: "state")
        #expect(recorder.longestLease == .seconds(10))
        _ = settle(recorder)
        #expect(stored("state/lb").addresses == ["10.77.0.100 web"])
    }
}
