import VIPCore
import VIPHost

/// Actions as lines of text, for tests to compare with.
enum GateTranscript {
    static func line(_ action: GateAction) -> String {
        switch action {
        case .find(let search): "find by \(search)"
        case .load: "load"
        case .letGo: "let go"
        case .closeSlots(let open):
            open.isEmpty ? "close all" : "close all but " + list(open.map { "\($0)" })
        case .assign(let slot, let group): "give slot \(slot) to \(name(of: group))"
        case .openSlot(let slot, let until): "open slot \(slot) until \(text(until))"
        case .closeSlot(let slot): "close slot \(slot)"
        case .put(let assignments): "put " + text(assignments)
        case .keep(let assignments): "keep " + text(assignments)
        case .store(let butInherited): "store" + (butInherited ? " but what was inherited" : "")
        case .removeForeignGate(let silenced):
            "remove the foreign gate"
                + (silenced.isEmpty ? "" : " under " + list(silenced.map(name(of:))))
        case .sweep: "sweep"
        case .takeAway: "take away"
        case .tell(let event): "tell: " + line(event)
        case .note(let note): "note: " + text(note)
        }
    }

    static func line(_ event: Event) -> String {
        switch event {
        case .gatesClosed: "gates closed"
        case .gate(let group, let inPlace):
            "\(name(of: group)) " + (inPlace ? "in place" : "not in place")
        default: AddressConversation.line(event)
        }
    }

    private static func text(_ assignments: [GateAssignment]) -> String {
        list(assignments.map { "\(name(of: $0.group)) in \($0.slot)" })
    }

    private static func text(_ note: GateNote) -> String {
        switch note {
        case .found(.descriptors): "found by descriptors"
        case .found(.pins): "found by pins"
        case .found(.program(let interface)): "found on \(interface)"
        case .loaded: "loaded"
        case .unavailable(let reason, let groups):
            "unavailable (\(reason)), \(groups) can't be here"
        case .silent: "the kernel is silent"
        case .failed(let reason): "failed (\(reason))"
        case .notPinned(let reason): "not pinned (\(reason))"
        case .missing(let name, let reason): "missing on \(name) (\(reason))"
        case .back(let name): "back on \(name)"
        case .risk(let name, let risk): "risk on \(name) (\(risk))"
        case .putBack(let name): "put back on \(name)"
        case .foreignRemoved(let what): "foreign gate removed (\(what))"
        case .foreignLeft(let reason): "foreign gate left (\(reason))"
        }
    }

    private static func list(_ words: [String]) -> String { words.joined(separator: ", ") }

    static func name(of group: GroupID) -> String {
        switch group {
        case web: "web"
        case mail: "mail"
        case old: "old"
        default: "group \(group.bits)"
        }
    }

    /// "10.5 s".
    static func text(_ instant: Instant) -> String {
        let tenths = instant.nanoseconds / 100_000_000
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
