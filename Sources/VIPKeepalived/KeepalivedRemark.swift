import VIPConfiguration

/// What an operator has to know of one statement that was not simply taken over.
public struct KeepalivedRemark: Equatable, Sendable, CustomStringConvertible {
    public enum Severity: Equatable, Sendable {
        /// It is done in another way, or need not be done.
        case note
        /// Nobody does it from now on, unless somebody sees to it.
        case warning
    }

    public var severity: Severity
    public var path: String
    public var line: Int
    /// As it was written, without its block.
    public var statement: String
    public var advice: String

    public var description: String {
        "\(path):\(line): \(statement.quoted): \(advice)".visible
    }
}

/// Remarks and faults as they come up; both are put in the order of the files in the end.
struct KeepalivedFindings {
    private var remarks: [(order: Int, remark: KeepalivedRemark)] = []
    private var faults: [(file: Int, diagnostic: Diagnostic)] = []
    private let files: [KeepalivedFile]

    init(about files: [KeepalivedFile]) {
        self.files = files
    }

    mutating func remark(
        _ severity: KeepalivedRemark.Severity,
        on statement: KeepalivedStatement,
        _ advice: String
    ) {
        let remark = KeepalivedRemark(
            severity: severity,
            path: files[statement.position.file].path,
            line: statement.position.range.line,
            statement: statement.text,
            advice: advice
        )
        remarks.append((statement.order, remark))
    }

    mutating func fault(_ message: String, at position: KeepalivedPosition, help: String) {
        faults.append((position.file, Diagnostic(message, at: position.range, help: help)))
    }

    /// "keepalived.conf:12", for comments.
    func origin(of statement: KeepalivedStatement) -> String {
        "\(files[statement.position.file].path):\(statement.position.range.line)"
    }

    /// What was said of one statement stays in the order in which it was said.
    var inOrder: [KeepalivedRemark] {
        remarks.enumerated()
            .sorted { ($0.element.order, $0.offset) < ($1.element.order, $1.offset) }
            .map(\.element.remark)
    }

    var error: KeepalivedError? {
        guard !faults.isEmpty else { return nil }
        return KeepalivedError(reason: .broken, description: files.rendered(faults))
    }
}
