import Glibc

/// A point in time on the wall clock, for people: nothing is ever decided by it.
public struct WallClock: Equatable, Sendable {
    public enum Precision: Sendable {
        case seconds, milliseconds
    }

    /// Since 1970-01-01T00:00:00Z, leap seconds not counted; negative before.
    public var seconds: Int64
    /// 0 ..< 1,000,000,000
    public var nanoseconds: Int64

    public init(seconds: Int64, nanoseconds: Int64 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// What CLOCK_REALTIME says.
    public static var now: WallClock {
        var time = timespec()
        let result = unsafe clock_gettime(CLOCK_REALTIME, &time)
        precondition(result == 0, "every Linux has CLOCK_REALTIME")
        return WallClock(seconds: Int64(time.tv_sec), nanoseconds: Int64(time.tv_nsec))
    }

    /// The years that RFC 3339 can write, 0000 to 9999, in seconds since 1970.
    private static let writable: ClosedRange<Int64> = -62_167_219_200...253_402_300_799

    /// RFC 3339 in UTC, cut off and not rounded: `2026-11-21T08:25:00.123Z`. A year that takes
    /// other than four digits, which only a broken clock has, becomes the nearest that can be
    /// written.
    public func rfc3339(_ precision: Precision = .milliseconds) -> String {
        let seconds = min(max(seconds, Self.writable.lowerBound), Self.writable.upperBound)
        let (day, second) = Self.floorDivide(seconds, by: 86_400)
        let (year, month, dayOfMonth) = Self.civil(day: day)
        let time = [second / 3_600, second / 60 % 60, second % 60]
        let date = [Self.digits(year, 4), Self.digits(month, 2), Self.digits(dayOfMonth, 2)]
        let clock = time.map { Self.digits($0, 2) }.joined(separator: ":")
        let fraction =
            switch precision {
            case .seconds: ""
            case .milliseconds: "." + Self.digits(nanoseconds / 1_000_000, 3)
            }
        return date.joined(separator: "-") + "T" + clock + fraction + "Z"
    }

    /// The proleptic Gregorian date of a day counted from 1970-01-01: Howard Hinnant's
    /// `civil_from_days`. Years begin in March, so that the leap day is the last of its year.
    private static func civil(day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivide(day + 719_468, by: 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    private static func floorDivide(
        _ value: Int64,
        by divisor: Int64
    ) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func digits(_ value: Int64, _ count: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
}
