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

    /// Whether CLOCK_BOOTTIME here is not that of the kernel's own programs: in a time namespace
    /// with an offset (time_namespaces(7)).
    package static func bootIsShifted() -> Bool {
        // A kernel without time namespaces has no such file.
        guard let octets = try? WholeFile.read("/proc/self/timens_offsets", most: 4096) else {
            return false
        }
        return hasBootOffset(String(decoding: octets, as: UTF8.self))
    }

    /// Lines of a clock, its offset's seconds and nanoseconds.
    package static func hasBootOffset(_ text: String) -> Bool {
        text.split(separator: "\n").contains { line in
            let words = line.split(whereSeparator: \.isWhitespace)
            return words.first == "boottime" && words.dropFirst().contains { $0 != "0" }
        }
    }

    /// Nanoseconds of CLOCK_BOOTTIME.
    package static func bootNow() -> Int64 { vip_clock_nanoseconds(CLOCK_BOOTTIME) }
}

/// The earlier of two deadlines, of which there may be none.
package func earliest(_ left: Int64?, _ right: Int64?) -> Int64? {
    guard let left, let right else { return left ?? right }
    return min(left, right)
}
