import Foundation
import Testing
import VIPConfiguration
import VIPTestSupport

/// `packaging/examples` is what operators copy.
@Suite("The example configurations")
struct ExampleFileTests {
    static let folder = Repository.root.appending(path: "packaging/examples")

    static let hosts = [
        "conf.d/db.toml": ["db1", "db2", "w1"],
        "conf.d/lb.toml": ["lb1", "lb2", "w1"],
        "dual-path-ipv6.toml": ["lb1", "lb2", "w1"],
        "pair-and-witness.toml": ["lb1", "lb2", "w1"],
        "short-lease.toml": ["lb1", "lb2", "w1"],
        "two-groups.toml": ["lb1", "lb2", "w1"],
    ]

    static func configuration(_ name: String) throws -> Configuration {
        let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
        return try Configuration(parsing: text, path: name)
    }

    @Test("are those that are tested here")
    func names() throws {
        let files = try #require(FileManager.default.enumerator(atPath: Self.folder.path))
        let names = files.compactMap { $0 as? String }.filter { $0.hasSuffix(".toml") }
        #expect(names.sorted() == Self.hosts.keys.sorted())
    }

    @Test("are valid, free of warnings, and for the hosts in them", arguments: hosts)
    func valid(name: String, hosts: [String]) throws {
        let configuration = try Self.configuration(name)
        #expect(configuration.warningText == "")
        #expect(configuration.voters.map(\.name) == hosts)
        for host in hosts {
            #expect(try configuration.plan(for: host).hasPrefix("\(host) is a "))
        }
    }

    @Test("of one witness have nothing in common but its host")
    func sharedWitness() throws {
        let clusters = try ["conf.d/db.toml", "conf.d/lb.toml"].map(Self.configuration)
        #expect(clusters.map(\.cluster.name) == ["db", "lb"])
        #expect(
            clusters.map(\.cluster.keyFile) == ["/etc/vip-agent/db.key", "/etc/vip-agent/lb.key"]
        )
        for configuration in clusters {
            #expect(try configuration.requireRole(of: "w1") == .witness(0))
        }
    }

    @Test("show what they are named after")
    func subjects() throws {
        let groups = try Self.configuration("two-groups.toml").groups
        #expect(groups.map(\.prefer) == ["lb1", "lb2"])
        #expect(groups.map(\.failback) == [.automatic, .manual])
        let paths = try Self.configuration("dual-path-ipv6.toml").voters.map(\.addresses.count)
        #expect(paths == [2, 2, 2])
        let timing = try Self.configuration("short-lease.toml").timing
        #expect(timing.heartbeat == .milliseconds(5))
        #expect(timing.lease == .milliseconds(15))
    }
}
