/// Spans of time as people read them: two digits that matter, and the unit.
enum HumanTime {
    /// `640 us`, `1.2 ms`, `431 ms`, `3.2 s`, `42 s`, `3m12s`, `5h03m`, `12d04h`; cut off, not
    /// rounded, so that nothing reads as older than it is. A negative span reads as nothing.
    static func text(microseconds: Int) -> String {
        let us = max(microseconds, 0)
        let ms = us / 1_000
        let s = ms / 1_000
        return switch us {
        case 0..<1_000: "\(us) us"
        case 1_000..<10_000: "\(ms).\(us / 100 % 10) ms"
        case 10_000..<1_000_000: "\(ms) ms"
        case 1_000_000..<10_000_000: "\(s).\(ms / 100 % 10) s"
        case 10_000_000..<60_000_000: "\(s) s"
        case 60_000_000..<3_600_000_000: "\(s / 60)m\(twoDigits(s % 60))s"
        case 3_600_000_000..<86_400_000_000: "\(s / 3_600)h\(twoDigits(s / 60 % 60))m"
        default: "\(s / 86_400)d\(twoDigits(s / 3_600 % 24))h"
        }
    }

    /// The same for what was measured in whole milliseconds.
    static func text(milliseconds: Int) -> String {
        guard milliseconds >= 1_000 else { return "\(max(milliseconds, 0)) ms" }
        let (microseconds, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000)
        return text(microseconds: overflow ? .max : microseconds)
    }

    private static func twoDigits(_ value: Int) -> String {
        value < 10 ? "0\(value)" : "\(value)"
    }
}
