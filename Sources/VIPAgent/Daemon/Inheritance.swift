import CNetlink
import Glibc

/// What a process finds that was left to it by the program that it was before.
package enum Inheritance: Equatable, Sendable {
    /// It is a process of its own.
    case none
    /// All of it, and the two locks.
    case whole(Handover, locks: RunDirectory.Inheritance)
    /// The locks only: what else there was can't be read, and is closed.
    case locks(RunDirectory.Inheritance, reason: String)

    /// The locks are in the variable itself, so that they are found whatever the rest is worth.
    ///
    ///     VERSION PROCESS MEMORY LOCK NAMESPACE
    package static let variable = "VIP_AGENT_HANDOVER"

    package static func assignment(
        memory: Int32,
        locks: RunDirectory.Inheritance
    ) -> String {
        "\(variable)=\(HandoverFields.version) \(getpid()) \(memory) \(locks.lock) "
            + "\(locks.namespace)"
    }

    /// Looks for it, once: what this process starts is not meant by it.
    package static func take() -> Inheritance {
        guard let value = ServiceNotifier.variable(variable) else { return .none }
        unsafe unsetenv(variable)
        let numbers = value.split(separator: " ").compactMap { Int32($0) }
        // A child that was given our environment by mistake has another number.
        guard numbers.count >= 5, numbers[1] == getpid() else { return .none }
        let locks = RunDirectory.Inheritance(lock: numbers[3], namespace: numbers[4])
        guard isOpen(locks.lock), isOpen(locks.namespace) else { return .none }
        let reason: String
        do {
            let handover = try Handover(parsing: SealedMemory.take(numbers[2]))
            return .whole(handover, locks: locks)
        } catch let error as SystemError {
            reason = "\(error)"
        } catch {
            reason = "\(error)"
        }
        closeAll(but: locks)
        return .locks(locks, reason: reason)
    }

    /// Without what turned out to be of no use.
    package func locksOnly(because reason: String) -> Inheritance {
        guard case .whole(_, let locks) = self else { return self }
        Self.closeAll(but: locks)
        return .locks(locks, reason: reason)
    }

    private static func isOpen(_ number: Int32) -> Bool {
        number > STDERR_FILENO && fcntl(number, F_GETFD) >= 0
    }

    /// A port that is still open somewhere in this process could not be bound again.
    private static func closeAll(but locks: RunDirectory.Inheritance) {
        var first = UInt32(STDERR_FILENO) + 1
        for kept in [UInt32(locks.lock), UInt32(locks.namespace)].sorted() {
            if first < kept { _ = vip_close_range(first, kept - 1) }
            first = kept + 1
        }
        _ = vip_close_range(first, .max)
    }
}
