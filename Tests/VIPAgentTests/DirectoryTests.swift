import CNetlink
import Glibc
import Testing
import VIPAgent
import VIPConfiguration
import VIPPlatform
import VIPTestSupport

@Suite("State directory")
struct StateDirectoryTests {
    let scratch = ScratchDirectory()

    @Test("a value is found again, and what was never written is missing")
    func roundTrip() throws {
        let state = StateDirectory(path: scratch.path)
        #expect(state.read("terms") == .missing)
        try state.write("terms", [1, 2, 10, 3])
        try state.write("empty", [])
        #expect(state.read("terms") == .found([1, 2, 10, 3]))
        #expect(state.read("empty") == .found([]))
        try state.write("terms", [4])
        #expect(StateDirectory(path: scratch.path).read("terms") == .found([4]))
    }

    @Test("a file that was cut anywhere is damaged, and says so")
    func cut() throws {
        let state = StateDirectory(path: scratch.path)
        try state.write("terms", Array("highest 18".utf8))
        let whole = try WholeFile.read(scratch("terms"), most: 1000)
        for length in 0..<whole.count {
            try WholeFile.replace(
                scratch("terms"),
                with: Array(whole.prefix(length)),
                mode: 0o600
            )
            guard case .damaged(let reason) = state.read("terms") else {
                Issue.record("cut to \(length) octets, it is not damaged")
                continue
            }
            #expect(reason.contains("/terms "))
        }
    }

    @Test("a pipe in a value's place is damage, and nobody waits for who writes into it")
    func pipe() throws {
        #expect(run("mkfifo", scratch("terms")) == 0)
        let state = StateDirectory(path: scratch.path)
        guard case .damaged(let reason) = state.read("terms") else {
            Issue.record("a pipe was read")
            return
        }
        #expect(reason.contains("not a plain file"))
    }

    @Test("what has the new file's name is never written into: a pipe, or another file")
    func freshName() throws {
        let state = StateDirectory(path: scratch.path)
        #expect(run("mkfifo", scratch("terms.new")) == 0)
        try state.write("terms", [1])
        #expect(state.read("terms") == .found([1]))
        try WholeFile.replace(scratch("other"), with: [9, 9], mode: 0o600)
        #expect(unsafe link(scratch("other"), scratch("terms.new")) == 0)
        try state.write("terms", [2])
        #expect(unsafe symlink(scratch("other"), scratch("terms.new")) == 0)
        try state.write("terms", [3])
        #expect(state.read("terms") == .found([3]))
        #expect(try WholeFile.read(scratch("other"), most: 100) == [9, 9])
    }

    @Test("a link in a value's place is damage")
    func linked() throws {
        let state = StateDirectory(path: scratch.path)
        try state.write("other", [1])
        #expect(unsafe symlink(scratch("other"), scratch("terms")) == 0)
        guard case .damaged = state.read("terms") else {
            Issue.record("a link was followed")
            return
        }
    }

    @Test("a changed octet is noticed")
    func changed() throws {
        let state = StateDirectory(path: scratch.path)
        try state.write("terms", Array("highest 18".utf8))
        var octets = try WholeFile.read(scratch("terms"), most: 1000)
        octets[octets.count - 1] ^= 1
        try WholeFile.replace(scratch("terms"), with: octets, mode: 0o600)
        #expect(
            state.read("terms")
                == .damaged(reason: "\(scratch("terms")) does not match its checksum")
        )
    }
}

