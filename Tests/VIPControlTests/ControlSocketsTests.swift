import Glibc
import Testing
import VIPControl
import VIPTestSupport

@Suite("Where to ask")
struct ControlSocketsTests {
    @Test("an agent of one cluster is asked in the run directory")
    func single() throws {
        let directory = RunDirectory()
        let listener = directory.listen("control.sock")
        defer { close(listener) }
        let sockets = ControlSockets(runDirectory: directory.path)
        #expect(try sockets.only() == "\(directory.path)/control.sock")
        #expect(sockets.clusters == [])
    }

    @Test("of several clusters, the one that is meant has to be said")
    func several() throws {
        let directory = RunDirectory()
        let listeners = ["beta", "alpha"].map { directory.listen("\($0)/control.sock") }
        defer { for listener in listeners { close(listener) } }
        let sockets = ControlSockets(runDirectory: directory.path)
        #expect(sockets.clusters == ["alpha", "beta"])
        #expect(throws: AmbiguousCluster(clusters: ["alpha", "beta"])) { try sockets.only() }
        #expect(sockets.any() == "\(directory.path)/alpha/control.sock")
        #expect(
            AmbiguousCluster(clusters: ["alpha", "beta"]).description
                == "this host serves several clusters (alpha, beta): say which with --cluster NAME "
                + "behind the command"
        )
        #expect(
            try sockets.path(socket: nil, cluster: "beta")
                == "\(directory.path)/beta/control.sock"
        )
        #expect(try sockets.path(socket: "/tmp/other.sock", cluster: nil) == "/tmp/other.sock")
    }

    @Test(
        "the only cluster of a directory need not be named, and dead agents' sockets do not count"
    )
    func onlyOne() throws {
        let directory = RunDirectory()
        close(directory.listen("control.sock"))
        close(directory.listen("gone/control.sock"))
        let listener = directory.listen("alpha/control.sock")
        defer { close(listener) }
        let sockets = ControlSockets(runDirectory: directory.path)
        #expect(try sockets.only() == "\(directory.path)/alpha/control.sock")
    }

    @Test("where nobody listens, the path of an agent of one cluster is named")
    func nobody() throws {
        let sockets = ControlSockets(runDirectory: "/nonexistent")
        #expect(try sockets.only() == "/nonexistent/control.sock")
    }
}

/// A run directory for one test, gone with it.
private final class RunDirectory {
    private let scratch = ScratchDirectory()
    var path: String { scratch.path }

    /// Somebody who listens, in a directory that is made if it has to be.
    func listen(_ name: String) -> Int32 {
        if let slash = name.firstIndex(of: "/") {
            let directory = "\(path)/\(name[..<slash])"
            #expect(unsafe mkdir(directory, 0o755) == 0)
        }
        let file = "\(path)/\(name)"
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) {
            unsafe $0.copyBytes(from: file.utf8)
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let result = unsafe withUnsafePointer(to: address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(result == 0 && Glibc.listen(descriptor, 4) == 0)
        return descriptor
    }
}
