import CNetlink
import Glibc

/// Tells the service manager how we are (sd_notify's protocol). Where nobody listens it does
/// nothing, and it never waits.
///
/// The manager's socket takes as few as ten messages at a time (`net.unix.max_dgram_qlen`), and a
/// start has more of them. What finds no place keeps its order in a queue: `flush` sends it, to be
/// called at `retryAt`. A status that waits there is replaced by a newer one, so that a manager
/// that reads nothing for a while misses nothing but what it need not know any more.
package final class ServiceNotifier {
    package enum Message: Equatable, Sendable {
        case ready
        case status(String)
        case reloading(monotonicMicroseconds: Int64)
        case stopping
        /// We are alive; to be sent at half of the unit's WatchdogSec or more often.
        case watchdog

        var text: String {
            switch self {
            case .ready: "READY=1"
            case .status(let text): "STATUS=\(Self.bounded(Self.oneLine(text)))"
            case .reloading(let now): "RELOADING=1\nMONOTONIC_USEC=\(now)"
            case .stopping: "STOPPING=1"
            case .watchdog: "WATCHDOG=1"
            }
        }

        /// A line break would begin another assignment.
        private static func oneLine(_ text: String) -> String {
            String(text.map { $0.isNewline ? " " : $0 })
        }

        /// The manager throws a message of more than 4,096 octets away as a whole, and complains.
        /// What people read of a line ends long before.
        private static func bounded(_ text: String) -> String {
            guard text.utf8.count > mostOctets else { return text }
            let end = "…"
            var kept = ""
            var room = mostOctets - end.utf8.count
            for character in text {
                room -= character.utf8.count
                guard room >= 0 else { break }
                kept.append(character)
            }
            return kept + end
        }

        private static let mostOctets = 1000
    }

    private let path: String
    private let socket: Descriptor
    private var waiting: [Parcel] = []

    /// Of those that wait, only the latest status and one sign of life are of interest.
    private enum Subject { case event, status, watchdog }

    private final class Parcel {
        let octets: [UInt8]
        /// A copy, as the sender may close its own meanwhile; -1 if there is none to be sent.
        let descriptor: Int32
        let subject: Subject

        init(_ text: String, owning descriptor: Int32 = -1, about subject: Subject = .event) {
            octets = Array(text.utf8)
            self.descriptor = descriptor
            self.subject = subject
        }

        deinit { if descriptor >= 0 { close(descriptor) } }
    }

    /// More than a start and a replaced gate need together, and reloads while nobody reads.
    private static let mostWaiting = 64
    /// In nanoseconds.
    private static let pause: Int64 = 5_000_000

    /// When to try again, on CLOCK_BOOTTIME; nil if nothing waits.
    package private(set) var retryAt: Int64?

    /// Whether a descriptor waits to be kept. It would be lost with this program.
    package var isStoring: Bool { waiting.contains { $0.descriptor >= 0 } }

    /// The interval of the service manager's watchdog in nanoseconds, where it expects us to
    /// report.
    package let watchdog: Int64?

    /// nil where there is nobody to tell.
    package init?(environment: (String) -> String? = ServiceNotifier.variable) {
        guard let path = environment("NOTIFY_SOCKET"), path.first == "/" || path.first == "@"
        else { return nil }
        let number = vip_socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        guard number >= 0 else { return nil }
        self.path = path
        socket = Descriptor(owning: number)
        let isForUs = environment("WATCHDOG_PID").map { Int32($0) == getpid() } ?? true
        let microseconds = environment("WATCHDOG_USEC").flatMap { Int64($0) } ?? 0
        watchdog = isForUs && microseconds > 0 ? microseconds &* 1000 : nil
    }

    package func send(_ messages: Message...) {
        let subject: Subject =
            switch messages.count == 1 ? messages.first : nil {
            case .status: .status
            case .watchdog: .watchdog
            case .ready, .reloading, .stopping, nil: .event
            }
        send(Parcel(messages.map(\.text).joined(separator: "\n"), about: subject))
    }

    /// Has the service manager keep a descriptor for us until we are started again; it comes back
    /// with that name. The service manager is not to poll it: maps of eBPF say that they are in
    /// error, and would be thrown away.
    package func store(_ descriptor: Int32, name: String) {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
        // Without a descriptor to spare the gate is found in another way.
        guard copy >= 0 else { return }
        send(Parcel("FDSTORE=1\nFDNAME=\(name)\nFDPOLL=0", owning: copy))
    }

    /// Has it close what it keeps under that name.
    package func discard(_ name: String) {
        send(Parcel("FDSTOREREMOVE=1\nFDNAME=\(name)"))
    }

    /// Sends what waits, as far as there is place for it.
    package func flush() {
        while let parcel = waiting.first {
            guard attempt(parcel) else {
                retryAt = ClockReading.bootNow() + Self.pause
                return
            }
            waiting.removeFirst()
        }
        retryAt = nil
    }

    /// The same, waiting for a place: for a process that is about to end.
    ///
    /// - Parameter patience: in nanoseconds.
    package func finish(within patience: Int64) {
        let deadline = ClockReading.bootNow() + patience
        flush()
        while retryAt != nil, ClockReading.bootNow() < deadline {
            usleep(1000)
            flush()
        }
    }

    private func send(_ parcel: Parcel) {
        let earlier = waiting.firstIndex {
            parcel.subject != .event && $0.subject == parcel.subject
        }
        if let earlier {
            waiting[earlier] = parcel
        } else {
            // A manager that takes nothing any more is told the latest when it does.
            if waiting.count == Self.mostWaiting { waiting.removeFirst() }
            waiting.append(parcel)
        }
        flush()
    }

    /// Whether it was sent, or never will be.
    private func attempt(_ parcel: Parcel) -> Bool {
        let octets = parcel.octets
        let result = SystemCall.repeating {
            unsafe vip_unix_send(socket.number, path, octets, octets.count, parcel.descriptor)
        }
        return result != -EAGAIN && result != -ENOBUFS
    }

    /// A variable of the process's environment.
    package static func variable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }
}
