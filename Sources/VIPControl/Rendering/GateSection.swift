/// The gate as the kernel has it: where it sits, what may get past it, and whether it is open for a
/// group. All as it must be is one line, and one for each group that this host owns.
struct GateSection {
    /// A line of the list below the headline, with the name that it is about before it.
    struct Item: Equatable {
        let subject: String
        let text: Text
    }

    /// Names in one line; of more, it says how many.
    static let nameLimit = 6
    /// Groups that are as they must be; of more, it says how many. `--json` has all.
    static let groupLimit = 6

    /// `nil` where a report says nothing of a gate: a witness, or an agent that has none.
    let headline: Text?
    let items: [Item]

    init(_ report: StatusReport) {
        guard let gate = report.gate else {
            headline = nil
            items = []
            return
        }
        let states = Self.states(of: report.groups)
        let isClosed = states.isEmpty && report.groups.contains { $0.gate != nil }
        headline = Self.headline(of: gate, isClosed: isClosed)
        items = Self.risks(of: gate) + states + Self.substitutes(in: report.groups)
    }

    // MARK: Where it sits

    private static func headline(of gate: GateStatus, isClosed: Bool) -> Text {
        let reason = gate.reason.map { ": " + $0 } ?? ""
        let closed = isClosed ? "; closed" : ""
        switch gate.state {
        case .inPlace:
            let names = gate.interfaces.map(\.name)
            return names.isEmpty
                ? Text("gate: loaded; there is no interface to put it on")
                : Text("gate: on \(list(names)), both ways\(closed)")
        case .incomplete:
            let whole = gate.interfaces.filter { $0.hasEgress && $0.hasIngress }.map(\.name)
            let rest = whole.isEmpty ? "" : "; in place on \(list(whole))"
            return Text("gate: MISSING \(gaps(in: gate))\(rest)\(closed)\(reason)", .bad)
        case .unavailable:
            return Text("gate: none on this host\(reason)", .warning)
        }
    }

    /// Such as "on eth1, both ways; on eth2, for what arrives".
    private static func gaps(in gate: GateStatus) -> String {
        let kinds = [
            ("both ways", gate.interfaces.filter { !$0.hasEgress && !$0.hasIngress }),
            ("for what leaves", gate.interfaces.filter { !$0.hasEgress && $0.hasIngress }),
            ("for what arrives", gate.interfaces.filter { $0.hasEgress && !$0.hasIngress }),
        ]
        let gaps = kinds.filter { !$0.1.isEmpty }.map { way, interfaces in
            "on \(list(interfaces.map(\.name))), \(way)"
        }
        return gaps.isEmpty ? "somewhere" : gaps.joined(separator: "; ")
    }

    /// One line a risk, with all interfaces that have it.
    private static func risks(of gate: GateStatus) -> [Item] {
        var found: [(risk: String, interfaces: [String])] = []
        for interface in gate.interfaces {
            for risk in interface.risks {
                if let index = found.firstIndex(where: { $0.risk == risk }) {
                    found[index].interfaces.append(interface.name)
                } else {
                    found.append((risk, [interface.name]))
                }
            }
        }
        return found.map {
            Item(subject: list($0.interfaces), text: Text("RISK: " + $0.risk, .warning))
        }
    }

    // MARK: What it does for each group

    /// The groups that it is open for, that it has dropped frames of, or that are not as they must
    /// be. Closed for a standby, with nobody at it, is nothing to read.
    private static func states(of groups: [GroupStatus]) -> [Item] {
        var items: [Item] = []
        var hidden = 0
        for group in groups {
            guard let gate = group.gate else { continue }
            let isOpen = gate.openMilliseconds != nil
            let isRight = isOpen == (group.state == .owner)
            let isQuiet = !isOpen && drops(of: gate).isEmpty
            if isRight, isQuiet || items.count >= groupLimit {
                hidden += 1
            } else {
                items.append(Item(subject: group.name, text: state(of: group, gate)))
            }
        }
        guard hidden > 0, !items.isEmpty else { return items }
        return items + [Item(subject: "\(hidden) more", text: Text("as they must be", .dim))]
    }

    private static func state(of group: GroupStatus, _ gate: GroupGateStatus) -> Text {
        let drops = drops(of: gate)
        guard let left = gate.openMilliseconds else {
            return group.state == .owner
                ? Text("CLOSED, MUST BE OPEN" + drops, .bad) : Text("closed" + drops)
        }
        let time = HumanTime.text(milliseconds: left)
        return group.state == .owner
            ? Text("open for \(time)\(drops)")
            : Text("OPEN for \(time), MUST BE CLOSED\(drops)", .bad)
    }

    /// Empty if there are none.
    private static func drops(of gate: GroupGateStatus) -> String {
        let counts = [(gate.droppedLeaving, "leaving"), (gate.droppedArriving, "arriving")]
            .filter { $0.0 > 0 }
            .map { "\($0.0) \($0.1)" }
        return counts.isEmpty ? "" : "; frames dropped: " + counts.joined(separator: ", ")
    }

    // MARK: What stands in for it

    private static func substitutes(in groups: [GroupStatus]) -> [Item] {
        [
            (
                "lifetimes",
                Text("the kernel lets go, by the lifetimes of the addresses")
            ),
            (
                "agent",
                Text(
                    "RISK: nothing but the agent lets go; while it hangs, two hosts may answer",
                    .warning
                )
            ),
        ].compactMap { enforcement, text in
            let names = groups.filter { $0.enforcement == enforcement }.map(\.name)
            return names.isEmpty ? nil : Item(subject: list(names), text: text)
        }
    }

    /// The first names, and how many more there are.
    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(nameLimit).joined(separator: ", ")
        let rest = names.count - nameLimit
        return rest > 0 ? "\(shown) and \(rest) more" : shown
    }
}
