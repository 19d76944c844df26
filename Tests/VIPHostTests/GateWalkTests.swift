import Testing
import VIPCore
import VIPHost

/// Long random lives, in which the kernel answers when it likes and the core does what it likes.
@Suite("The gate of a host, whatever happens")
struct GateWalkTests {
    @Test(
        "is open for whom the core has opened it, and for nobody else",
        arguments: 1...400 as ClosedRange<UInt64>
    )
    func walk(seed: UInt64) {
        var life = GateLife(seed: seed)
        for _ in 0..<60 { life.go() }
        #expect(life.faults == [], "seed \(seed)")
    }
}

private struct GateLife {
    /// One gate as the kernel has it: whose a slot is, and whether it is open.
    struct Slot {
        var group: GroupID
        var isOpen: Bool
    }

    typealias Slots = [UInt32: Slot]

    private var chance: UInt64
    private var talk: GateTalk
    /// Of the process before.
    private let earlier: Slots
    private var atHand: Slots?
    private var asked: GateAction?
    private var hasKept = false
    /// Whom the core has it open for.
    private var open: Set<GroupID>
    private var inPlace: Set<GroupID> = [web, mail]
    private var timesFound = 0
    private let fallbacks: Set<GroupID>
    private(set) var faults: [String] = []

    init(seed: UInt64) {
        chance = seed
        // All beginnings, in turn.
        let bits = seed
        fallbacks = bits & 1 == 0 ? [] : [web]
        let left: Double = bits & 2 == 0 ? 0.4 : 60
        open = bits & 4 == 0 ? [] : [web]
        talk = GateTalk(
            web: bits & 1 == 0 ? nil : .lifetimes,
            records: bits & 4 == 0
                ? [] : [GateTalk.record(web, boottime: 10 + left, raw: 10 + left)]
        )
        let groups = [old, web, mail, web].dropFirst(Int(bits >> 3 & 3))
        var slots: Slots = [:]
        for (index, group) in groups.enumerated() {
            slots[UInt32(index) * 2 + 1] = Slot(group: group, isOpen: true)
        }
        earlier = slots
    }

    private mutating func draw(_ count: UInt64) -> UInt64 {
        chance = chance &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (chance >> 33) % count
    }

    mutating func go() {
        switch draw(8) {
        case 0: step(.begin)
        case 1, 2:
            let group = draw(2) == 0 ? web : mail
            open.insert(group)
            step(.open(group, until: .seconds(100)))
        case 3:
            let group = draw(2) == 0 ? web : mail
            open.remove(group)
            step(.close(group))
        case 4:
            talk.wait(0.2)
            step(.wake)
        case 5:
            let silenced: [GroupID] = draw(2) == 0 ? [web] : []
            step(.foreignGateRemoved(GateRemovalReport(), silenced: silenced))
        default: answer()
        }
        check()
    }

    /// What the kernel may say now.
    private mutating func answer() {
        switch asked {
        case .find(let search):
            asked = nil
            switch (search, draw(3)) {
            case (.descriptors, 0): find(.descriptors)
            case (.pins, 0): find(.pins)
            case (.descriptors, _), (.pins, _): step(.reports([.notFound(search)]))
            case (.interfaces, 0): step(.reports([.unavailable("no eBPF")]))
            case (.interfaces, 1): find(.program(interface: "eth2"))
            case (.interfaces, _): load()
            }
        case .load:
            asked = nil
            load()
        default:
            guard hasKept else { return }
            let attachments: [[GateAttachment]] = [
                [.whole()], [.whole(), .missing(3)], [], [.unsupported()],
            ]
            let report: GateReport =
                draw(5) == 0 ? .failed("busy") : .attachments(attachments[Int(draw(4))])
            step(.reports([report]))
        }
    }

    private mutating func find(_ way: GateWay) {
        atHand = earlier
        let occupants = earlier.sorted { $0.key < $1.key }
        step(.reports([.found(way, occupants.map { occupant($0.key, $0.value.group) })]))
    }

    private mutating func load() {
        atHand = [:]
        step(.reports([.loaded]))
    }

    private mutating func step(_ event: GateEvent) {
        for action in talk.actions(event) { carryOut(action) }
    }

    private mutating func carryOut(_ action: GateAction) {
        switch action {
        case .find, .load: asked = action
        case .letGo: atHand = nil
        case .closeSlots(let open):
            for slot in atHand?.keys.sorted() ?? [] where !open.contains(slot) {
                atHand?[slot]?.isOpen = false
            }
        case .assign(let slot, let group):
            if atHand?[slot] != nil { faults.append("slot \(slot) was taken") }
            atHand?[slot] = Slot(group: group, isOpen: false)
        case .openSlot(let slot, _): atHand?[slot]?.isOpen = true
        case .closeSlot(let slot): atHand?[slot]?.isOpen = false
        case .keep: hasKept = true
        case .tell(.gatesClosed): timesFound += 1
        case .tell(.gate(let group, let isThere)):
            if inPlace.contains(group) == isThere { faults.append("no news of \(group)") }
            if isThere { inPlace.insert(group) } else { inPlace.remove(group) }
        case .tell, .put, .store, .removeForeignGate, .sweep, .takeAway, .note: break
        }
    }

    private mutating func check() {
        if timesFound != (talk.gate.areGatesFound ? 1 : 0) { faults.append("found \(timesFound)") }
        if hasKept, let atHand {
            for (slot, entry) in atHand where entry.isOpen && !open.contains(entry.group) {
                faults.append("slot \(slot) of \(entry.group) is open")
            }
            for group in [web, mail] where talk.gate.slot(of: group) != nil {
                let slot = talk.gate.slot(of: group).flatMap { atHand[$0] }
                if slot?.group != group { faults.append("\(group) has another's slot") }
                if slot?.isOpen != open.contains(group) { faults.append("\(group) is shut out") }
            }
        }
        let believed: Set<GroupID>? =
            switch talk.gate.posture {
            case .kept(let attachments): attachments.allSatisfy(\.isWhole) ? [web, mail] : []
            case .unavailable: fallbacks
            case .pending(_, .failing): []
            case .unsought, .pending, .leaving, .gone: nil
            }
        if let believed, inPlace != believed { faults.append("the core believes \(inPlace)") }
    }
}
