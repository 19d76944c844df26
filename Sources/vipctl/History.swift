import ArgumentParser
import VIPControl

struct History: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show who owned what, since when and why, oldest first.",
        discussion: """
            The last entries since the agent started, 1,000 at most; reloads and upgrades do not \
            end them.

            Exit status:
              0   shown
              2   the agent cannot be reached, or does not answer
              64  wrong usage
            """
    )

    @Flag(help: "Print the entries as a JSON array.")
    var json = false

    @Option(
        name: [.customShort("n"), .customLong("last")],
        help: ArgumentHelp("Only the last <n> entries.", valueName: "n")
    )
    var last: Int?

    @Option(
        help: ArgumentHelp("Only what concerns this group.", valueName: "name"),
        completion: .groups
    )
    var group: String?

    @OptionGroup var connection: Connection

    func validate() throws {
        guard let last, last < 1 else { return }
        throw ValidationError("-n takes a number of entries from 1 on, and not \(last)")
    }

    func run() throws {
        var entries: [HistoryEntry] = try connection.report(for: .history).report
        if let group, !json, !entries.contains(where: { $0.group == group }) {
            let known = Set(entries.compactMap(\.group)).sorted().joined(separator: ", ")
            Terminal.write(
                "nothing has happened to a group '\(printable(group))'"
                    + (known.isEmpty ? "\n" : "; entries there are of \(printable(known))\n")
            )
            return
        }
        if let group { entries.removeAll { $0.group != group } }
        if let last { entries = entries.suffix(last) }
        Terminal.write(
            json
                ? entries.json.serialized(.indented) + "\n"
                : HistoryPage(entries, for: Terminal.presentation).text
        )
    }
}
