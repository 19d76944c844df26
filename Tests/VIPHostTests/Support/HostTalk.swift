import VIPCore
import VIPHost
import VIPNet

/// A host under test. The test is its clock, its kernel and its core.
///
/// Every step returns its actions as a transcript: one line for each, in order.
struct HostTalk {
    private(set) var host: Host
    private(set) var now = Instant.seconds(10)

    /// Groups "web" and "mail" on `eth0`, at ten seconds on both clocks.
    ///
    /// - Parameter tenures: of the page, each with what is left of it in seconds.
    init(
        fallback: Enforcement? = nil,
        heartbeat: Duration = .milliseconds(100),
        renewedAtOnce: Int = RefreshTurns.mostAtOnce,
        tenures: (GroupID, Double)...
    ) {
        let names: [(id: GroupID, name: String, address: String)] = [
            (web, "web", "10.77.0.100"), (mail, "mail", "10.77.0.101"),
        ]
        let groups = names.map { group in
            HostGroup(
                id: group.id,
                name: group.name,
                interface: "eth0",
                addresses: [AddressConversation.floating(group.address)]
            )
        }
        host = Host(
            addresses: HostAddresses(groups, renewedAtOnce: renewedAtOnce),
            gate: HostGate(
                groups: groups.map { group in
                    GateGroup(
                        id: group.id,
                        addresses: group.addresses.map(\.address),
                        fallback: fallback
                    )
                },
                records: tenures.map { group, left in
                    GateTalk.record(group, boottime: 10 + left, raw: 10 + left)
                },
                patience: .seconds(1),
                at: Reading(boottime: now, raw: now)
            ),
            heartbeat: heartbeat
        )
    }

    // MARK: - Steps

    @discardableResult
    mutating func step(_ event: HostEvent) -> [String] {
        host.step(event, at: now).map(Self.line)
    }

    @discardableResult
    mutating func hear(_ reports: GateReport...) -> [String] { step(.gate(.reports(reports))) }

    /// The kernel answers the first question, which is what it has: `eth0`.
    @discardableResult
    mutating func answerSurvey() -> [String] {
        let found = AddressAnswer.found(links: [AddressConversation.eth0], addresses: [])
        return step(.addresses(.answered(1, found)))
    }

    /// The core has written that the group's tenure ends at that instant, in seconds.
    @discardableResult
    mutating func write(_ group: GroupID, until: Double) -> [String] {
        step(.effect(.writeRecord(GateTalk.record(group, boottime: until, raw: until))))
    }

    @discardableResult
    mutating func open(_ group: GroupID, until: Double) -> [String] {
        step(.effect(.openGate(group, until: .seconds(until))))
    }

    @discardableResult
    mutating func close(_ group: GroupID) -> [String] { step(.effect(.closeGate(group))) }

    @discardableResult
    mutating func add(_ group: GroupID, request: UInt64) -> [String] {
        step(.effect(.addAddresses(group, request: request, lifetime: .seconds(10), before: nil)))
    }

    /// Moves the clock, and wakes the host.
    @discardableResult
    mutating func pass(_ seconds: Double) -> [String] {
        now = .seconds(Double(now.nanoseconds) / 1_000_000_000 + seconds)
        return step(.wake)
    }

    // MARK: - Words

    static func line(_ action: HostAction) -> String {
        switch action {
        case .gate(let action): "gate: " + GateTranscript.line(action)
        case .addresses(let action): "addresses: " + AddressConversation.line(action)
        case .permit(let group, let until): "permit \(group) until \(GateTranscript.text(until))"
        case .forbid(let group): "forbid \(group)"
        case .tell(let event): "tell: " + GateTranscript.line(event)
        case .tellNext(let event): "tell next: " + GateTranscript.line(event)
        }
    }
}
