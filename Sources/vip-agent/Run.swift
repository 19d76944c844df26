import ArgumentParser
import Glibc
import Logging
import VIPAgent
import VIPConfiguration

/// `vip-agent run`: the daemon, in the foreground.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the agent in the foreground.",
        discussion: """
            Logs to standard error. SIGTERM hands over what this host owns and ends within two \
            seconds. The same configuration file is valid on every host; each finds itself in it by \
            host name, or by --host.
            """
    )

    @OptionGroup var place: PlaceOptions
    @OptionGroup var directories: DirectoryOptions

    func run() throws {
        let site = loadSite(place)
        let keys = loadKeys(site)
        guard let output = try? LogOutput() else {
            fail(StartupFailure.Status.system.rawValue, "there are no descriptors left for the log")
        }
        let log = Logger(label: "vip-agent") { _ in StandardErrorLog(output: output) }
        do throws(StartupFailure) {
            let daemon = try Daemon(
                Daemon.Options(
                    site: site,
                    keys: keys,
                    runDirectory: directories.runDir,
                    stateDirectory: directories.stateDir
                ),
                output: output,
                log: log
            )
            try daemon.serve()
        } catch {
            _ = output.flush()
            fail(error.status.rawValue, error.description)
        }
    }
}

/// The configuration as this host sees it; or every fault of it on standard error, and the end.
func loadSite(_ place: PlaceOptions) -> Site {
    let configuration: Configuration
    do throws(ConfigurationError) {
        configuration = try Configuration.load(path: place.config)
    } catch {
        fail(
            StartupFailure.Status.configuration.rawValue,
            "the configuration can't be used\n\(error)"
        )
    }
    do throws(UnknownHost) {
        let role = try configuration.requireRole(of: place.host ?? kernelHostName())
        if let site = Site(configuration, host: configuration.voter(in: role).name) { return site }
        fail(StartupFailure.Status.configuration.rawValue, "\(place.config) has no such host")
    } catch {
        fail(StartupFailure.Status.configuration.rawValue, "\(place.config): \(error)")
    }
}

func loadKeys(_ site: Site) -> ClusterKeys {
    do throws(ClusterKeyError) {
        return try ClusterKeys.load(path: site.configuration.cluster.keyFile)
    } catch {
        fail(StartupFailure.Status.configuration.rawValue, "\(error)")
    }
}
