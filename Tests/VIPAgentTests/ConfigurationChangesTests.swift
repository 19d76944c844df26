import Testing
import VIPAgent
import VIPConfiguration
import VIPPlatform
import VIPTestSupport

@Suite("Changes of a configuration")
struct ConfigurationChangesTests {
    static let text = PairText(timing: ["heartbeat = \"100ms\"", "lease = \"500ms\""]).text

    private func cluster(_ text: String) throws -> LocalCluster {
        let configuration = try Configuration(parsing: text, path: "vip-agent.toml")
        return LocalCluster(configuration, as: try configuration.requireRole(of: "lb1"))
    }

    private func keys(_ octet: UInt8) throws -> ClusterKeys {
        let key = try #require(ClusterKey(octets: Array(repeating: octet, count: 32)))
        return try #require(ClusterKeys([key]))
    }

    /// From the text above to the same with something replaced.
    private func changes(
        _ replaced: (String, String) = ("", ""),
        key: UInt8 = 1
    ) throws -> String {
        let new = replaced.0.isEmpty ? Self.text : Self.text.replacing(replaced.0, with: replaced.1)
        var state = StateStore.Contents()
        state.voters = ["node lb1", "node lb2", "witness w1"]
        state.addresses = ["10.77.0.100 web"]
        return ConfigurationChanges(
            from: [(try cluster(Self.text), try keys(1), state)],
            to: [(try cluster(new), try keys(key))],
            isDirectory: false
        ).text
    }

    @Test("the same is nothing")
    func nothing() throws {
        #expect(try changes() == "nothing changed")
        #expect(try changes(("[timing]", "# by hand\n[timing]")) == "nothing changed")
    }

    @Test(
        "each change is named",
        arguments: [
            ("\"500ms\"", "\"1s\"", "lease 1s instead of 500ms"),
            ("\"10.77.0.2\"", "\"10.77.0.22\"", "voter lb2 has other addresses"),
            ("\"eth0\"", "\"eth1\"", "group web: on eth1 instead of eth0"),
            (
                "\"lb\"", "\"xy\"",
                "cluster lb is named xy now: only hosts that use that name hear this one"
            ),
            (
                "\"10.77.0.100\"", "\"10.77.0.101\"",
                "group web: 10.77.0.101/32 added, 10.77.0.100/32 removed"
            ),
            (
                "name = \"web\"", "name = \"db\"",
                "group db added; group web removed, and let go of here; waits to be accepted: "
                    + "10.77.0.100 was in group web and is now in db - until you run 'vip-agent "
                    + "accept-voters' on this host, it neither votes nor asks for groups, and lets "
                    + "go of what it owns when the lease runs out"
            ),
        ]
    )
    func named(old: String, new: String, wanted: String) throws {
        #expect(try changes((old, new)) == wanted)
    }

    @Test("other keys are named, and do not show")
    func otherKeys() throws {
        #expect(try changes(key: 2) == "the keys changed")
    }

    @Test("another voter waits to be accepted")
    func voters() throws {
        let text = try changes(("\"w1\"", "\"w2\""))
        #expect(text.hasPrefix("voter w2 added; voter w1 removed; waits to be accepted: "))
        #expect(text.contains("accept-voters"))
    }
}

@Suite("Source of a configuration")
struct ConfigurationSourceTests {
    @Test("what is read twice is equal until a file has changed, also in its comments")
    func equality() throws {
        let scratch = ScratchDirectory()
        let path = scratch("a.toml")
        try NewFile.write(ConfigurationChangesTests.text, to: path)
        let first = try ConfigurationSource(reading: path)
        #expect(try ConfigurationSource(reading: path) == first)
        try WholeFile.replace(
            path,
            with: Array((ConfigurationChangesTests.text + "# more\n").utf8),
            mode: 0o644
        )
        #expect(try ConfigurationSource(reading: path) != first)
    }

    @Test("texts make the same clusters as files do")
    func clusters() throws {
        let source = ConfigurationSource(
            path: "/a.toml",
            isDirectory: false,
            files: [.init(path: "/a.toml", text: ConfigurationChangesTests.text)]
        )
        let clusters = try ServedClusters(source, host: "lb2")
        #expect(clusters.entries.count == 1)
        #expect(clusters.entries[0].cluster.host == "lb2")
        #expect(throws: ConfigurationFailure.self) { try ServedClusters(source, host: "lb3") }
    }
}
