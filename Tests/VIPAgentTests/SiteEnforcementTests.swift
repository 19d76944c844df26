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
    private func sites(
        _ timing: String,
        _ enforcements: [String],
        host: String = "lb1"
    ) throws -> Sites {
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
        return try Sites(at: path, host: host)
    }

    private func refusal(_ sites: Sites) -> String? {
        do throws(ConfigurationFailure) {
            try sites.requireEnforcement(withoutGate: "CAP_BPF is missing")
            return nil
        } catch {
            return error.faults.joined(separator: "\n")
        }
    }

    @Test("enforces a long lease by the lifetimes of the addresses, whatever is configured")
    func long() throws {
        let sites = try sites("lease = \"10s\"", ["kernel", "agent"])
        let site = sites.entries[0].site
        #expect(site.groups.map { site.fallback(of: $0) } == [.lifetimes, .lifetimes])
        #expect(!sites.needsGate)
        #expect(refusal(sites) == nil)
        #expect(
            site.enforcement(with: .unavailable(reason: ""))
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
        let sites = try sites("lease = \"500ms\"", ["kernel", "agent", "kernel"])
        let site = sites.entries[0].site
        #expect(site.configuration.groups.map { site.fallback(of: $0) } == [nil, .agent, nil])
        #expect(sites.needsGate)
        #expect(
            refusal(sites) == """
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
        #expect(try refusal(sites("lease = \"4914ms\"", ["kernel"])) != nil)
        #expect(try refusal(sites("lease = \"4915ms\"", ["kernel"])) == nil)
    }

    @Test("goes on without any enforcement where all groups allow it")
    func agent() throws {
        let sites = try sites("lease = \"500ms\"", ["agent"])
        #expect(!sites.needsGate)
        #expect(refusal(sites) == nil)
        #expect(sites.entries[0].site.enforcement(with: .unavailable(reason: "")) == .agent)
    }

    @Test("names six groups, in the order of the file")
    func many() throws {
        let text = try refusal(sites("lease = \"1s\"", [String](repeating: "kernel", count: 8)))
        #expect(text?.contains("groups web0, web1, web2, web3, web4, web5 and 2 more:") == true)
    }

    @Test("is nobody's matter on a witness")
    func witness() throws {
        let sites = try sites("lease = \"500ms\"", ["kernel"], host: "w1")
        #expect(!sites.needsGate)
        #expect(refusal(sites) == nil)
        #expect(sites.entries[0].site.enforcement(with: .available) == nil)
    }

    @Test("is told apart from one that could not be looked at")
    func unseen() throws {
        let site = try sites("lease = \"500ms\"", ["kernel"]).entries[0].site
        #expect(site.enforcement(with: .unseen(reason: "not root")) == nil)
        #expect(site.enforcement(with: .available) == .gate)
    }
}