@Suite("Run directory", .enabled(if: isRoot, "network namespaces take root"))
struct RunDirectoryTests {
    @Test("one agent holds it, and the next is told who")
    func exclusive() throws {
        try inNetworkNamespace {
            let scratch = ScratchDirectory()
            var first: RunDirectory? = try RunDirectory(path: scratch("run"))
            #expect(
                throws: RunDirectoryError.alreadyRunning(
                    directory: scratch("run"),
                    pid: getpid()
                )
            ) { try RunDirectory(path: scratch("run")) }
            #expect(throws: RunDirectoryError.namespaceTaken(name: "@vip-agent")) {
                try RunDirectory(path: scratch("other"))
            }
            _ = first
            first = nil
            // A process that another test is starting holds copies of the locks until it has become
            // its program.
            #expect(wait { (try? RunDirectory(path: scratch("run"))) != nil })
        }
    }

    @Test("another network namespace has room for another agent, in another directory")
    func namespaces() throws {
        let scratch = ScratchDirectory()
        let (here, there) = (scratch("here"), scratch("there"))
        try inNetworkNamespace {
            let first = try RunDirectory(path: here)
            try inNetworkNamespace {
                let second = try RunDirectory(path: there)
                #expect(throws: RunDirectoryError.self) { try RunDirectory(path: here) }
                _ = second
            }
            _ = first
        }
    }

    @Test("locks handed on are held on")
    func inheritance() throws {
        try inNetworkNamespace {
            let scratch = ScratchDirectory()
            let first = try RunDirectory(path: scratch("run"))
            try first.setCloseOnExec(false)
            let lock = dup(first.inheritance.lock)
            let namespace = dup(first.inheritance.namespace)
            let second = try RunDirectory(
                path: scratch("run"),
                inheriting: .init(lock: lock, namespace: namespace)
            )
            #expect(throws: RunDirectoryError.self) { try RunDirectory(path: scratch("run")) }
            _ = second
        }
    }

    @Test("a lock that is deleted with its directory is put back, and no second agent gets in")
    func deleted() throws {
        try inNetworkNamespace {
            let scratch = ScratchDirectory()
            let first = try RunDirectory(path: scratch("run"))
            #expect(first.isInPlace)
            #expect(run("rm", "-r", scratch("run")) == 0)
            #expect(!first.isInPlace)
            #expect(throws: RunDirectoryError.namespaceTaken(name: "@vip-agent")) {
                try RunDirectory(path: scratch("run"))
            }
            try first.putBack()
            #expect(first.isInPlace)
            #expect(
                throws: RunDirectoryError.alreadyRunning(directory: scratch("run"), pid: getpid())
            ) { try RunDirectory(path: scratch("run")) }
        }
    }

    @Test("a lock that somebody else holds by now is left to him")
    func taken() throws {
        let scratch = ScratchDirectory()
        let path = scratch("run")
        try inNetworkNamespace {
            let first = try RunDirectory(path: path)
            #expect(run("rm", "-r", path) == 0)
            try inNetworkNamespace {
                let second = try RunDirectory(path: path)
                #expect(throws: RunDirectoryError.self) { try first.putBack() }
                #expect(second.isInPlace)
            }
            #expect(!first.isInPlace)
        }
    }

    @Test("boot and namespace are told apart")
    func identity() throws {
        let outside = try BootIdentity.current()
        try inNetworkNamespace {
            let inside = try BootIdentity.current()
            #expect(inside.bootHigh == outside.bootHigh && inside.bootLow == outside.bootLow)
            #expect(inside.namespaceInode != outside.namespaceInode)
        }
        #expect(try BootIdentity.current() == outside)
    }

    @Test("a boot id is 32 digits and nothing else")
    func bootID() {
        let parsed = BootIdentity.parse(Array("01234567-89ab-cdef-fedc-ba9876543210\n".utf8))
        #expect(parsed?.high == 0x0123_4567_89ab_cdef)
        #expect(parsed?.low == 0xfedc_ba98_7654_3210)
        for text in ["", "0123", "01234567-89ab-cdef-fedc-ba98765432xx", "\u{ff}"] {
            #expect(BootIdentity.parse(Array(text.utf8)) == nil)
        }
    }
}

@Suite("Ownership", .enabled(if: isRoot, "giving files away takes root"))
struct OwnershipTests {
    let scratch = ScratchDirectory()
    let agent = User(name: "vip-agent", number: 4242, group: 4242)

