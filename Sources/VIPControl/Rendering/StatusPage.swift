/// A status report as a page of text: first whether all is well and why not, then who owns what,
/// then who hears whom.
public struct StatusPage {
    /// A group with more addresses than this shows the first of them, and those that are not as
    /// they must be. `--json` has all.
    static let addressLimit = 6

    let report: StatusReport
    let presentation: Presentation

    public init(_ report: StatusReport, for presentation: Presentation = Presentation()) {
        self.report = report
        self.presentation = presentation
    }

    /// The page, each line with a line feed at its end.
    public var text: String {
        [headline, groups, gate, voters, checks, footer]
            .filter { !$0.isEmpty }
            .map { $0.map { $0 + "\n" }.joined() }
            .joined(separator: "\n")
    }

    // MARK: Headline

    private var headline: [String] {
        let isHealthy = report.isHealthy
        let verdict = isHealthy ? Text("healthy", .good) : Text("DEGRADED", .bad)
        var lines = [
            paint("cluster \(report.cluster), host \(report.host) (\(report.role.rawValue)): ")
                + presentation.paint(verdict)
        ]
        for reason in report.reasons {
            lines += item("- ", Text(reason, isHealthy ? nil : .bad))
        }
        for warning in report.warnings {
            lines += item("- ", Text("note: " + warning, .warning))
        }
        return lines
    }

    // MARK: Groups

    private var groups: [String] {
        guard !report.groups.isEmpty else { return [] }
        var table = Table([
            .init("GROUP"), .init("STATE"), .init("OWNER"), .init("TERM", .right),
            .init("LEASE", .right), .init("ADDRESSES"), .init("SINCE", .right), .init("WHY"),
        ])
        table.rows = report.groups.map { group in
            [
                .init(group.name), state(of: group), .init(group.owner ?? "nobody"),
                .init("\(group.term)"), .init(milliseconds(group.leaseMilliseconds)),
                addresses(of: group),
                .init(HumanTime.text(milliseconds: group.sinceMilliseconds)),
                .init(group.reason),
            ]
        }
        return table.lines(presentation) + report.groups.flatMap(notes)
    }

    private func state(of group: GroupStatus) -> Table.Cell {
        let colour: Text.Colour? =
            switch group.state {
            case .owner: group.isForced ? .warning : .good
            case .fault: .bad
            case .maintenance, .starting: .warning
            case .standby, .witness: nil
            }
        return .init(group.state.rawValue + (group.isForced ? ", forced" : ""), colour)
    }

    private func addresses(of group: GroupStatus) -> Table.Cell {
        var shown: [Text] = []
        var hidden = 0
        for (index, address) in group.addresses.enumerated() {
            let isRight = address.isWanted == address.isPresent
            if index < Self.addressLimit || !isRight {
                shown.append(presence(of: address, in: group))
            } else {
                hidden += 1
            }
        }
        if hidden > 0 { shown.append(Text("and \(hidden) more as they must be", .dim)) }
        return .init(shown)
    }

    private func presence(of address: AddressStatus, in group: GroupStatus) -> Text {
        guard group.state != .witness else { return Text(address.address) }
        let lifetime = address.validLifetimeSeconds.map { ", \($0) s left" } ?? ""
        return switch (address.isPresent, address.isWanted) {
        case (true, true): Text("\(address.address) here\(lifetime)")
        case (false, false): Text("\(address.address) not here")
        case (true, false): Text("\(address.address) HERE, MUST NOT BE\(lifetime)", .bad)
        case (false, true): Text("\(address.address) NOT HERE, MUST BE", .bad)
        }
    }

    private func notes(on group: GroupStatus) -> [String] {
        var notes: [Text] = []
        let interface = "interface \(group.interface)"
        switch group.interfaceState {
        case .up, .none: break
        case .down: notes.append(Text("\(interface) is down", .bad))
        case .missing: notes.append(Text("\(interface) does not exist", .bad))
        }
        if group.isForced {
            notes.append(
                Text(
                    "taken by force: the operator has promised that no other host answers",
                    .warning
                )
            )
        }
        if let left = group.holdDownMilliseconds {
            notes.append(
                Text("no planned moves for \(HumanTime.text(milliseconds: left)) more", .warning)
            )
        }
        if group.isPeerReady == false {
            let reason = group.peerReason.map { ": " + $0 } ?? ""
            notes.append(Text("the other node would not take over\(reason)", .warning))
        }
        return notes.flatMap { item("\(group.name): ", $0) }
    }

    // MARK: Gate

    private var gate: [String] {
        let section = GateSection(report)
        guard let headline = section.headline else { return [] }
        let first = headline.wrapped(to: presentation.width.map { $0 - 2 }).enumerated().map {
            ($0 == 0 ? "" : "  ") + presentation.paint($1)
        }
        return first + section.items.flatMap { item("\($0.subject): ", $0.text) }
    }

    // MARK: Voters

