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
            seconds. The same configuration file is valid on every host; each finds itself in it \
            by host name, or by --host.

            A witness may serve many clusters: with a directory for --config, it serves those of \
            all *.toml in it, and keeps page, state and control socket of each in directories \
            named after the cluster.
            """
    )

    @OptionGroup var place: PlaceOptions
    @OptionGroup var directories: DirectoryOptions

    func run() throws {
        openStandardDescriptors()
        let sites = loadSites(place)
        let keys = loadKeys(sites)
        guard let output = try? LogOutput() else {
            fail(StartupFailure.Status.system.rawValue, "there are no descriptors left for the log")
        }
        let log = Logger(label: "vip-agent") { _ in StandardErrorLog(output: output) }
        do throws(StartupFailure) {
            let daemon = try Daemon(
                Daemon.Options(
                    sites: sites,
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
func loadSites(_ place: PlaceOptions) -> Sites {
    do throws(ConfigurationFailure) {
        return try Sites(
            at: place.config ?? Sites.defaultPath(),
            host: place.host ?? kernelHostName()
        )
    } catch {
        fail(StartupFailure.Status.configuration.rawValue, error.description)
    }
}

func loadKeys(_ sites: Sites) -> [ClusterKeys] {
    do throws(ConfigurationFailure) {
        return try sites.loadKeys()
    } catch {
        fail(StartupFailure.Status.configuration.rawValue, error.description)
    }
}
