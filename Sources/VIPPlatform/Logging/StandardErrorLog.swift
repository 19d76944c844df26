import CNetlink
import Glibc
import Logging

/// swift-log's lines as this agent writes them: the message, then what it is about.
///
///     2026-11-21T08:27:55.123Z notice takeover group=web reason="lease of lb1 ran out" was=standby
///
/// The journal has a time of its own. It gets the same text with a priority, and besides it each
/// fact as a field, so that it can be asked for.
package struct StandardErrorLog: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    package var logLevel: Logger.Level

    private let output: LogOutput

    package init(output: LogOutput, level: Logger.Level = .info) {
        self.output = output
        logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        if let error = event.error { all["error"] = .string("\(error)") }
        let message = event.message.description
        let text = Self.line(message: message, metadata: all)
        guard output.isJournal else { return output.put("\(Self.time()) \(event.level) \(text)") }
        let fields = all.keys.sorted().map { key in
            (name: JournalEntry.name(for: key), value: all[key]?.description ?? "")
        }
        output.put(
            JournalEntry(
                priority: Self.priority(event.level),
                message: text,
                fields: [(name: JournalEntry.name(for: "event"), value: message)] + fields
            )
        )
    }

    /// One line, with the metadata sorted by key, so that the same facts are the same line.
    package static func line(message: String, metadata: Logger.Metadata) -> String {
        var line = escaped(message)
        for key in metadata.keys.sorted() {
            guard let value = metadata[key] else { continue }
            if !line.isEmpty { line += " " }
            line += "\(key)=\(quoted(value.description))"
        }
        return line
    }

    /// As it is where it is one word, otherwise in quotes, so that it can be told apart again.
    private static func quoted(_ text: String) -> String {
        let isWord =
            !text.isEmpty
            && text.unicodeScalars.allSatisfy { scalar in
                scalar.value > 0x20 && scalar != "\"" && scalar != "\\" && scalar != "="
                    && scalar.value != 0x7f && !(0x80...0x9f).contains(scalar.value)
            }
        if isWord { return text }
        let inner =
            text
            .split(separator: "\\", omittingEmptySubsequences: false)
            .joined(separator: "\\\\")
            .split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\\\"")
        return "\"\(escaped(inner))\""
    }

    /// No line break and no terminal sequence gets out, whoever the text is from.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value):
                result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// syslog's.
    private static func priority(_ level: Logger.Level) -> UInt8 {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    private static func time() -> String {
        let now = vip_clock_nanoseconds(CLOCK_REALTIME)
        return timestamp(nanoseconds: now)
    }

    /// UTC, to the millisecond (RFC 3339).
    package static func timestamp(nanoseconds: Int64) -> String {
        var seconds = time_t(nanoseconds / 1_000_000_000)
        var parts = unsafe tm()
        unsafe gmtime_r(&seconds, &parts)
        func padded(_ number: Int32, _ width: Int = 2) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        let milliseconds = Int32(nanoseconds / 1_000_000 % 1000)
        let date = unsafe [
            padded(parts.tm_year + 1900, 4), padded(parts.tm_mon + 1), padded(parts.tm_mday),
        ]
        let time = unsafe [padded(parts.tm_hour), padded(parts.tm_min), padded(parts.tm_sec)]
        return "\(date.joined(separator: "-"))T\(time.joined(separator: ":"))"
            + ".\(padded(milliseconds, 3))Z"
    }
}
