import CNetlink
import Glibc
import Testing
import VIPAgent
import VIPConfiguration
import VIPPlatform
import VIPTestSupport

@Suite("Handover")
struct HandoverTests {
    /// Every field with a value that no other has.
    private var whole: ProgramHandover {
        var handover = ProgramHandover(
            program: "/usr/sbin/vip-agent",
            generation: 7,
            started: 123_456_789,
            version: "0.9.1",
            configuration: "/etc/vip-agent/conf.d",
            isDirectory: true,
            host: "lb1",
            runDirectory: "/run/vip-agent",
            stateDirectory: "/var/lib/vip-agent"
        )
        handover.departed = 987_654_321
        handover.files = [
            ProgramHandover.File(
                path: "/a.toml",
                text: "name = \"a\"\n\n",
                keys: [[0, 10, 255], [32]]
            ),
            ProgramHandover.File(path: "/b.toml", text: "", keys: []),
        ]
        var cluster = ProgramHandover.Cluster(name: "eins")
        cluster.state.longestLease = .milliseconds(1500)
        cluster.state.terms = [StateStore.Entry(group: "web", term: 18)]
        cluster.state.voters = ["node lb1", "witness w1"]
        cluster.state.addresses = []
        cluster.state.damage = ["terms is cut"]
        cluster.state.isUnwritten = true
        cluster.state.refusal = StateStore.Refusal(lease: .seconds(2), reason: "the disk is full")
        cluster.warnings = [
            Warnings.Entry(subject: "one", text: "one\nof two lines", seen: 17),
            Warnings.Entry(subject: "two", text: "two", seen: 4_000_000_000_000),
        ]
        cluster.silent = [11, 12]
        cluster.waiting = [13]
        cluster.history = "[1]"
        cluster.counters = "{\"a\":1}"
        cluster.dropped = "{\"b\":2}"
        handover.clusters = [cluster, ProgramHandover.Cluster(name: "zwei")]
        handover.descriptors = ["udp.0.0.0.0:7694": 5, "control.eins": 6, "gate.program": 7]
        handover.stored = ["udp4.7694", "udp6.7000"]
        handover.controlGroup = 105
        handover.message = "reload: nothing changed"
        return handover
    }

    @Test("what was handed over is read as it was written")
    func roundTrip() throws {
        #expect(try ProgramHandover(parsing: whole.octets) == whole)
        #expect(try ProgramHandover(parsing: whole.octets).clusters[1].state.voters == nil)
        #expect(try ProgramHandover(parsing: whole.octets).clusters[0].state.addresses == [])
    }

    @Test("a cluster is found by its name, and the only one of a file whatever its name")
    func clusters() {
        var handover = whole
        #expect(handover.cluster(named: "zwei")?.name == "zwei")
        #expect(handover.cluster(named: "drei") == nil)
        handover.isDirectory = false
        #expect(handover.cluster(named: "drei")?.name == "eins")
    }

    @Test("every truncation is damage, and none traps")
    func truncation() {
        let octets = whole.octets
        for length in 0..<octets.count {
            #expect(throws: HandoverFields.Damage.self, "\(length) octets") {
                try ProgramHandover(parsing: Array(octets.prefix(length)))
            }
        }
    }

    @Test("a changed octet is noticed, wherever it is")
    func change() {
        for index in whole.octets.indices {
            var octets = whole.octets
            octets[index] ^= 1
            #expect(throws: HandoverFields.Damage.self, "octet \(index)") {
                try ProgramHandover(parsing: octets)
            }
        }
    }

    @Test("another version is told from damage")
    func version() {
        let octets = Array(
            String(decoding: HandoverFields().serialized(), as: UTF8.self)
                .replacing("vip-agent-handover 1\n", with: "vip-agent-handover 2\n").utf8
        )
        #expect(throws: HandoverFields.Damage.otherVersion("2")) {
            try ProgramHandover(parsing: octets)
        }
    }

    @Test("a name that is not known yet does no harm, and one that must be there is missed")
    func names() throws {
        var fields = HandoverFields()
        fields.put("invented-later", "42")
        #expect(throws: HandoverFields.Damage.self) {
            try ProgramHandover(parsing: fields.serialized())
        }
        for (name, value) in [
            ("program", "/p"), ("generation", "1"), ("started", "2"), ("configuration", "/c"),
            ("host", "lb1"), ("run-directory", "/r"), ("state-directory", "/s"),
            ("file.0.path", "/c"), ("file.0.text", "x"),
        ] {
            fields.put(name, value)
        }
        #expect(try ProgramHandover(parsing: fields.serialized()).program == "/p")
    }
}

