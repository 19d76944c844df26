import VIPAgent

extension StartupFailure.Status {
    /// In the words of help and manual pages.
    var meaning: String {
        switch self {
        case .system: "the system refused something"
        case .unavailable:
            "another agent runs here, its port is taken, or this host has no name yet"
        case .permission: "a permission is missing"
        case .configuration: "the configuration or the key can't be used"
        }
    }
}

/// The end of a command's help: what it ends with. Its manual page has a section made of this.
///
/// - Parameter unreadable: What status 66 says, for a command that reads others' files.
func exitStatus(
    well: String,
    unreadable: String? = nil,
    _ failures: StartupFailure.Status...
) -> String {
    let lines =
        ["Exit status:", "  0   \(well)", "  64  wrong usage"]
        + (unreadable.map { ["  66  \($0)"] } ?? [])
        + failures.map { "  \($0.rawValue)  \($0.meaning)" }
    return lines.joined(separator: "\n")
}
