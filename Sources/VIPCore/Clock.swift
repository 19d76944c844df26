/// A point in time on one clock of one host, as the time since that clock's zero.
///
/// Instants of different clocks, or of different hosts, are never compared: nothing in this module
/// knows which clock an `Instant` came from, so they travel as a `Reading`.
public struct Instant: Comparable, Hashable, Sendable {
    /// Never negative for an instant that a kernel has handed out.
    public var sinceZero: Duration

    public init(_ sinceZero: Duration) {
        self.sinceZero = sinceZero
    }

    public init(nanoseconds: Int64) {
        sinceZero = .nanoseconds(nanoseconds)
    }

    public static let zero = Instant(.zero)

    /// Whole nanoseconds since the clock's zero, saturating.
    public var nanoseconds: Int64 { sinceZero.nanoseconds }

    public static func < (left: Instant, right: Instant) -> Bool {
        left.sinceZero < right.sinceZero
    }

    public static func + (instant: Instant, span: Duration) -> Instant {
        Instant(instant.sinceZero + span)
    }

    public static func - (instant: Instant, span: Duration) -> Instant {
        Instant(instant.sinceZero - span)
    }

    public static func - (later: Instant, earlier: Instant) -> Duration {
        later.sinceZero - earlier.sinceZero
    }
}

/// One look at both clocks of a host.
///
/// BOOTTIME counts suspend and is what timers and gate run on, but NTP may slew it by up to 10 %.
/// MONOTONIC_RAW follows the oscillator alone, but stops while the host is suspended. Whatever must
/// not end too early is kept by RAW, whatever must not end too late by the smaller remainder.
public struct Reading: Hashable, Sendable {
    public var boottime: Instant
    public var raw: Instant

    public init(boottime: Instant, raw: Instant) {
        self.boottime = boottime
        self.raw = raw
    }

    public static let zero = Reading(boottime: .zero, raw: .zero)

    public static func + (reading: Reading, span: Duration) -> Reading {
        Reading(boottime: reading.boottime + span, raw: reading.raw + span)
    }

    /// What is left until this point at `now`, by the clock on which less is left.
    public func remaining(at now: Reading) -> Duration {
        min(boottime - now.boottime, raw - now.raw)
    }

    /// Whether both clocks have come to this point.
    public func isReached(at now: Reading) -> Bool {
        boottime <= now.boottime && raw <= now.raw
    }

    /// Whether both clocks say that this point lies ahead.
    public func isAhead(of now: Reading) -> Bool {
        now.boottime < boottime && now.raw < raw
    }
}

extension Duration {
    /// Whole nanoseconds, saturating at the ends of `Int64` (292 years).
    public var nanoseconds: Int64 {
        Int64(clamping: attoseconds / 1_000_000_000)
    }

    /// The standard library has these for any integer, and takes half a microsecond for one.
    static func * (span: Duration, factor: Int) -> Duration {
        Duration(attoseconds: span.attoseconds * Int128(factor))
    }

    static func / (span: Duration, divisor: Int) -> Duration {
        Duration(attoseconds: span.attoseconds / Int128(divisor))
    }
}
