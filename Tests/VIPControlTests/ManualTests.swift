import Foundation
import Testing
import VIPControl
import VIPTestSupport

/// What scripts go by is what the manual pages say, and they are written by hand.
@Suite("The manual pages of vipctl")
struct ManualTests {
    static func page(_ name: String) throws -> String {
        try Repository.text(of: "packaging/man/\(name).md")
    }

    /// The fields of an object that are not there as `field`.
    static func missing(_ value: any JSONRepresentable, in page: String) -> [String] {
        guard case .object(let members) = value.json else { return ["an object"] }
        return members.map(\.name).filter { !page.contains("`\($0)`") }
    }

    @Test("have every field of a status, of its groups, addresses and voters")
    func status() throws {
        let page = try Self.page("vipctl-status")
        let group = try #require(Sample.healthy.groups.first)
        let address = try #require(group.addresses.first)
        let voter = try #require(Sample.healthy.voters.first)
        #expect(Self.missing(Sample.healthy, in: page) == [])
        #expect(Self.missing(group, in: page) == [])
        #expect(Self.missing(address, in: page) == [])
        #expect(Self.missing(voter, in: page) == [])
    }

    @Test("have every state of a group, and both roles")
    func states() throws {
        let page = try Self.page("vipctl-status")
        for state in GroupStatus.State.allCases { #expect(page.contains("`\(state.rawValue)`")) }
        for role in HostRole.allCases { #expect(page.contains("`\(role.rawValue)`")) }
    }

    @Test("have every field of an entry of the history")
    func history() throws {
        let entry = try #require(Sample.history.first)
        #expect(Self.missing(entry, in: try Self.page("vipctl-history")) == [])
    }

    @Test("have the control socket")
    func socket() throws {
        #expect(try Self.page("vipctl").contains("`\(ControlClient.defaultPath)`"))
    }
}
