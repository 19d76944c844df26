/// Text in aligned columns.
struct Table {
    private let header: [String]
    private var rows: [[String]] = []

    init(_ header: String...) {
        self.header = header
    }

    mutating func add(_ cells: String...) { add(cells) }

    mutating func add(_ cells: [String]) {
        precondition(cells.count == header.count, "a row has a cell for each column")
        rows.append(cells)
    }

    var text: String {
        let lines = [header] + rows
        let widths = header.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        let rule = widths.map { String(repeating: "-", count: $0) }
        return ([header, rule] + rows)
            .map { cells in
                let padded = zip(cells, widths).map { cell, width in
                    cell + String(repeating: " ", count: width - cell.count)
                }
                return "  " + trimmed(padded.joined(separator: "  "))
            }
            .joined(separator: "\n")
    }

    private func trimmed(_ line: String) -> String {
        guard let last = line.lastIndex(where: { $0 != " " }) else { return "" }
        return String(line[...last])
    }
}
