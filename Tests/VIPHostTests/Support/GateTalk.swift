import VIPCore
import VIPHost
import VIPNet

let web = GroupID(1)
let mail = GroupID(2)
/// Not configured any more.
let old = GroupID(9)

/// The gate of one host under test. The test is its clock and its kernel.
///
/// Every step returns its actions as a transcript (see `GateTranscript`).
struct GateTalk {
    private(set) var gate: HostGate
    private(set) var now = Instant(nanoseconds: 10_000_000_000)

    /// At ten seconds on both clocks.
    ///
    /// - Parameter tenures: of the page, each with what is left of it in seconds.
    init(
        web webFallback: Enforcement? = nil,
        mail mailFallback: Enforcement? = nil,
        tenures: (GroupID, Double)...
    ) {
        let records = tenures.map { group, left in
            Self.record(group, boottime: 10 + left, raw: 10 + left)
        }
        self.init(web: webFallback, mail: mailFallback, records: records)
    }

    init(web: Enforcement? = nil, mail: Enforcement? = nil, records: [GroupRecord]) {
        gate = HostGate(
            groups: [
                // In no order: a configuration has its own.
                GateGroup(id: VIPHostTests.mail, addresses: [.v4(0x0a4d_0065)], fallback: mail),
                GateGroup(id: VIPHostTests.web, addresses: [.v4(0x0a4d_0064)], fallback: web),
            ],
            records: records,
            patience: .seconds(1),
            at: Reading(boottime: now, raw: now)
        )
    }

    /// - Parameters:
    ///   - boottime: when the tenure ends on that clock, in seconds.
    ///   - raw: likewise.
    static func record(
        _ group: GroupID,
        boottime: Double,
        raw: Double,
        forced: Bool = false
    ) -> GroupRecord {
        GroupRecord(
            group: group,
            tenure: TenureRecord(
                term: Term(3),
                counted: [],
                deadline: Reading(boottime: .seconds(boottime), raw: .seconds(raw)),
                forced: forced
            )
        )
    }

    // MARK: - Steps

    @discardableResult
    mutating func step(_ event: GateEvent) -> [String] {
        actions(event).map(GateTranscript.line)
    }

    mutating func actions(_ event: GateEvent) -> [GateAction] { gate.step(event, at: now) }

    @discardableResult
    mutating func begin() -> [String] { step(.begin) }

    @discardableResult
    mutating func hear(_ reports: GateReport...) -> [String] { step(.reports(reports)) }

    /// The core has the group open until then, in seconds.
    @discardableResult
    mutating func open(_ group: GroupID, until: Double) -> [String] {
        step(.open(group, until: .seconds(until)))
    }

    @discardableResult
    mutating func close(_ group: GroupID) -> [String] { step(.close(group)) }

    /// Moves the clock, and wakes the gate.
    @discardableResult
    mutating func pass(_ seconds: Double) -> [String] {
        wait(seconds)
        return step(.wake)
    }

    mutating func wait(_ seconds: Double) { now = now + (.seconds(seconds) - Instant.zero) }

    /// There is no gate but what may sit on the interfaces.
    @discardableResult
    mutating func beginAtInterfaces() -> [String] {
        begin()
        hear(.notFound(.descriptors))
        return hear(.notFound(.pins))
    }

    /// A gate was made, and sits on the only interface.
    mutating func settle() {
        beginAtInterfaces()
        hear(.loaded)
        hear(.attachments([.whole()]))
    }
}

extension GateAttachment {
    static func whole(_ interface: Int32 = 2, risks: [String] = []) -> GateAttachment {
        GateAttachment(
            interface: interface,
            name: "eth\(interface)",
            leaves: true,
            arrives: true,
            risks: risks
        )
    }

    static func missing(_ interface: Int32 = 2, _ reason: String = "busy") -> GateAttachment {
        GateAttachment(
            interface: interface,
            name: "eth\(interface)",
            leaves: true,
            arrives: false,
            failure: reason
        )
    }

    static func unsupported(_ interface: Int32 = 2) -> GateAttachment {
        GateAttachment(
            interface: interface,
            name: "eth\(interface)",
            leaves: false,
            arrives: false,
            failure: "no clsact",
            isUnsupported: true
        )
    }
}

extension Instant {
    static func seconds(_ seconds: Double) -> Instant {
        Instant(.milliseconds(Int64((seconds * 1000).rounded())))
    }
}
