import CNetlink
import Glibc

/// What this process may do, and what it does without.
package struct Capabilities: Equatable, Sendable {
    /// By the kernel's numbers (`linux/capability.h`).
    package enum Capability: UInt64, CaseIterable, Sendable, CustomStringConvertible {
        case netAdmin = 12
        case netRaw = 13
        case ipcLock = 14
        case sysAdmin = 21
        case sysNice = 23
        case bpf = 39

        package var description: String {
            switch self {
            case .netAdmin: "CAP_NET_ADMIN"
            case .netRaw: "CAP_NET_RAW"
            case .ipcLock: "CAP_IPC_LOCK"
            case .sysAdmin: "CAP_SYS_ADMIN"
            case .sysNice: "CAP_SYS_NICE"
            case .bpf: "CAP_BPF"
            }
        }
    }

    /// Whether something was done, or why not.
    package enum Outcome: Equatable, Sendable {
        case done
        case notDone(reason: String)
    }

    package var effective: UInt64
    package var permitted: UInt64

    package init(effective: UInt64, permitted: UInt64) {
        self.effective = effective
        self.permitted = permitted
    }

    /// Of this thread.
    package static func current() throws(SystemError) -> Capabilities {
        var sets = vip_capabilities()
        try SystemCall.check("capget", on: "this process") {
            unsafe vip_capabilities_get(&sets)
        }
        return Capabilities(effective: sets.effective, permitted: sets.permitted)
    }

    package func has(_ capability: Capability) -> Bool {
        effective >> capability.rawValue & 1 == 1
    }

    /// Gives up every capability for good, for this process and its children, and keeps the user.
    /// A witness needs none. To be called before the first other thread is started: to the kernel,
    /// capabilities are a thread's.
    package static func dropAll() throws(SystemError) {
        try SystemCall.check("capset", on: "this process") { vip_capabilities_drop_all() }
    }

    /// Keeps what is touched in memory, and from being swapped out. Only with CAP_IPC_LOCK:
    /// without it mlockall may succeed and then make a later allocation fail.
    package static func lockMemory() -> Outcome {
        guard let capabilities = try? current(), capabilities.has(.ipcLock) else {
            return .notDone(reason: "memory is not locked: CAP_IPC_LOCK is missing")
        }
        let result = vip_lock_memory()
        return result == 0
            ? .done
            : .notDone(reason: "memory is not locked: mlockall: \(SystemError.name(of: -result))")
    }

    /// Of 1 to 99; low, since all that matters is to be before ordinary threads.
    package static let priority: Int32 = 10

    /// Whether this thread runs before all ordinary ones by now. A service manager may have seen to
    /// that from outside.
    package static var isRealtime: Bool { vip_is_realtime() == 1 }

    /// Runs this thread before all ordinary ones. Children begin as ordinary processes.
    package static func becomeRealtime() -> Outcome {
        if isRealtime { return .done }
        let result = vip_become_realtime(priority)
        return result == 0
            ? .done
            : .notDone(
                reason: "no realtime scheduling: sched_setscheduler: "
                    + "\(SystemError.name(of: -result)); nor was it given from outside, "
                    + "as the unit does where the host allows it"
            )
    }
}