@Suite("Sealed memory")
struct SealedMemoryTests {
    @Test("what was sealed is read again, and the descriptor closed")
    func roundTrip() throws {
        let octets = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 / 3) }
        let memory = try SealedMemory(name: "test", holding: octets)
        let copy = dup(memory.number)
        #expect(try SealedMemory.contents(of: copy) == octets)
        #expect(fcntl(copy, F_GETFD) == -1)
    }

    @Test("nobody can write to it")
    func sealed() throws {
        let memory = try SealedMemory(name: "test", holding: [1, 2, 3])
        var octet: UInt8 = 9
        #expect(unsafe pwrite(memory.number, &octet, 1, 0) == -1)
        #expect(errno == EPERM)
        #expect(ftruncate(memory.number, 0) == -1)
    }

    @Test("what can still change is not believed, nor a number that is no descriptor")
    func unsealed() throws {
        let open = unsafe vip_memory_create("test")
        #expect(throws: SystemError.self) { try SealedMemory.contents(of: open) }
        #expect(throws: SystemError.self) { try SealedMemory.contents(of: 9999) }
        #expect(throws: SystemError.self) { try SealedMemory.contents(of: STDERR_FILENO) }
    }
}

@Suite("Path of the program")
struct ProgramPathTests {
    @Test("an absolute name is meant as it is, with its links")
    func absolute() {
        #expect(
            ProgramPath.candidates("/usr/sbin/vip-agent", searchPath: "/bin", directory: "/root")
                == ["/usr/sbin/vip-agent"]
        )
    }

    @Test("a relative name is of the directory in which the process was started")
    func relative() {
        #expect(
            ProgramPath.candidates("./a/vip-agent", searchPath: "/bin", directory: "/srv")
                == ["/srv/./a/vip-agent"]
        )
        #expect(ProgramPath.candidates("a/b", searchPath: nil, directory: "/") == ["/a/b"])
    }

    @Test("a bare name is looked for in PATH, where an empty place is the current directory")
    func search() {
        #expect(
            ProgramPath.candidates("vip-agent", searchPath: "/usr/sbin::bin", directory: "/srv")
                == ["/usr/sbin/vip-agent", "/srv/vip-agent", "/srv/bin/vip-agent"]
        )
    }

    @Test("what leads to another program, or to none, is not taken")
    func another() {
        let running = ProgramPath.ofThisProcess(arguments: ["/bin/sh"])
        #expect(running.hasPrefix("/") && running != "/bin/sh" && running != "/proc/self/exe")
        #expect(ProgramPath.ofThisProcess(arguments: []) == running)
        #expect(ProgramPath.ofThisProcess(arguments: [running]) == running)
    }
}

@Suite("Child program")
struct ChildProgramTests {
    private func shell(_ script: String, seconds: Int64 = 10) throws -> ChildProgram.Outcome {
        try ChildProgram(
            path: "/bin/sh",
            arguments: ["-c", script],
            patience: seconds * 1_000_000_000
        ).run()
    }

    @Test("what it says, what it complains of, and how it ends")
    func outcome() throws {
        let seen = try shell("echo one; echo two >&2; exit 7")
        #expect(seen.end == .exited(7))
        #expect(seen.output == "one\n")
        #expect(seen.complaint == "two\n")
        #expect(try shell("kill -9 $$").end == .signalled(SIGKILL))
    }

