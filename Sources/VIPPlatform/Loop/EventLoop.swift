import CNetlink
import Glibc

/// One thread's wait for everything: descriptors by epoll, and one timer on CLOCK_BOOTTIME, which
/// unlike epoll's own timeout counts suspend and has nanoseconds.
///
///     loop.wait(until: deadline)      -> how many are ready
///     loop.ready(0), loop.ready(1) …  -> which
///
/// That the timer has fired is not reported: the caller reads the clock and compares, as it has to
/// whenever it wakes up. A wake-up allocates nothing, and the timer is set only when the deadline
/// has changed.
@safe package final class EventLoop {
    /// What epoll says about one descriptor.
    package struct Ready: Equatable, Sendable {
        /// As given to `add`.
        package var token: UInt64
        /// There is something to read, be it an end or an error.
        package var isReadable: Bool
        package var isWritable: Bool
        package var isHungUp: Bool
    }

    /// Descriptors reported by one wait; the others come with the next.
    package static let mostReady = 64

    private static let timerToken = UInt64.max

    private let epoll: Descriptor
    private let timer: Descriptor
    private let events: UnsafeMutableBufferPointer<epoll_event>
    private var armed: Int64 = 0

    package init() throws(SystemError) {
        let epoll = try SystemCall.check("epoll_create1", on: "event loop") { vip_epoll_create() }
        self.epoll = Descriptor(owning: epoll)
        let timer = try SystemCall.check("timerfd_create", on: "CLOCK_BOOTTIME") {
            vip_boottime_timer_create()
        }
        self.timer = Descriptor(owning: timer)
        unsafe events = .allocate(capacity: Self.mostReady)
        unsafe events.initialize(repeating: epoll_event())
        try set(EPOLL_CTL_ADD, timer, token: Self.timerToken, writable: false)
    }

    deinit { unsafe events.deallocate() }

    /// Reports the descriptor when it is readable, and also when it is writable if asked to. Level
    /// triggered: what was not read is reported again.
    ///
    /// - Parameter token: anything but `UInt64.max`.
    package func add(
        _ descriptor: Int32,
        token: UInt64,
        writable: Bool = false
    ) throws(SystemError) {
        precondition(token != Self.timerToken, "the last token is the timer's")
        try set(EPOLL_CTL_ADD, descriptor, token: token, writable: writable)
    }

    /// What one that was added is reported for from now on. An end or an error always is.
    package func change(
        _ descriptor: Int32,
        token: UInt64,
        readable: Bool = true,
        writable: Bool
    ) throws(SystemError) {
        try set(
            EPOLL_CTL_MOD,
            descriptor,
            token: token,
            readable: readable,
            writable: writable
        )
    }

    /// To be called before the descriptor is closed. One that isn't there is fine.
    package func remove(_ descriptor: Int32) {
        _ = epoll_ctl(epoll.number, EPOLL_CTL_DEL, descriptor, nil)
    }

    /// Waits until something is ready or CLOCK_BOOTTIME has reached the deadline, in nanoseconds;
    /// without one until something is ready. A deadline that has passed does not wait, but still
    /// collects what is ready.
    package func wait(until deadline: Int64?) throws(SystemError) -> Int {
        // Zero would disarm the timer, so the earliest deadline is one nanosecond after boot.
        try arm(deadline.map { max($0, 1) } ?? 0)
        let count = try SystemCall.check("epoll_wait", on: "event loop") {
            unsafe vip_epoll_wait(
                epoll.number,
                events.baseAddress,
                Int32(Self.mostReady),
                -1
            )
        }
        return withoutTimer(Int(count))
    }

    package func ready(_ index: Int) -> Ready {
        let event = unsafe events.baseAddress! + index
        return unsafe Ready(
            token: vip_epoll_token(event),
            isReadable: vip_epoll_readable(event) != 0,
            isWritable: vip_epoll_writable(event) != 0,
            isHungUp: vip_epoll_hung_up(event) != 0
        )
    }

    private func set(
        _ operation: Int32,
        _ descriptor: Int32,
        token: UInt64,
        readable: Bool = true,
        writable: Bool
    ) throws(SystemError) {
        let events = (readable ? Int32(vip_epoll_in) : 0) | (writable ? Int32(vip_epoll_out) : 0)
        try SystemCall.check("epoll_ctl", on: "descriptor \(descriptor)") {
            vip_epoll_set(epoll.number, operation, descriptor, events, token)
        }
    }

    private func arm(_ deadline: Int64) throws(SystemError) {
        guard deadline != armed else { return }
        try SystemCall.check("timerfd_settime", on: "CLOCK_BOOTTIME") {
            vip_boottime_timer_set(timer.number, deadline)
        }
        armed = deadline
    }

    /// Takes the timer out of the events. It is left unread and readable: as long as the caller
    /// waits for a deadline that has passed, each wait returns at once, and setting the next one
    /// makes it unreadable.
    private func withoutTimer(_ count: Int) -> Int {
        for index in 0..<count
        where unsafe vip_epoll_token(events.baseAddress! + index) == Self.timerToken {
            unsafe events[index] = events[count - 1]
            return count - 1
        }
        return count
    }
}
