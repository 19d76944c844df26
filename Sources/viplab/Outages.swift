import Glibc
import VIPLab

/// One row of a table: what clients saw in each run.
struct Outages {
    let name: String
    private var outages: [Duration] = []
    private var lost = 0
    private var changes = 0
    private(set) var twoAtOnce = 0

    init(_ name: String) {
        self.name = name
    }

    mutating func add(_ seen: Experiment.Outcome) {
        outages.append(seen.outage)
        lost += seen.lost
        changes += seen.changes(since: .lb1)
        twoAtOnce += seen.answersFromTwoAtOnce
    }

    static var table: Table {
        Table(
            "fault",
            "runs",
            "median outage",
            "range",
            "lost",
            "changes of owner",
            "two at once"
        )
    }

    func addRow(to table: inout Table) {
        table.add(
            name,
            "\(outages.count)",
            outages.median.human,
            outages.range,
            "\(lost)",
            "\(changes)",
            "\(twoAtOnce)"
        )
    }
}

extension [Duration] {
    /// Of an even number the upper one in the middle; zero of none.
    var median: Duration { isEmpty ? .zero : sorted()[count / 2] }

    var range: String { "\((self.min() ?? .zero).human) .. \((self.max() ?? .zero).human)" }
}

/// At once, also when the output is a file.
func say(_ text: String) {
    print(text)
    fflush(nil)
}
