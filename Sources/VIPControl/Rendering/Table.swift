/// Aligned columns. Every cell may have several lines; the last column takes the width that is left
/// and wraps in it, or goes below its row where too little is left.
struct Table {
    enum Alignment {
        case left, right
    }

    struct Column {
        let title: String
        let alignment: Alignment

        init(_ title: String, _ alignment: Alignment = .left) {
            self.title = title
            self.alignment = alignment
        }
    }

    struct Cell: ExpressibleByStringLiteral {
        let lines: [Text]

        init(_ lines: [Text]) {
            self.lines = lines
        }

        init(_ content: String, _ colour: Text.Colour? = nil) {
            lines = [Text(content, colour)]
        }

        init(stringLiteral content: String) {
            self.init(content)
        }
    }

    /// Between two columns.
    private static let gap = "  "
    /// With less room than this the last column goes below its row.
    private static let narrowest = 24

    let columns: [Column]
    var rows: [[Cell]] = []

    init(_ columns: [Column]) {
        self.columns = columns
    }

    func lines(_ presentation: Presentation) -> [String] {
        let last = columns.count - 1
        let widths = (0..<last).map { index in
            rows.flatMap { $0[index].lines.map(\.width) }
                .reduce(columns[index].title.count, max)
        }
        let lead = widths.reduce(0) { $0 + $1 + Self.gap.count }
        let room = presentation.width.map { $0 - lead }
        let widest = rows.flatMap { $0[last].lines.map(\.width) }.reduce(0, max)
        let isBelow = room.map { $0 < min(Self.narrowest, widest) } ?? false

        let titles = columns.map { Cell($0.title, .heading) }
        var result = render(
            isBelow ? Array(titles[..<last]) : titles,
            widths,
            presentation
        )
        for row in rows {
            if isBelow {
                result += render(Array(row[..<last]), widths, presentation)
                let below = presentation.width.map { max($0 - 4, Self.narrowest) }
                for text in row[last].lines where !text.content.isEmpty {
                    result += text.wrapped(to: below).map { "    " + presentation.paint($0) }
                }
            } else {
                let cell = Cell(row[last].lines.flatMap { $0.wrapped(to: room) })
                result += render(Array(row[..<last]) + [cell], widths, presentation)
            }
        }
        return result
    }

    private func render(
        _ row: [Cell],
        _ widths: [Int],
        _ presentation: Presentation
    ) -> [String] {
        let height = row.map(\.lines.count).max() ?? 0
        return (0..<height).map { line in
            var result = ""
            // Blanks are owed until something follows them: no line ends in any.
            var owed = 0
            for (index, cell) in row.enumerated() {
                let text = line < cell.lines.count ? cell.lines[line] : Text("")
                let padding = index < widths.count ? widths[index] - text.width : 0
                let isRight = columns[index].alignment == .right
                if isRight { owed += padding }
                if !text.content.isEmpty {
                    result += String(repeating: " ", count: owed) + presentation.paint(text)
                    owed = 0
                }
                if !isRight { owed += padding }
                owed += Self.gap.count
            }
            return result
        }
    }
}
