import ArgumentParser
import VIPControl

struct History: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show who owned what, since when and why, oldest first.",
        discussion: "Exit status: 0, or 2 if the agent cannot be reached."
    )

    @Flag(help: "Print the entries as a JSON array.")
    var json = false

    @Option(name: [.customShort("n"), .customLong("last")], help: "Only the last <n> entries.")
    var last: Int?

    @Option(help: "Only what concerns this group.")
    var group: String?

    @OptionGroup var connection: Connection

    func validate() throws {
        guard let last, last < 0 else { return }
        throw ValidationError("-n takes a number of entries, and not \(last)")
    }

    func run() throws {
        var entries: [HistoryEntry] = try connection.report(for: .history).report
        if let group { entries.removeAll { $0.group != group } }
        if let last { entries = entries.suffix(last) }
        Terminal.write(
            json
                ? entries.json.serialized(.indented) + "\n"
                : HistoryPage(entries, for: Terminal.presentation).text
        )
    }
}