    @Test("more than fits is read all the same, so that it ends")
    func flood() throws {
        let seen = try shell("head -c 1000000 /dev/zero | tr '\\0' x")
        #expect(seen.end == .exited(0))
        #expect(seen.output.utf8.count == 65536)
    }

    @Test("one that hangs is killed, with what it has started")
    func hanging() throws {
        let begin = ClockReading.bootNow()
        #expect(try shell("sleep 60 & sleep 60", seconds: 1).end == .timedOut)
        #expect(ClockReading.bootNow() - begin < 20_000_000_000)
    }

    @Test(
        "it has no capability, no signal blocked, and nothing of the service manager's",
        .enabled(if: isRoot, "the bounding set takes CAP_SETPCAP")
    )
    func bare() throws {
        let seen = try shell(
            "grep -E '^(Cap|SigBlk|SigIgn)' /proc/self/status; env; ls /proc/self/fd"
        )
        let lines = seen.output.split(separator: "\n").map(String.init)
        for name in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "SigBlk", "SigIgn"] {
            let line = try #require(lines.first { $0.hasPrefix("\(name):") })
            #expect(line.hasSuffix("\t0000000000000000"), "\(line)")
        }
        #expect(!seen.output.contains("NOTIFY_SOCKET"))
        // The fourth is the directory that ls reads.
        #expect(lines.suffix(4) == ["0", "1", "2", "3"])
    }

    @Test(
        "it is as important as any other program, whatever the agent is, and gets no more rights",
        .enabled(if: isRoot, "realtime scheduling takes CAP_SYS_NICE")
    )
    func ordinary() throws {
        let adjustment = "/proc/self/oom_score_adj"
        let before = try WholeFile.read(adjustment, most: 16)
        // Up takes no capability, here and in the child, and from there back to 0 neither.
        try write("300", to: adjustment)
        defer { try? write(String(decoding: before, as: UTF8.self), to: adjustment) }
        try inNetworkNamespace {
            #expect(setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, -5) == 0)
            #expect(Capabilities.becomeRealtime() == .done)
            let seen = try shell(
                """
                cat /proc/self/oom_score_adj
                # Nice value and scheduling policy, then the process group's number less our own.
                cut -d' ' -f19,41 /proc/self/stat
                echo $(($(cut -d' ' -f5 /proc/self/stat) - $$))
                grep ^NoNewPrivs /proc/self/status
                """
            )
            #expect(seen.output == "0\n0 0\n0\nNoNewPrivs:\t1\n")
        }
    }

    private func write(_ text: String, to path: String) throws {
        let file = Descriptor(owning: unsafe vip_open(path, O_WRONLY, 0))
        try SystemCall.run("write", on: path) {
            unsafe Glibc.write(file.number, text, text.utf8.count)
        }
    }

    @Test("one that is not there is an error")
    func missing() {
        #expect(throws: SystemError.self) {
            try ChildProgram(path: "/nowhere", arguments: [], patience: 1).run()
        }
    }
}

@Suite("Answer of a successor")
struct SuccessorAnswerTests {
    @Test("it is read as it was said")
    func roundTrip() {
        var answer = SuccessorAnswer(
            handover: 1,
            version: "0.2.0",
            isNode: true,
            hasRehearsed: false
        )
        #expect(answer.text == "vip-agent-successor 1 node 0.2.0")
        #expect(SuccessorAnswer(parsing: answer.text + "\n") == answer)
        answer.hasRehearsed = true
        #expect(answer.text == "vip-agent-successor 1 node 0.2.0 rehearsed")
        #expect(SuccessorAnswer(parsing: answer.text + "\n") == answer)
    }

    @Test(
        "whatever else a program says is none",
        arguments: ["", "ok", "node lb1 is a node", "\0"]
    )
    func others(text: String) {
        #expect(SuccessorAnswer(parsing: text) == nil)
    }
}
