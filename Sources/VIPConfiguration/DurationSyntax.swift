extension Duration {
    /// A number and its unit, such as "15ms", "100us", "1.5s", "2m" or "1h"; nil for anything
    /// else. There are at most 9 digits on either side of the point, nothing below a nanosecond
    /// and nothing beyond 64 bits of them (292 years), so the result is exact.
    public init?(parsing text: String) {
        let number = text.utf8.prefix { Self.digits ~= $0 || $0 == UInt8(ascii: ".") }
        let suffix = text.utf8.dropFirst(number.count)
        guard let unit = Self.units.first(where: { suffix.elementsEqual($0.suffix.utf8) })
        else { return nil }

        let parts = number.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count) else { return nil }
        guard parts.allSatisfy({ (1...9).contains($0.count) }) else { return nil }

        let whole = Self.value(parts[0]).multipliedReportingOverflow(by: unit.nanoseconds)
        guard !whole.overflow else { return nil }
        var nanoseconds = whole.partialValue
        if parts.count == 2 {
            let scale = parts[1].reduce(Int64(1)) { scale, _ in scale * 10 }
            let fraction = Self.value(parts[1]).multipliedFullWidth(by: unit.nanoseconds)
            let (quotient, remainder) = scale.dividingFullWidth(fraction)
            let sum = nanoseconds.addingReportingOverflow(quotient)
            guard remainder == 0, !sum.overflow else { return nil }
            nanoseconds = sum.partialValue
        }
        self = .nanoseconds(nanoseconds)
    }

    /// In the syntax that `init(parsing:)` reads: the largest unit of which there is at least
    /// one, down to the microsecond, and as many decimals as it takes. Seconds are the largest
    /// unit of what is not whole minutes or hours.
    public var text: String {
        let total = wholeNanoseconds
        if total == 0 { return "0s" }
        if total < 0 { return "-" + Duration.nanoseconds(-total).text }
        let unit = Self.units.first { unit in
            total >= unit.nanoseconds
                && (unit.nanoseconds <= 1_000_000_000 || total % unit.nanoseconds == 0)
        }
        let (suffix, size) = unit ?? ("us", 1_000)
        var decimals = ""
        var remainder = total % size
        while remainder > 0 {
            remainder *= 10
            decimals += String(remainder / size)
            remainder %= size
        }
        return "\(total / size)" + (decimals.isEmpty ? "" : ".\(decimals)") + suffix
    }

    /// Whole nanoseconds, rounded down. The configuration's durations are far from the bounds of
    /// 64 bits (292 years).
    package var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

    /// Largest first.
    private static let units: [(suffix: String, nanoseconds: Int64)] = [
        ("h", 3_600_000_000_000),
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
        ("ms", 1_000_000),
        ("us", 1_000),
    ]

    private static func value(_ digits: Substring.UTF8View) -> Int64 {
        digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }
}
