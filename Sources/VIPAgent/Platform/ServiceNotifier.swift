import CNetlink
import Glibc

/// Tells the service manager how we are (sd_notify's protocol). Where nobody listens it does
/// nothing, and it never waits.
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
            case .status(let text): "STATUS=\(Self.oneLine(text))"
            case .reloading(let now): "RELOADING=1\nMONOTONIC_USEC=\(now)"
            case .stopping: "STOPPING=1"
            case .watchdog: "WATCHDOG=1"
            }
        }

        /// A line break would begin another assignment.
        private static func oneLine(_ text: String) -> String {
            String(text.map { $0.isNewline ? " " : $0 })
        }
    }

    private let path: String
    private let socket: Descriptor

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

    /// Whether it was handed over.
    @discardableResult
    package func send(_ messages: Message...) -> Bool {
        send(text: messages.map(\.text).joined(separator: "\n"), descriptor: -1)
    }

    /// Has the service manager keep a descriptor for us until we are started again; it comes back
    /// with that name. The service manager is not to poll it: maps of eBPF say that they are in
    /// error, and would be thrown away.
    @discardableResult
    package func store(_ descriptor: Int32, name: String) -> Bool {
        send(text: "FDSTORE=1\nFDNAME=\(name)\nFDPOLL=0", descriptor: descriptor)
    }

    /// Has it close what it keeps under that name.
    @discardableResult
    package func discard(_ name: String) -> Bool {
        send(text: "FDSTOREREMOVE=1\nFDNAME=\(name)", descriptor: -1)
    }

    private func send(text: String, descriptor: Int32) -> Bool {
        let octets = Array(text.utf8)
        let result = SystemCall.repeating {
            unsafe vip_unix_send(socket.number, path, octets, octets.count, descriptor)
        }
        return result == 0
    }

    /// A variable of the process's environment.
    package static func variable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }
}
