import CNetlink
import Glibc

/// Signals as something to read. To be made before the first other thread is started, so that all
/// of them inherit the mask.
package final class SignalPort {
    package enum Signal: Sendable {
        case terminate, interrupt, reload, report, reexecute
        /// The process was stopped, and goes on.
        case resumed
    }

    private let descriptor: Descriptor

    /// For the event loop.
    package var fileDescriptor: Int32 { descriptor.number }

    /// Blocks SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2 and SIGCONT, which lets the process go on
    /// all the same, and ignores SIGPIPE.
    package init() throws(SystemError) {
        vip_ignore_sigpipe()
        var mask = sigset_t()
        unsafe sigemptyset(&mask)
        for number in [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCONT] {
            unsafe sigaddset(&mask, number)
        }
        let number = try SystemCall.check("signalfd", on: "signals") {
            unsafe vip_signalfd_create(&mask)
        }
        descriptor = Descriptor(owning: number)
    }

    /// The next one that has arrived, or nil.
    package func next() -> Signal? {
        switch SystemCall.repeating({ vip_signalfd_next(descriptor.number) }) {
        case SIGTERM: .terminate
        case SIGINT: .interrupt
        case SIGHUP: .reload
        case SIGUSR1: .report
        case SIGUSR2: .reexecute
        case SIGCONT: .resumed
        default: nil
        }
    }
}
