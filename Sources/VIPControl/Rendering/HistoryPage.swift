/// What happened, one line a transition, oldest first.
public struct HistoryPage {
    let entries: [HistoryEntry]
    let presentation: Presentation

    public init(_ entries: [HistoryEntry], for presentation: Presentation = Presentation()) {
        self.entries = entries
        self.presentation = presentation
    }

    /// The page, each line with a line feed at its end.
    public var text: String {
        guard !entries.isEmpty else { return "nothing has happened yet\n" }
        var table = Table([
            .init("TIME"), .init("GROUP"), .init("WHAT"), .init("TERM", .right), .init("WHY"),
        ])
        table.rows = entries.map { entry in
            [
                .init(entry.at), .init(entry.group ?? "-"), what(entry),
                .init(entry.term.map { "\($0)" } ?? "-"), .init(why(entry)),
            ]
        }
        return table.lines(presentation).map { $0 + "\n" }.joined()
    }

    private func what(_ entry: HistoryEntry) -> Table.Cell {
        guard let state = entry.state else {
            return .init(entry.event + (entry.owner.map { ": \($0)" } ?? ""))
        }
        let colour: Text.Colour? =
            switch state {
            case "owner": .good
            case "fault": .bad
            default: nil
            }
        return .init((entry.was.map { "\($0) -> " } ?? "") + state, colour)
    }

    private func why(_ entry: HistoryEntry) -> String {
        var text = entry.reason
        if let detail = entry.detail { text += ": " + detail }
        if let after = entry.afterMilliseconds {
            text += " (after \(HumanTime.text(milliseconds: after)))"
        }
        return text
    }
}