    private func give(_ path: String, to owner: uid_t) {
        let result = unsafe chown(path, owner, owner)
        #expect(result == 0)
    }

    @Test("a directory that is not there is to be made for the agent's user")
    func missing() {
        #expect(
            Ownership.advice(on: scratch("run"), in: scratch("run"), for: agent)
                == "make it for user vip-agent, as whom the agent runs: "
                + "install -d -o vip-agent -m 0750 \(scratch("run"))"
        )
    }

    @Test("what a root agent has left is to be given to the agent's user, all of it")
    func leftovers() throws {
        try WholeFile.replace(scratch("page"), with: [1], mode: 0o600)
        let command = "and the agent runs as vip-agent: chown -R vip-agent: \(scratch.path)"
        #expect(
            Ownership.advice(on: scratch("page"), in: scratch.path, for: agent)
                == "\(scratch.path) belongs to user root, \(command)"
        )
        give(scratch.path, to: 4242)
        #expect(
            Ownership.advice(on: scratch("page"), in: scratch.path, for: agent)
                == "\(scratch("page")) belongs to user root, \(command)"
        )
        give(scratch("page"), to: 4242)
        #expect(
            Ownership.advice(on: scratch("page"), in: scratch.path, for: agent)
                == "its owner is the agent's user, who needs to read and write it: "
                + "chmod -R u+rwX \(scratch.path)"
        )
    }

    @Test("what another user has linked in the lock's place is refused, and stays as it is")
    func linkedLock() throws {
        try WholeFile.replace(scratch("root's"), with: [1, 2, 3], mode: 0o600)
        #expect(unsafe link(scratch("root's"), scratch("lock")) == 0)
        give(scratch.path, to: 4242)
        try inNetworkNamespace { [scratch] in
            let refusal = #expect(throws: RunDirectoryError.self) {
                try RunDirectory(path: scratch.path)
            }
            #expect("\(String(describing: refusal))".contains("2 names"))
        }
        var status = stat()
        #expect(unsafe stat(scratch("root's"), &status) == 0)
        #expect(status.st_uid == 0)
        #expect(try WholeFile.read(scratch("root's"), most: 100) == [1, 2, 3])
    }

    @Test("a pipe or a directory in the lock's place is refused, and not waited for")
    func strangeLock() throws {
        for kind in ["mkfifo", "mkdir"] {
            #expect(run(kind, scratch("lock")) == 0)
            try inNetworkNamespace { [scratch] in
                #expect(throws: RunDirectoryError.self) { try RunDirectory(path: scratch.path) }
            }
            #expect(run("rm", "-r", scratch("lock")) == 0)
        }
    }

    @Test("root's lock in the directory of another user is that user's")
    func lock() throws {
        give(scratch.path, to: 4242)
        try inNetworkNamespace { [scratch] in
            let run = try RunDirectory(path: scratch.path)
            var status = stat()
            #expect(unsafe stat(scratch("lock"), &status) == 0)
            #expect((status.st_uid, status.st_gid, status.st_mode & 0o777) == (4242, 4242, 0o640))
            _ = run
        }
    }
}

@Suite("Errors of the system")
struct SystemErrorTests {
    @Test("say what was tried, on what, what came back, and what to do")
    func description() {
        let error = SystemError(call: "bind", on: "udp 0.0.0.0:7694", errno: EADDRINUSE)
        #expect(
            error.description
                == "bind udp 0.0.0.0:7694: EADDRINUSE (Address already in use); "
                + "is another agent, or another program, using it?"
        )
        let other = SystemError(
            call: "RTM_NEWADDR",
            on: "10.0.0.1/32 on interface 9",
            errno: 4095,
            detail: "no such luck"
        )
        #expect(
            other.description
                == "RTM_NEWADDR 10.0.0.1/32 on interface 9: errno 4095 (unknown error): no such luck"
        )
    }
}
