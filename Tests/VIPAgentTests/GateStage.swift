import CNetlink
import Glibc
import Testing
import VIPAgent
import VIPConfiguration
import VIPCore
import VIPNet
import VIPPlatform
import VIPTestSupport

/// A host in a network namespace of its own, on which one agent after the other keeps a gate.
final class GateStage {
    let scratch = ScratchDirectory()
    let socket: RouteSocket
    let announcer: Announcer
    /// What agents announce by: one that has no capabilities could not make it.
    private let packets: Int32

    init() throws {
        socket = try RouteSocket()
        announcer = try Announcer()
        packets = vip_packet_socket()
    }

    deinit { close(packets) }

    static let web = GroupID(stableIdentifier("web"))
    static let mail = GroupID(stableIdentifier("mail"))
    static let webAddress = IPAddress.v4(0x0a4d_0064)
    static let webAddress6 = IPAddress.v6(high: 0xfd77_0000_0000_0000, low: 0x64)
    static let mailAddress = IPAddress.v4(0x0a4d_0065)

    /// What one agent does with the gate, until it is let go of: that is its death.
    func agent(
        web: [String] = ["10.77.0.100", "fd77::64"],
        mail: [String] = ["10.77.0.101"],
        page: Page? = nil,
        inherited: [String: Int32] = [:],
        fallback: VIPCore.Enforcement? = nil,
        patience: Duration = .seconds(10)
    ) throws -> GateAgent {
        let keeper = try HostKeeper(
            groups: Self.groups(web: web, mail: mail),
            fallback: { _ in fallback },
            page: page,
            heartbeat: .milliseconds(100),
            directory: scratch.path,
            inherited: inherited,
            announcer: dup(packets),
            patience: patience
        )
        keeper.begin()
        return GateAgent(keeper)
    }

    static func groups(web: [String], mail: [String]) throws -> [VIPConfiguration.Group] {
        let groups = [("web", web), ("mail", mail)].filter { !$0.1.isEmpty }
        let text = PairText(groups: groups.map { .init($0.0, on: "v0", $0.1) }).text
        return try Configuration(parsing: text, path: "vip.toml").groups
    }

    /// A page on which these groups are owned for another ten seconds.
    static func page(owning groups: GroupID...) -> Page {
        Page(
            header: PageHeader(incarnation: Incarnation(7), abstentionEnd: .zero, voterSet: 1),
            records: groups.map { group in
                GroupRecord(
                    group: group,
                    tenure: TenureRecord(
                        term: Term(3),
                        counted: [],
                        deadline: soon(10),
                        forced: false
                    )
                )
            }
        )
    }

    /// So many seconds from now.
    static func soon(_ seconds: Int64) -> Reading {
        let now = ClockReading.now()
        return Reading(
            boottime: Instant(nanoseconds: now.boot + seconds * 1_000_000_000),
            raw: Instant(nanoseconds: now.raw + seconds * 1_000_000_000)
        )
    }

    /// Whether frames that claim the address leave by the interface.
    func answers(_ address: IPAddress, on name: String = "v0") throws -> Bool {
        let link = try #require(try socket.links().first { $0.name == name })
        switch announcer.announce(address, on: link.index) {
        case .sent: return true
        case .failed(let error):
            #expect(error.errno == ENOBUFS)
            return false
        }
    }

    /// Somebody else's filter, which matches nothing.
    func addFilter(on name: String, _ hook: String, priority: Int) -> Int32 {
        run(
            "tc filter add dev \(name) \(hook) prio \(priority) protocol all bpf bytecode",
            "1,6 0 0 0,"
        )
    }

    /// Takes what the worker tells until the condition holds.
    func wait(_ keeper: GateAgent, until isSo: () throws -> Bool) rethrows {
        while try !isSo() {
            guard waitReadable(keeper.fileDescriptor) else {
                Issue.record("the gate's worker has told nothing for ten seconds")
                return
            }
            keeper.takeReports()
        }
    }

    /// Waits for something that the worker does not tell of.
    func wait(seconds: Int64 = 10, until isSo: () throws -> Bool) rethrows {
        guard try VIPTestSupport.wait(seconds: Double(seconds), until: isSo) else {
            Issue.record("it has not become so within \(seconds) s")
            return
        }
    }
}