    private var voters: [String] {
        guard !report.voters.isEmpty else { return [] }
        var table = Table([
            .init("VOTER"), .init("ROLE"), .init("PATH"), .init("REACHABLE"), .init("RTT", .right),
            .init("HEARD", .right), .init("HEARS US"), .init("NOTE"),
        ])
        for voter in report.voters {
            let name = Table.Cell(voter.name)
            let role = Table.Cell(voter.role.rawValue)
            let note = Table.Cell(Self.note(on: voter), .warning)
            if voter.isSelf {
                table.rows.append([name, role, "this host", "", "", "", "", note])
            } else if voter.paths.count == 1, let path = voter.paths.first {
                let error = Text(path.lastSendError ?? "", .bad)
                let notes = (note.lines + [error]).filter { !$0.content.isEmpty }
                table.rows.append([name, role] + cells(of: voter, on: path) + [.init(notes)])
            } else {
                table.rows.append([name, role, "any"] + link(of: voter) + [note])
                for path in voter.paths {
                    let error = Table.Cell(path.lastSendError ?? "", .bad)
                    table.rows.append(["", ""] + cells(of: voter, on: path) + [error])
                }
            }
        }
        return table.lines(presentation)
            + LinkFindings(report.links).lines.flatMap {
                item("- ", Text($0, .bad))
            }
    }

    private static func note(on voter: VoterStatus) -> String {
        if voter.isAbstaining == true { return "abstains from voting" }
        return voter.hasSameFile == false ? "has another file" : ""
    }

    private func link(of voter: VoterStatus) -> [Table.Cell] {
        cells(
            isReachable: voter.isReachable,
            roundTrip: voter.roundTripMicroseconds,
            heard: voter.heardMillisecondsAgo,
            hearsUs: voter.hearsUs
        )
    }

    private func cells(of voter: VoterStatus, on path: PathStatus) -> [Table.Cell] {
        [.init("\(path.index): \(path.local) > \(path.remote)")]
            + cells(
                isReachable: path.isReachable,
                roundTrip: path.roundTripMicroseconds,
                heard: path.heardMillisecondsAgo,
                hearsUs: path.isHeardByPeer
            )
    }

    private func cells(
        isReachable: Bool,
        roundTrip: Int?,
        heard: Int?,
        hearsUs: Bool?
    ) -> [Table.Cell] {
        let hearing: Table.Cell =
            switch hearsUs {
            case true?: .init("yes")
            case false?: .init("no", .bad)
            case nil: .init("unknown", .dim)
            }
        return [
            isReachable ? .init("yes", .good) : .init("no", .bad),
            .init(roundTrip.map { HumanTime.text(microseconds: $0) } ?? "-"),
            .init(heard.map { HumanTime.text(milliseconds: $0) + " ago" } ?? "never"),
            hearing,
        ]
    }

    // MARK: The rest

    private var checks: [String] {
        guard !report.checks.isEmpty else { return [] }
        var table = Table([.init("CHECK"), .init("STATE"), .init("DETAIL")])
        table.rows = report.checks.map { [.init($0.name), .init($0.state), .init($0.detail)] }
        return table.lines(presentation)
    }

    private var footer: [String] {
        let timing = report.timing
        let counters = report.counters
        let drift = timing.driftPartsPerMillion
        let agent = """
            vip-agent \(report.version), pid \(report.processID), \
            up \(HumanTime.text(milliseconds: report.uptimeMilliseconds)); \
            heartbeat \(HumanTime.text(milliseconds: timing.heartbeatMilliseconds)), \
            lease \(HumanTime.text(milliseconds: timing.leaseMilliseconds)), \
            drift \(drift) ppm, margin \(HumanTime.text(milliseconds: timing.marginMilliseconds))
            """
        var facts = [
            "\(counters[.framesSent]) sent", "\(counters[.framesReceived]) received",
        ]
        if counters[.sendErrors] > 0 { facts.append("\(counters[.sendErrors]) not sent") }
        facts += report.dropped.counts.filter { $0.count > 0 }.map {
            "\($0.count) dropped (\($0.reason))"
        }
        var lines = [agent, "frames: " + facts.joined(separator: ", ")]
        let most = counters[.maximumLatenessMicroseconds]
        if most > 0 {
            let recent = counters[.recentLatenessMicroseconds]
            lines.append(
                "woken late by \(HumanTime.text(microseconds: Int(clamping: most))) at most, "
                    + "by \(HumanTime.text(microseconds: Int(clamping: recent))) within the last minute"
                    + (counters[.lateWakes] > 0
                        ? "; past a quarter of the lease: \(counters[.lateWakes])" : "")
            )
        }
        if counters[.netlinkOverruns] > 0 {
            lines.append("netlink overruns: \(counters[.netlinkOverruns])")
        }
        if counters[.logLinesDropped] > 0 {
            lines.append("log lines dropped: \(counters[.logLinesDropped])")
        }
        return lines.flatMap { Text($0, .dim).wrapped(to: presentation.width) }
            .map(presentation.paint)
    }

    // MARK: Lines

    private func milliseconds(_ value: Int?) -> String {
        value.map { HumanTime.text(milliseconds: $0) } ?? "-"
    }

    private func paint(_ content: String) -> String {
        presentation.paint(Text(content))
    }

    /// A line of a list; further lines of the same item are indented below its text.
    private func item(_ mark: String, _ text: Text) -> [String] {
        let indent = String(repeating: " ", count: mark.count)
        let room = presentation.width.map { max($0 - mark.count - 2, 20) }
        return text.wrapped(to: room).enumerated().map { index, line in
            "  " + (index == 0 ? printable(mark) : indent) + presentation.paint(line)
        }
    }
}
