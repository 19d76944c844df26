import ArgumentParser
import Glibc
import VIPAgent
import VIPConfiguration
import VIPControl
import VIPKeepalived

/// `vip-agent init`: a working configuration and a key from a few arguments.
struct Initialize: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a configuration and a key.",
        discussion: """
            Both files are the same on every host of the cluster: run this on one, copy them to \
            the others. Nothing that exists is overwritten. Where there is a user vip-agent, as \
            whom the unit of the package runs the agent, the key is that user's.

            Examples:
              vip-agent init --node lb1=10.77.0.1 --node lb2=10.77.0.2 \\
                  --witness w1=10.77.0.3 --group web=eth0,10.77.0.100,fd77::64
              vip-agent init --from /etc/keepalived/keepalived.conf \\
                  --node lb2 --witness w1=10.77.0.3

            With --from, the groups are those of keepalived. Run it on the node that is MASTER, \
            and name the other one; where keepalived talks by unicast, its file has the addresses.

            \(exitStatus(
                well: "both are written",
                unreadable: "a file of keepalived can't be read",
                .system, .permission, .configuration
            ))
            """
    )

    @Option(help: ArgumentHelp("The cluster's name.", valueName: "name"))
    var cluster = "lb"

    @Option(
        help: ArgumentHelp(
            "A node and its addresses, one for each path; once for each node.",
            valueName: "name=address,..."
        )
    )
    var node: [String] = []

    @Option(help: ArgumentHelp("The witness and its addresses.", valueName: "name=address,..."))
    var witness: [String] = []

    @Option(
        help: ArgumentHelp(
            "A group, its interface and its floating addresses; once for each group.",
            valueName: "name=interface,address,..."
        )
    )
    var group: [String] = []

    @Option(
        help: ArgumentHelp("The keepalived.conf to take the groups from.", valueName: "file"),
        completion: .file(extensions: ["conf"])
    )
    var from: String?

    @Option(help: ArgumentHelp("The node that the file of --from is of.", valueName: "name"))
    var host: String?

    @Option(
        help: ArgumentHelp("Where both files go.", valueName: "dir"),
        completion: .directory
    )
    var directory = "/etc/vip-agent"

    func validate() throws {
        guard witness.count <= 1 else {
            throw ValidationError("there can be one --witness; more are added to the file by hand")
        }
        if from != nil {
            guard group.isEmpty else {
                throw ValidationError(
                    "--from and --group both say what the groups are: give one of them"
                )
            }
        } else {
            guard host == nil else { throw ValidationError("--host goes with --from alone") }
            guard !node.isEmpty else { throw ValidationError("--node is missing") }
            guard !group.isEmpty else { throw ValidationError("--group or --from is missing") }
        }
    }

    func run() throws {
        let directory = try existingDirectory()
        let keyPath = "\(directory)/\(cluster).key"
        let configurationPath = "\(directory)/vip-agent.toml"
        var template = ConfigurationTemplate(
            cluster: cluster,
            keyFile: keyPath,
            nodes: try node.map(voter),
            witness: try witness.first.map { try voter(entry($0, "--witness")) },
            groups: try group.map(groupEntry)
        )
        let translation = from.map { translated($0, into: template) }
        template = translation?.template ?? template
        if let from, template.groups.isEmpty {
            fail(
                78,
                "there is no vrrp_instance with an address in \(printable(from)), so nothing to move"
            )
        }

        let readers = readers(of: translation)
        write(template.rendered, to: configurationPath, for: readers, keyPath: keyPath)
        print(instructions(configurationPath, readers, keyPath))
        if let translation { show(translation) }
        // Of three nodes two are a majority.
        if template.witness == nil, template.nodes.count < 3 {
            warn(
                template.nodes.count < 2
                    ? "there is one node alone: nobody takes over from it"
                    : "there is no --witness: while either node is away, nobody owns anything;"
                        + " add a [[witness]] before you start"
            )
        }
    }

    /// Where both files go, as an absolute path: the agent has another working directory.
    private func existingDirectory() throws -> String {
        guard !directory.isEmpty else { throw ValidationError("--directory is empty") }
        guard let real = unsafe realpath(directory, nil) else {
            let reason = unsafe String(cString: strerror(errno))
            fail(
                StartupFailure.Status.configuration.rawValue,
                "--directory \(printable(directory)): \(reason)\n  = help: mkdir -p "
                    + printable(directory)
            )
        }
        defer { unsafe free(real) }
        guard directory.hasPrefix("/") else { return unsafe String(cString: real) }
        // As it was named: it may be a link.
        return String(directory.reversed().drop { $0 == "/" }.reversed())
    }

    /// The user of the unit, if there is one and the key can be given away.
    private var keyOwner: User? { geteuid() == 0 ? User(named: User.serviceName) : nil }

    /// What others can't read of keepalived's files they can't read of ours; the agent can.
    private func readers(of translation: KeepalivedTranslation?) -> NewFile.Readers {
        guard translation?.privateFile != nil else { return .everybody }
        return keyOwner.map { .ownerAndGroup(of: $0) } ?? .owner
    }

    private func instructions(
        _ configuration: String,
        _ readers: NewFile.Readers,
        _ key: String
    ) -> String {
        let owner = keyOwner.map { "-o \($0.name) -g \($0.name) " } ?? ""
        let rights =
            switch readers {
            case .everybody: "-m 0644"
            case .owner: "-m 0600"
            case .ownerAndGroup(let user): "-g \(user.name) -m 0640"
            }
        let isDefault = configuration == ServedClusters.defaultPath()
        let place = isDefault ? "" : " --config \(configuration)"
        let isByUnit = unsafe isDefault && access("/run/systemd/system", F_OK) == 0
        // As long as keepalived has the addresses, no agent is to be started.
        let start =
            from != nil
            ? "go on as moving-from-keepalived.md says, before any agent is started"
            : isByUnit ? "systemctl enable --now vip-agent" : "vip-agent run\(place)"
        return """
            wrote \(configuration)
            wrote \(key)
            copy both to every other host of the cluster, and put them there with
              install -D \(rights) vip-agent.toml \(configuration)
              install \(owner)-m 0600 \(cluster).key \(key)
            then on each host:
              vip-agent check\(place)
              \(start)
            """
    }

    private func translated(
        _ path: String,
        into template: ConfigurationTemplate
    ) -> KeepalivedTranslation {
        do throws(KeepalivedError) {
            return try KeepalivedTranslation(
                path: path,
                into: template,
                host: host ?? kernelHostName()
            )
        } catch {
            switch error.reason {
            case .unreadable: fail(EX_NOINPUT, "keepalived's file can't be read\n\(error)")
            case .broken: fail(78, "keepalived's file can't be translated\n\(error)")
            case .incomplete: fail(EX_USAGE, "\(error)")
            }
        }
    }

    private func write(
        _ text: String,
        to path: String,
        for readers: NewFile.Readers,
        keyPath: String
    ) {
        do throws(ConfigurationError) {
            _ = try Configuration(parsing: text, path: path)
        } catch {
            let source = from.map(printable) ?? "these arguments"
            fail(78, "no valid configuration comes of \(source)\n\(error)")
        }
        do throws(ClusterKeyError) {
            try ClusterKey.generate().write(to: keyPath, for: keyOwner)
        } catch {
            fail(78, "\(error)")
        }
        do throws(StartupFailure) {
            try NewFile.write(text, to: path, for: readers)
        } catch {
            _ = unsafe unlink(keyPath)
            fail(error.status.rawValue, error.description)
        }
    }

    /// Notes for whoever wants to know, and on standard error what somebody has to see to.
    private func show(_ translation: KeepalivedTranslation) {
        let groups = translation.template.groups.map(\.name).joined(separator: ", ")
        print("keepalived's file was read as that of \(translation.node); groups: \(groups)")
        if let path = translation.privateFile {
            print(
                "not everybody may read \(printable(path)), nor vip-agent.toml, therefore:"
                    + " the commands of checks may have secrets"
            )
        }
        let notes = translation.remarks.filter { $0.severity == .note }
        if !notes.isEmpty { print("what is done in another way, or need not be done:") }
        for note in notes { print("  \(note)") }

        for remark in translation.remarks where remark.severity == .warning {
            warn(remark.description)
        }
    }

    private func warn(_ text: String) {
        let line = Array("vip-agent: warning: \(text)\n".utf8)
        _ = unsafe Glibc.write(STDERR_FILENO, line, line.count)
    }

    /// With --from, a name alone will do: its address may be in keepalived's file.
    private func voter(_ text: String) throws -> ConfigurationTemplate.Voter {
        if from != nil, !text.isEmpty, !text.contains("=") {
            return ConfigurationTemplate.Voter(name: text, addresses: [])
        }
        return voter(try entry(text, "--node"))
    }

    private func voter(_ entry: (String, [String])) -> ConfigurationTemplate.Voter {
        ConfigurationTemplate.Voter(name: entry.0, addresses: entry.1)
    }

    private func groupEntry(_ text: String) throws -> ConfigurationTemplate.Group {
        let (name, values) = try entry(text, "--group")
        guard values.count >= 2 else {
            throw ValidationError(
                "--group '\(text)' needs an interface and an address: NAME=INTERFACE,ADDRESS"
            )
        }
        return ConfigurationTemplate.Group(
            name: name,
            interface: values[0],
            addresses: Array(values.dropFirst())
        )
    }

    private func entry(_ text: String, _ option: String) throws -> (String, [String]) {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, !parts[0].isEmpty else {
            throw ValidationError("\(option) '\(text)' is not of the form NAME=VALUE,…")
        }
        return (parts[0], parts[1].split(separator: ",").map(String.init))
    }
}
