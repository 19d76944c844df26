import Testing
import VIPAgent
import VIPNet
import VIPPlatform
import VIPTestSupport

/// Not every kernel has VRFs. What a link belongs to is told in the same way of bridges.
@Suite("The VRF of a link", .enabled(if: isRoot, "network namespaces take root"))
struct RoutingDomainTests {
    @Test("is the VRF that it belongs to, and nothing else that it belongs to")
    func master() throws {
        try inNetworkNamespace {
            #expect(run("ip", "link", "add", "blue", "type", "bridge") == 0)
            #expect(run("ip", "link", "set", "v0", "master", "blue") == 0)
            var links = try RouteSocket().links()
            let blue = try #require(links.firstIndex { $0.name == "blue" })
            let inside = try #require(links.first { $0.name == "v0" })
            let outside = try #require(links.first { $0.name == "v1" })
            #expect(inside.master == links[blue].index)
            #expect(outside.master == 0)
            #expect(inside.routingDomain(among: links) == nil)

            links[blue].kind = "vrf"
            #expect(inside.routingDomain(among: links)?.name == "blue")
            #expect(links[blue].routingDomain(among: links)?.name == "blue")
            #expect(outside.routingDomain(among: links) == nil)
        }
    }
}
