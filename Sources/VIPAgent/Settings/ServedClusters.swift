import CNetlink
import Glibc
import VIPConfiguration
import VIPCore
import VIPPlatform

/// What this host serves: the cluster of one file, or the clusters of a directory of files.
///
/// A node serves one cluster, and so does a host whose configuration is a file: its page, state and
/// control socket are in the run directory and the state directory themselves. The clusters of a
/// directory have directories of their own in these, named after them, even if there is only one:
/// the memory of a voter stays where it is when another cluster comes or goes.
package struct ServedClusters: Sendable {
    package struct Entry: Sendable {
        /// Of the configuration file.
        package let path: String
        package let cluster: LocalCluster
    }

    /// In the order of the files' names; at least one.
    package let entries: [Entry]
    package let isDirectory: Bool
    /// What was read.
    package let source: ConfigurationSource

    /// A cluster takes up three descriptors and a thousand octets of every status line; with more
    /// of them, a second witness is due.
    static let mostClusters = 64

    /// What lies in the run directory and the state directory beside the clusters' own, or did so
    /// before they had any.
    private static let reserved = [
        ".", "..", "lock", "page", "control.sock", "lease", "terms", "voters", "addresses",
    ]

    /// Reads the file, or every `*.toml` of the directory, in the order of their names.
    ///
    /// - Parameter host: the name that this host has in all of them.
    /// - Throws: everything that is wrong with any of them.
    package init(at path: String, host: String) throws(ConfigurationFailure) {
        try self.init(ConfigurationSource(reading: path), host: host)
    }

    /// The same of texts that have been read.
    package init(_ source: ConfigurationSource, host: String) throws(ConfigurationFailure) {
        self.source = source
        isDirectory = source.isDirectory
        var faults = source.faults
        var strangers = 0
        var entries: [Entry] = []
        for file in source.files {
            guard let text = file.text else {
                faults.append(file.fault ?? "\(file.path): error: it could not be read")
                continue
            }
            do throws(Fault) {
                entries.append(try Self.read(text, of: file.path, host: host))
            } catch {
                faults.append(error.text)
                if error.isOfName { strangers += 1 }
            }
        }
        let isOfName = strangers > 0 && strangers == faults.count
        if isDirectory { faults += Self.conflicts(among: entries) }
        guard faults.isEmpty else {
            throw ConfigurationFailure(faults: faults, isOfName: isOfName)
        }
        self.entries = entries
    }

    /// Where the configuration is looked for unless an operator says where: in `vip-agent.toml`,
    /// and where there is none, in the directory `conf.d`.
    package static func defaultPath(in directory: String = "/etc/vip-agent") -> String {
        let file = "\(directory)/vip-agent.toml"
        let many = "\(directory)/conf.d"
        var status = stat()
        let hasFile = unsafe lstat(file, &status) == 0
        return !hasFile && ConfigurationSource.isDirectory(many) ? many : file
    }

    /// The keys of all clusters, in the order of the entries; or everything that is wrong with
    /// them.
    package func loadKeys() throws(ConfigurationFailure) -> [ClusterKeys] {
        var keys: [ClusterKeys] = []
        var faults: [String] = []
        for entry in entries {
            do throws(ClusterKeyError) {
                keys.append(try ClusterKeys.load(path: entry.cluster.configuration.cluster.keyFile))
            } catch {
                faults.append("\(error)")
            }
        }
        guard faults.isEmpty else { throw ConfigurationFailure(faults: faults) }
        return keys
    }

    /// The directory in which a cluster keeps its things.
    func path(of index: Int, in base: String) -> String {
        isDirectory ? "\(base)/\(entries[index].cluster.configuration.cluster.name)" : base
    }

    /// Where the cluster's things were if the configuration has become one file of a directory, or
    /// was one and is the only one now.
    func earlierPath(of index: Int, in base: String) -> String {
        isDirectory ? base : "\(base)/\(entries[index].cluster.configuration.cluster.name)"
    }

    /// The directory in which a cluster keeps its things, made where it is missing. Whoever may
    /// look into the base may look into it.
    func makeDirectory(of index: Int, in base: String) throws(SystemError) -> String {
        let path = path(of: index, in: base)
        for directory in isDirectory ? [base, path] : [base]
        where unsafe mkdir(directory, 0o750) != 0 {
            guard errno == EEXIST else {
                throw SystemError(call: "mkdir", on: directory, errno: errno)
            }
        }
        guard isDirectory else { return base }
        var status = stat()
        try SystemCall.run("stat", on: base) { unsafe stat(base, &status) }
        // Without the right to do so it stays as it is, which is right where the service has a
        // user.
        _ = unsafe chown(path, uid_t.max, status.st_gid)
        return path
    }

    // MARK: - Reading

    private struct Fault: Error {
        var text: String
        var isOfName = false
    }

    private static func read(
        _ text: String,
        of path: String,
        host: String
    ) throws(Fault) -> Entry {
        let configuration: Configuration
        do throws(ConfigurationError) {
            configuration = try Configuration(parsing: text, path: path)
        } catch {
            throw Fault(text: "\(error)")
        }
        do throws(UnknownHost) {
            let role = try configuration.requireRole(of: host)
            return Entry(path: path, cluster: LocalCluster(configuration, as: role))
        } catch {
            throw Fault(text: "\(path): error: \(error)", isOfName: true)
        }
    }

    // MARK: - What clusters must not have in common

    private static func conflicts(among entries: [Entry]) -> [String] {
        var faults: [String] = []
        for (index, entry) in entries.enumerated() {
            let name = entry.cluster.configuration.cluster.name
            if reserved.contains(name) {
                faults.append(
                    fault(
                        entry.path,
                        "a cluster that is read from a directory cannot be named '\(name)', as a "
                            + "file of the agent is",
                        help: "give it another name"
                    )
                )
            }
            if entries.count > 1, entry.cluster.role == .node {
                faults.append(
                    fault(
                        entry.path,
                        "'\(entry.cluster.host)' is a node of cluster '\(name)', and a host that "
                            + "serves \(entries.count) clusters has to be a witness in all of them",
                        help: "a node serves one cluster; leave only its file there, or name that "
                            + "with --config"
                    )
                )
            }
            for other in entries.prefix(index) {
                if let conflict = conflict(of: entry, with: other) { faults.append(conflict) }
            }
        }
        return faults
    }

    private static func conflict(of entry: Entry, with other: Entry) -> String? {
        let name = entry.cluster.configuration.cluster.name
        let taken = other.cluster.configuration.cluster.name
        guard entry.cluster.settings.cluster == other.cluster.settings.cluster else { return nil }
        guard taken == name else {
            return fault(
                entry.path,
                "the clusters '\(name)' and '\(taken)' (\(other.path)) cannot be told apart in "
                    + "frames",
                help: "give one of them another name, on all of its hosts"
            )
        }
        return fault(
            entry.path,
            "the cluster '\(name)' is in \(other.path) already",
            help: "remove one of the two, or give one of the clusters another name, on all of its "
                + "hosts"
        )
    }

    /// As the configuration's own diagnostics without a place in the text.
    static func fault(_ path: String, _ message: String, help: String) -> String {
        "\(path): error: \(message)\n  = help: \(help)"
    }
}

/// Why a configuration can't be used: everything that is wrong with it, in the order of the files.
package struct ConfigurationFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// Each with the file that it is about.
    package var faults: [String]
    /// Nothing is wrong with it but that no host has this one's name.
    package var isOfName = false

    package var description: String {
        "the configuration can't be used\n" + faults.joined(separator: "\n")
    }
}
