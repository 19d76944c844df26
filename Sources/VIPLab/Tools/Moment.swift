import Glibc

/// A point on this machine's monotonic clock. All hosts of a lab share the machine, so moments that
/// were taken in different hosts can be compared, which no real cluster may do.
public struct Moment: Comparable, Hashable, Sendable {
    /// Since the machine was started.
    public let nanoseconds: Int64

    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    public static var now: Moment {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Moment(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    public static func < (left: Moment, right: Moment) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    public static func - (later: Moment, earlier: Moment) -> Duration {
        .nanoseconds(later.nanoseconds - earlier.nanoseconds)
    }

    public static func + (moment: Moment, duration: Duration) -> Moment {
        Moment(nanoseconds: moment.nanoseconds + duration.wholeNanoseconds)
    }

    /// Blocks the calling thread until this moment. Absolute, so a schedule does not slip by the
    /// time that its work takes.
    public func sleepUntil() {
        var time = timespec(
            tv_sec: Int(nanoseconds / 1_000_000_000),
            tv_nsec: Int(nanoseconds % 1_000_000_000)
        )
        while unsafe clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
    }
}

extension Duration {
    /// Durations in the lab are far below the 292 years that fit.
    var wholeNanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }

    public var milliseconds: Double {
        Double(wholeNanoseconds) / 1_000_000
    }

    /// As people write it: `0`, `0.4 ms`, `57 ms`, `1.25 s`.
    public var human: String {
        let tenths = (wholeNanoseconds.magnitude + 50_000) / 100_000
        if wholeNanoseconds == 0 { return "0" }
        let sign = wholeNanoseconds < 0 ? "-" : ""
        if tenths < 100 { return "\(sign)\(tenths / 10).\(tenths % 10) ms" }
        if tenths < 10_000 { return "\(sign)\((tenths + 5) / 10) ms" }
        let hundredths = (tenths + 50) / 100
        let fraction = hundredths % 100
        return "\(sign)\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) s"
    }
}

/// Blocks the calling thread.
public func sleep(for duration: Duration) {
    (Moment.now + duration).sleepUntil()
}
