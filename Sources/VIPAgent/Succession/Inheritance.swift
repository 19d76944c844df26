import CNetlink
import Glibc
import VIPConfiguration
import VIPPlatform

/// What a process finds that was left to it by the program that it was before.
package enum Inheritance: Equatable, Sendable {
    /// It is a process of its own.
    case none
    /// All of it, and the two locks.
    case whole(ProgramHandover, locks: RunDirectory.Inheritance)
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

    /// For a child that rehearses, likewise.
    ///
    ///     VERSION MEMORY LOCK NAMESPACE
    private static let rehearsalVariable = "VIP_AGENT_REHEARSAL"

    static func rehearsalAssignment(memory: Int32, locks: RunDirectory.Inheritance) -> String {
        "\(rehearsalVariable)=\(HandoverFields.version) \(memory) \(locks.lock) "
            + "\(locks.namespace)"
    }

    /// Takes over what was lent to this process, as the successor will take over what is left to
    /// it. At its end all of it is closed, and nothing has changed.
    ///
    /// - Returns: whether anything was lent: an earlier version of the agent does not.
    /// - Throws: why the succession would fail.
    package static func rehearse() throws(StartupFailure) -> Bool {
        guard let value = ServiceNotifier.variable(rehearsalVariable) else { return false }
        unsafe unsetenv(rehearsalVariable)
        let numbers = value.split(separator: " ").compactMap { Int32($0) }
        guard numbers.count >= 4 else { return false }
        let locks = RunDirectory.Inheritance(lock: numbers[2], namespace: numbers[3])
        guard isOpen(locks.lock), isOpen(locks.namespace) else {
            throw StartupFailure(.system, "the locks that it would inherit are not open")
        }
        let handover: ProgramHandover
        do {
            handover = try ProgramHandover(parsing: SealedMemory.contents(of: numbers[1]))
        } catch {
            throw StartupFailure(.system, "what it would be handed can't be used: \(error)")
        }
        let clusters: ServedClusters
        do throws(ConfigurationFailure) {
            clusters = try ServedClusters(handover.source, host: handover.host)
        } catch {
            throw StartupFailure(.configuration, error.description)
        }
        do throws(RunDirectoryError) {
            _ = try RunDirectory(path: handover.runDirectory, inheriting: locks)
        } catch {
            throw StartupFailure(error)
        }
        var inherited = InheritedDescriptors(handover.descriptors)
        inherited.claimAll(for: clusters)
        if let fault = inherited.faults.first { throw StartupFailure(.system, "\(fault)") }
        return true
    }

    /// Looks for it, once: what this process starts is not meant by it.
    package static func claim() -> Inheritance {
        guard let value = ServiceNotifier.variable(variable) else { return .none }
        unsafe unsetenv(variable)
        let numbers = value.split(separator: " ").compactMap { Int32($0) }
        // A child that was given our environment by mistake has another number.
        guard numbers.count >= 5, numbers[1] == getpid() else { return .none }
        let locks = RunDirectory.Inheritance(lock: numbers[3], namespace: numbers[4])
        guard isOpen(locks.lock), isOpen(locks.namespace) else { return .none }
        let reason: String
        do {
            let handover = try ProgramHandover(parsing: SealedMemory.contents(of: numbers[2]))
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
