import VIPCore

/// Nanoseconds of true time since the run began. No host can read it.
public typealias TrueTime = Int64

/// Both clocks of one host, as piecewise linear functions of true time.
///
/// RAW follows the oscillator and stands still in a suspend. BOOTTIME is RAW slewed by up to what
/// the kernel allows (10 % of the tick and 500 ppm of frequency). It goes on in a suspend,
/// unslewed: the kernel adds the time that a clock which does not stop has measured.
struct HostClocks {
    /// Millionths by which the kernel lets BOOTTIME be slewed against RAW.
    static let greatestSlew = 100_500

    /// Where the present segment begins.
    private var since: TrueTime
    private var raw: Int64
    private var boottime: Int64
    /// Nanoseconds of RAW in a million of true time, and the slew of BOOTTIME against it.
    private let oscillator: Int64
    private var slew: Int64 = 0
    private(set) var stop: Stop?

    enum Stop {
        case suspended
        /// A virtual machine that is stopped and does not know: both clocks stand still.
        case paused
    }

    init(since: TrueTime, raw: Int64, boottime: Int64, oscillator: Int64) {
        self.since = since
        self.raw = raw
        self.boottime = boottime
        self.oscillator = oscillator
    }

    private static let million: Int64 = 1_000_000

    private var rawRate: Int64 { stop == nil ? oscillator : 0 }
    private var bootRate: Int64 {
        switch stop {
        case nil: oscillator * (Self.million + slew) / Self.million
        case .suspended: oscillator
        case .paused: 0
        }
    }

    func raw(at time: TrueTime) -> Int64 { raw + (time - since) * rawRate / Self.million }

    func boottime(at time: TrueTime) -> Int64 {
        boottime + (time - since) * bootRate / Self.million
    }

    func reading(at time: TrueTime) -> Reading {
        Reading(
            boottime: Instant(nanoseconds: boottime(at: time)),
            raw: Instant(nanoseconds: raw(at: time))
        )
    }

    /// The first true time at which BOOTTIME has come to `instant`, should nothing change.
    func time(boottime instant: Int64) -> TrueTime {
        Self.time(since, of: instant, from: boottime, rate: bootRate)
    }

    /// The first true time at which RAW has come to `instant`; never, while it stands still.
    func time(raw instant: Int64) -> TrueTime {
        Self.time(since, of: instant, from: raw, rate: rawRate)
    }

    /// Saturates a quarter of the way to the end of 64 bits, so that spans can still be added.
    private static func time(
        _ since: TrueTime,
        of instant: Int64,
        from start: Int64,
        rate: Int64
    ) -> TrueTime {
        guard instant > start else { return since + (instant - start) }
        let distance = instant - start
        guard rate > 0, distance < Int64.max / 4 / million else { return .max / 4 }
        return since + (distance * million + rate - 1) / rate
    }

    mutating func change(at time: TrueTime, slew newSlew: Int) {
        begin(at: time)
        slew = Int64(newSlew)
    }

    mutating func change(at time: TrueTime, stop newStop: Stop?) {
        begin(at: time)
        stop = newStop
    }

    private mutating func begin(at time: TrueTime) {
        let (newRaw, newBoottime) = (raw(at: time), boottime(at: time))
        since = time
        raw = newRaw
        boottime = newBoottime
    }
}
