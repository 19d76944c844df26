import CNetlink
import Glibc

/// Both clocks of this host at one instant, in nanoseconds since it booted. Neither is comparable
/// with another host's.
package struct ClockReading: Equatable, Sendable {
    /// CLOCK_BOOTTIME: counts suspend, and NTP may slew it. Timers and the gate run on it.
    package var boot: Int64
    /// CLOCK_MONOTONIC_RAW: the oscillator itself; stands still in suspend.
    package var raw: Int64

    package init(boot: Int64, raw: Int64) {
        self.boot = boot
        self.raw = raw
    }

    package static func now() -> ClockReading {
        ClockReading(
            boot: vip_clock_nanoseconds(CLOCK_BOOTTIME),
            raw: vip_clock_nanoseconds(CLOCK_MONOTONIC_RAW)
        )
    }

    /// Nanoseconds of CLOCK_BOOTTIME.
    package static func bootNow() -> Int64 { vip_clock_nanoseconds(CLOCK_BOOTTIME) }
}
