import VIPCore
import VIPHost
import VIPNet

/// A host's addresses under test. The test is their clock, their kernel and their core.
///
/// Every step returns what is to be done as a transcript: one line for each action, in order.
struct AddressConversation {
    private(set) var host: HostAddresses
    private(set) var now = Instant(.seconds(100))
    /// The number of the last question to the kernel, and the question.
    private(set) var asked: (id: UInt64, request: AddressRequest)?

    static let web = GroupID(1)
    static let mail = GroupID(2)
    static let eth0 = Link(index: 3, name: "eth0")

    /// One group "web" with these addresses, of IPv4 unless the test says otherwise, on `eth0`.
    init(_ addresses: [FloatingAddress], others: [HostGroup] = []) {
        let web = HostGroup(id: Self.web, name: "web", interface: "eth0", addresses: addresses)
        host = HostAddresses([web] + others)
    }

    init(_ addresses: String...) { self.init(addresses.map(Self.floating)) }

    /// One that has begun, on a host with `eth0` and with these of its addresses.
    static func begun(_ addresses: String..., with present: [String] = []) -> Self {
        var conversation = Self(addresses.map(floating))
        conversation.step(.begin(byTurns: true))
        conversation.answer(
            .found(links: [eth0], addresses: present.map { address($0) })
        )
        return conversation
    }

    /// One that has begun, and whose group was added and is there.
    static func owning(_ addresses: String...) -> Self {
        var conversation = Self(addresses.map(floating))
        conversation.step(.begin(byTurns: true))
        conversation.answer(.found(links: [eth0], addresses: []))
        conversation.add(1)
        conversation.step(.told(addresses.map { .address(address($0)) }))
        conversation.answer(.added)
        return conversation
    }

    // MARK: - Steps

    @discardableResult
    mutating func step(_ event: AddressEvent) -> [String] {
        let actions = host.step(event, at: now)
        for case .ask(let request, let id) in actions { asked = (id, request) }
        return actions.map(Self.line)
    }

    /// The kernel answers the last question, or the one of that number.
    @discardableResult
    mutating func answer(_ answer: AddressAnswer, to id: UInt64? = nil) -> [String] {
        step(.answered(id ?? asked?.id ?? 0, answer))
    }

    @discardableResult
    mutating func add(_ request: UInt64, lifetime: UInt32 = 10, before: Instant? = nil) -> [String]
    {
        step(.add(Self.web, request: request, lifetime: lifetime, before: before))
    }

    @discardableResult
    mutating func remove(_ request: UInt64) -> [String] {
        step(.remove(Self.web, request: request))
    }

    @discardableResult
    mutating func told(_ notices: NetworkNotice...) -> [String] { step(.told(notices)) }

    mutating func pass(_ time: Duration) { now = now + time }

    // MARK: - Words

    static func floating(_ text: String) -> FloatingAddress {
        guard let address = IPAddress(parsing: text) else { preconditionFailure(text) }
        return FloatingAddress(address: address, prefixLength: address.bitWidth)
    }

    static func address(
        _ text: String,
        on interface: Int32 = 3,
        lifetime: UInt32 = 10
    ) -> InterfaceAddress {
        InterfaceAddress(floating(text), on: interface, lifetime: lifetime)
    }

    /// Put there by somebody else.
    static func foreign(_ text: String, on interface: Int32 = 3) -> InterfaceAddress {
        var address = address(text, on: interface)
        address.owner = 0
        return address
    }

    private static func name(_ group: GroupID) -> String {
        switch group {
        case web: "web"
        case mail: "mail"
        default: "\(group.bits)"
        }
    }

    static func line(_ action: AddressAction) -> String {
        switch action {
        case .ask(let request, let id): "\(id): \(line(request))"
        case .bind(let group, let interface): "place \(group) on \(interface)"
        case .announce(let group): "announce \(group)"
        case .awaitSilence(let group): "await silence of \(group)"
        case .tell(let event): "tell \(line(event))"
        case .note(let note): "note \(line(note))"
        }
    }

    private static func line(_ request: AddressRequest) -> String {
        switch request {
        case .add(let addition):
            let obstacles = addition.obstacles.map { " without \($0.text)" }.joined()
            let before = addition.before.map { " before \($0 / 1_000_000) ms" } ?? ""
            return "add \(list(addition.addresses.map { "\($0.address)" })) on "
                + "\(addition.interface) for \(addition.lifetime) s\(obstacles)\(before)"
        case .remove(let addresses):
            return "remove \(list(addresses.map { "\($0.address) on \($0.interface)" }))"
        case .look(let addresses): return "look for \(list(addresses.map { "\($0)" }))"
        case .survey: return "survey"
        case .tryOut(let trials): return "try \(list(trials.map { "\($0.address.address)" }))"
        }
    }

    /// Of many, the first and how many there are.
    private static func list(_ words: [String]) -> String {
        guard words.count > 4 else { return words.joined(separator: ", ") }
        return "\(words[0]) and \(words.count - 1) more"
    }

    static func line(_ event: Event) -> String {
        switch event {
        case .interface(let group, let up): "\(name(group)) interface \(up ? "up" : "down")"
        case .addressesAdded(let group, let request, let failed):
            "\(name(group)) \(failed ? "not added" : "added") (\(request))"
        case .addressesLate(let group, let request): "\(name(group)) late (\(request))"
        case .addressesRemoved(let group, let request): "\(name(group)) removed (\(request))"
        case .addressesFound(let group, let all, let some):
            "\(name(group)) has \(all ? "all" : some ? "some" : "none")"
        case .addressable(let group, let can): "\(name(group)) \(can ? "can" : "can't") be taken"
        case .kernelAnswers(let group, let does):
            "\(name(group)) kernel \(does ? "answers" : "is silent")"
        case .command(.announce(let group), _): "\(name(group)) announce again"
        default: "\(event)"
        }
    }

    private static func line(_ note: AddressNote) -> String {
        switch note {
        case .noInterface(_, let name): "no interface \(name)"
        case .refused(_, let refusal): "refused: \(refusal)"
        case .stillThere(_, let address): "\(address.address) still there"
        case .silent(_, let seconds): "silent for \(seconds) s"
        case .unaddressable(_, let refusal): "unaddressable: \(refusal)"
        case .unannounced(_, let refusal): "unannounced: \(refusal)"
        case .surveyRefused(let refusal): "survey refused: \(refusal)"
        case .leftoverRefused(let refusal): "leftover refused: \(refusal)"
        case .leftoverRemoved(let address): "removed \(address.text), which no group has"
        }
    }
}
