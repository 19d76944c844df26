import ArgumentParser
import Glibc
import Logging
import VIPAgent
import VIPConfiguration
import VIPPlatform

/// `vip-agent run`: the daemon, in the foreground.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the agent in the foreground.",
        discussion: """
            Logs to standard error. The same configuration file is valid on every host; each \
            finds itself in it by its host name, whole or up to the first dot, or by --host.

            SIGTERM hands over what this host owns and ends within two seconds. On SIGHUP the \
            agent goes on with the configuration as it is now, on SIGUSR2 as the program that is \
            installed now; clients notice neither.

            A witness may serve many clusters: with a directory for --config, it serves those of \
            all *.toml in it, and keeps page, state and control socket of each in directories \
            named after the cluster.

            \(exitStatus(
                well: "ended by a signal",
                .system, .unavailable, .permission, .configuration
            ))
            """
    )

    @OptionGroup var source: ConfigurationOptions
    @OptionGroup var directories: DirectoryOptions

    func run() throws {
        serve(with: .none)
    }

    /// - Parameter inheritance: what the program before this one left, if there was one.
    func serve(with inheritance: Inheritance) {
        let program = ProgramPath.ofThisProcess()
        let stored = StoredDescriptors.claim()
        let clusters = requireSites()
        Self.serve(
            Daemon.Options(
                clusters: clusters,
                keys: loadKeys(clusters),
                configuration: source.config ?? ServedClusters.defaultPath(),
                host: source.host ?? kernelHostName(),
                runDirectory: directories.run.runDir,
                stateDirectory: directories.stateDir,
                program: program,
                inheritance: inheritance,
                stored: stored
            )
        )
    }

    /// Where all that is wrong is this host's name, and no operator has given it, it may come
    /// later.
    private func requireSites() -> ServedClusters {
        do throws(ConfigurationFailure) {
            return try ServedClusters(
                at: source.config ?? ServedClusters.defaultPath(),
                host: source.host ?? kernelHostName()
            )
        } catch {
            guard source.host == nil, error.isOfName else {
                fail(StartupFailure.Status.configuration.rawValue, error.description)
            }
            Self.end(StartupFailure(awaitingNameAfter: error, calledNow: kernelHostName()))
        }
    }

    private static func end(_ failure: StartupFailure) -> Never {
        complain("vip-agent: \(failure.description)")
        let isStopped = failure.holdOff(notifying: ServiceNotifier())
        Glibc.exit(isStopped ? EXIT_SUCCESS : failure.status.rawValue)
    }

    /// Goes on with a handover: its texts are what was checked, and no file is read.
    ///
    /// - Returns: what is left if it turns out to be of no use; otherwise only when the agent ends.
    static func resume(
        _ handover: ProgramHandover,
        _ inheritance: Inheritance
    ) -> Inheritance {
        do throws(ConfigurationFailure) {
            let clusters = try ServedClusters(handover.source, host: handover.host)
            let handed = clusters.entries.compactMap { handover.keys(of: $0.path) }
            serve(
                Daemon.Options(
                    clusters: clusters,
                    keys: handed.count == clusters.entries.count ? handed : try clusters.loadKeys(),
                    configuration: handover.configuration,
                    host: handover.host,
                    runDirectory: handover.runDirectory,
                    stateDirectory: handover.stateDirectory,
                    program: handover.program,
                    inheritance: inheritance
                )
            )
            return .none
        } catch {
            return inheritance.locksOnly(because: "\(error)")
        }
    }

    private static func serve(_ options: Daemon.Options) {
        guard let output = try? LogOutput() else {
            fail(StartupFailure.Status.system.rawValue, "there are no descriptors left for the log")
        }
        let log = Logger(label: "vip-agent") { _ in StandardErrorLog(output: output) }
        do throws(StartupFailure) {
            try begin(options, output, log).serve()
        } catch {
            _ = output.flush()
            end(error)
        }
    }

    private static func begin(
        _ options: Daemon.Options,
        _ output: LogOutput,
        _ log: Logger
    ) throws(StartupFailure) -> Daemon {
        do throws(StartupFailure) {
            return try Daemon(options, output: output, log: log)
        } catch {
            guard case .whole = options.inheritance else { throw error }
            log.critical("take-over-failed", metadata: ["reason": "\(error)"])
            _ = output.flush()
            throw error.afterSuccession(of: options.program)
        }
    }
}

/// The configuration as this host sees it; or every fault of it on standard error, and the end.
func loadClusters(_ source: ConfigurationOptions) -> ServedClusters {
    do throws(ConfigurationFailure) {
        return try ServedClusters(
            at: source.config ?? ServedClusters.defaultPath(),
            host: source.host ?? kernelHostName()
        )
    } catch {
        fail(StartupFailure.Status.configuration.rawValue, error.description)
    }
}

func loadKeys(_ clusters: ServedClusters) -> [ClusterKeys] {
    do throws(ConfigurationFailure) {
        return try clusters.loadKeys()
    } catch {
        fail(StartupFailure.Status.configuration.rawValue, error.description)
    }
}
