extension Configuration {
    /// What the agent would do on a host, for `vip-agent check`: aligned, without a newline at the
    /// end.
    ///
    /// - Parameter enforcement: What lets go on that host; nil where that is not known.
    public func plan(
        for hostName: String,
        enforcement: HostEnforcement? = nil
    ) throws(UnknownHost) -> String {
        plan(for: try requireRole(of: hostName), enforcement: enforcement)
    }

    /// - Parameters:
    ///   - role: Of this configuration.
    ///   - enforcement: What lets go on that host; nil where that is not known.
    public func plan(for role: Role, enforcement: HostEnforcement? = nil) -> String {
        let voter = voter(in: role)
        let does: String
        switch role {
        case .node: does = "a node, which may own addresses"
        case .witness: does = "a witness, which votes and touches no interface"
        }
        var lines = [
            "\(voter.name) is \(does)",
            "",
            "cluster    \(cluster.name), \(voters.count) voters, a majority is \(majority)",
            "key        \(cluster.keyFile)",
            "timing     \(timing.summary)",
            "votes      within \((timing.lease / 2).text) of the question, or they come too late",
            "file       \(fileSummary): the same on every host, or none is healthy",
            "",
            "paths",
        ]
        lines += paths(from: voter)
        lines += ["", "groups"]
        switch role {
        case .node:
            lines += groups.isEmpty ? ["  none"] : groupLines(of: voter, enforcement)
        case .witness:
            let names = groups.map(\.name).joined(separator: ", ")
            lines.append(
                "  none here; it votes for \(names.isEmpty ? "none" : names), and no other"
            )
        }
        lines += ["", "lease"]
        lines += (enforcement?.explanation ?? []).map { "  \($0)" }
        lines += timing.argument.description.split(separator: "\n").map { "  \($0)" }
        return lines.joined(separator: "\n")
    }

    private func paths(from voter: Voter) -> [String] {
        var rows: [[String]] = []
        for (index, other) in voters.enumerated() where other.name != voter.name {
            let kind = index < nodes.count ? "node" : "witness"
            for (path, (local, remote)) in zip(voter.addresses, other.addresses).enumerated() {
                let isFirst = path == 0
                rows.append([
                    isFirst ? other.name : "", isFirst ? kind : "", "\(local)", "-> \(remote)",
                ])
            }
        }
        return rows.isEmpty ? ["  none: this voter is alone"] : rows.aligned
    }

    private func groupLines(of voter: Voter, _ enforcement: HostEnforcement?) -> [String] {
        groups.map { group in
            let rows = group.addresses.enumerated().map { index, address in
                ["", index == 0 ? "on \(group.interface)" : "", "\(address)"]
            }
            let owner = group.prefer.map { $0 == voter.name ? "this node" : $0 } ?? "no node"
            let failback =
                switch group.failback {
                case .manual: "fails back by hand"
                case .automatic: "fails back after \(group.failbackDelay.text) of good health"
                }
            let checks =
                group.checks.isEmpty
                ? "" : "; checks (not run yet): \(group.checks.joined(separator: ", "))"
            var lines = ["  \(group.name): prefers \(owner), \(failback)\(checks)"]
            lines += rows.aligned
            if let enforcement { lines.append("    \(enforcement.line)") }
            return lines.joined(separator: "\n")
        }
    }
}

extension Timing {
    /// One line for people.
    var summary: String {
        let decimals = String(10_000 + driftPartsPerMillion % 10_000).dropFirst()
        var text = "\(driftPartsPerMillion / 10_000).\(decimals)"
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return "heartbeat \(heartbeat.text), lease \(lease.text), drift \(text) %,"
            + " margin \(margin.text)"
    }
}

extension [[String]] {
    /// Rows as lines, indented by two, columns two apart.
    fileprivate var aligned: [String] {
        let columns = first?.count ?? 0
        let widths = (0..<columns).map { column in map { $0[column].count }.max() ?? 0 }
        return map { row in
            var line = "  "
            for (column, cell) in row.enumerated() {
                line += column == columns - 1 ? cell : cell.padded(to: widths[column]) + "  "
            }
            return line
        }
    }
}
