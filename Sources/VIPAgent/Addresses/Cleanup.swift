import Glibc
import VIPConfiguration
import VIPNet
import VIPPlatform

/// What a dead agent left on this host.
package enum Cleanup {
    /// Takes every floating address of the configurations off this host, and every other that an
    /// agent has put there, and then the gate, and says what that was. Refused while an agent runs
    /// here.
    ///
    /// - Throws: also where something could not be taken off; the gate stays while an address does.
    package static func remove(
        of clusters: [LocalCluster],
        runDirectory: String
    ) throws(StartupFailure) -> [String] {
        let lock: RunDirectory
        do throws(RunDirectoryError) {
            lock = try RunDirectory(path: runDirectory)
        } catch {
            throw StartupFailure(error)
        }
        defer { withExtendedLifetime(lock) {} }
        let groups = clusters.flatMap(\.configuration.groups)
        var removed: [String]
        do throws(SystemError) {
            removed = try removeAddresses(of: groups)
        } catch {
            throw StartupFailure(error)
        }
        let outcome = GateRemoval(
            addresses: groups.flatMap(\.addresses).map(\.address),
            pins: "\(runDirectory)/\(GateKeeper.pinDirectory)"
        ).carryOut()
        removed += outcome.removed
        guard outcome.failures.isEmpty else {
            let done = removed.isEmpty ? "" : "removed \(removed.joined(separator: ", ")); but "
            throw StartupFailure(
                .system,
                done + "the gate is not all gone: " + outcome.failures.joined(separator: "; ")
            )
        }
        return removed
    }

    /// Waits for the kernel: there is no lease to mind.
    private static func removeAddresses(
        of groups: [VIPConfiguration.Group]
    ) throws(SystemError) -> [String] {
        let floating = Set(groups.flatMap(\.addresses).map(\.address))
        let routes = try RouteSocket()
        var removed: [String] = []
        for address in try routes.addresses()
        where address.isOurs || floating.contains(address.address) {
            try routes.remove(address)
            removed.append("\(address)")
        }
        for address in try routes.addresses() where floating.contains(address.address) {
            throw SystemError(
                call: "RTM_DELADDR",
                on: "\(address)",
                errno: EADDRNOTAVAIL,
                detail: "the kernel still has it"
            )
        }
        return removed
    }
}
