import Testing
import VIPAgent
import VIPConfiguration
import VIPCore
import VIPPlatform
import VIPTestSupport

@Suite("A host without a gate")
struct SiteEnforcementTests {
    let scratch = ScratchDirectory()

    /// A file with one timing, and a group for each kind of enforcement.
    private func clusters(
        _ timing: String,
        _ enforcements: [String],
        host: String = "lb1"
    ) throws -> ServedClusters {
        let groups = enforcements.enumerated().map { index, enforcement in
            PairText.Group(
                "web\(index)",
                on: "eth0",
                ["10.77.0.\(100 + index)"],
                "enforcement = \"\(enforcement)\""
            )
        }
        let text = PairText(timing: [timing], groups: groups).text
        let path = scratch("vip.toml")
        try WholeFile.replace(path, with: Array(text.utf8), mode: 0o600)
        return try ServedClusters(at: path, host: host)
    }

    private func refusal(_ clusters: ServedClusters) -> String? {
        do throws(ConfigurationFailure) {
            try clusters.requireEnforcement(withoutGate: "CAP_BPF is missing")
            return nil
        } catch {
            return error.faults.joined(separator: "\n")
        }
    }

    @Test("enforces a long lease by the lifetimes of the addresses, whatever is configured")
    func long() throws {
        let clusters = try clusters("lease = \"10s\"", ["kernel", "agent"])
        let cluster = clusters.entries[0].cluster
        #expect(cluster.groups.map { cluster.fallback(of: $0) } == [.lifetimes, .lifetimes])
        #expect(!clusters.needsGate)
        #expect(refusal(clusters) == nil)
        #expect(
            cluster.enforcement(with: .unavailable(reason: ""))
                == .lifetimes(
                    AddressLifetimes(
                        lifetime: .seconds(5),
                        refreshInterval: .seconds(2),
                        lateness: .milliseconds(1_300)
                    )
                )
        )
    }

    @Test("refuses a short one, and says what would help")
    func short() throws {
        let clusters = try clusters("lease = \"500ms\"", ["kernel", "agent", "kernel"])
        let cluster = clusters.entries[0].cluster
        #expect(
            cluster.configuration.groups.map { cluster.fallback(of: $0) } == [nil, .agent, nil]
        )
        #expect(clusters.needsGate)
        #expect(
            refusal(clusters) == """
                \(scratch("vip.toml")): error: nothing on this host would enforce the lease of \
                groups web0, web2: there is no gate (CAP_BPF is missing), and 500ms is too short \
                for the lifetimes of addresses, which the kernel counts in whole seconds
                  = help: let the agent have a gate; or write lease = "4.915s" or more, on every \
                host; or enforcement = "agent" in the group: then, while an agent hangs, two hosts \
                may answer
                """
        )
    }

    @Test("takes the lease that it has named for long enough")
    func exactly() throws {
        #expect(try refusal(clusters("lease = \"4914ms\"", ["kernel"])) != nil)
        #expect(try refusal(clusters("lease = \"4915ms\"", ["kernel"])) == nil)
    }

    @Test("goes on without any enforcement where all groups allow it")
    func agent() throws {
        let clusters = try clusters("lease = \"500ms\"", ["agent"])
        #expect(!clusters.needsGate)
        #expect(refusal(clusters) == nil)
        #expect(clusters.entries[0].cluster.enforcement(with: .unavailable(reason: "")) == .agent)
    }

    @Test("names six groups, in the order of the file")
    func many() throws {
        let text = try refusal(clusters("lease = \"1s\"", [String](repeating: "kernel", count: 8)))
        #expect(text?.contains("groups web0, web1, web2, web3, web4, web5 and 2 more:") == true)
    }

    @Test("is nobody's matter on a witness")
    func witness() throws {
        let clusters = try clusters("lease = \"500ms\"", ["kernel"], host: "w1")
        #expect(!clusters.needsGate)
        #expect(refusal(clusters) == nil)
        #expect(clusters.entries[0].cluster.enforcement(with: .available) == nil)
    }

    @Test("is told apart from one that could not be looked at")
    func unseen() throws {
        let cluster = try clusters("lease = \"500ms\"", ["kernel"]).entries[0].cluster
        #expect(cluster.enforcement(with: .unseen(reason: "not root")) == nil)
        #expect(cluster.enforcement(with: .available) == .gate)
    }
}
