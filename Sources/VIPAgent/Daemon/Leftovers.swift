import VIPConfiguration

/// What a dead agent left on this host.
package enum Leftovers {
    /// Takes every floating address of the configurations off this host, and says which those were.
    /// Refused while an agent runs here.
    package static func remove(
        of sites: [Site],
        runDirectory: String
    ) throws(StartupFailure) -> [String] {
        let lock: RunDirectory
        do throws(RunDirectoryError) {
            lock = try RunDirectory(path: runDirectory)
        } catch {
            throw StartupFailure(error)
        }
        defer { withExtendedLifetime(lock) {} }
        do throws(SystemError) {
            return try AddressKeeper(
                groups: sites.flatMap(\.configuration.groups)
            ).removeAtOnce()
        } catch {
            throw StartupFailure(error)
        }
    }
}
