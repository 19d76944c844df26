/// One line of plain words about a host, for whoever looks at the service:
///
///     owner of web (term 7)
///     DEGRADED: w1 is not heard; standby of web, owned by lb2
public struct StatusLine: Equatable, Sendable {
    public var text: String

    /// More than these are counted only: a line has to end somewhere.
    private static let mostGroups = 8

    public init(_ report: StatusReport) {
        var parts: [String] = []
        if let reason = report.reasons.first {
            let others = report.reasons.count - 1
            parts.append("DEGRADED: \(reason)" + (others > 0 ? " (and \(others) more)" : ""))
        }
        parts += report.groups.prefix(Self.mostGroups).map(Self.words)
        let others = report.groups.count - Self.mostGroups
        if others > 0 { parts.append("and \(others) more groups") }
        text = parts.joined(separator: "; ")
    }

    private static func words(_ group: GroupStatus) -> String {
        let owned = group.owner.map { "owned by \($0)" } ?? "owned by nobody"
        return switch group.state {
        case .owner: "owner of \(group.name) (term \(group.term))"
        case .standby: "standby of \(group.name), \(owned)"
        case .fault: "can't run \(group.name), \(group.reason); it is \(owned)"
        case .maintenance: "in maintenance, \(group.name) is \(owned)"
        case .starting: "starting, \(group.name) is \(owned)"
        case .witness: "witness of \(group.name), \(owned)"
        }
    }
}
