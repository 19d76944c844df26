import ArgumentParser
import Glibc
import VIPAgent
import VIPConfiguration

/// `vip-agent init`: a working configuration and a key from a few arguments.
struct Initialize: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a configuration and a key.",
        discussion: """
            Both files are the same on every host of the cluster: run this on one, copy them to \
            the others. Nothing that exists is overwritten. Where there is a user vip-agent, as \
            whom the unit of the package runs the agent, the key is that user's.

            Example:
              vip-agent init --node lb1=10.77.0.1 --node lb2=10.77.0.2 --witness w1=10.77.0.3 \\
                  --group web=eth0,10.77.0.100,fd77::64 --directory /etc/vip-agent
            """
    )

    @Option(help: "The cluster's name.")
    var cluster = "lb"

    @Option(
        help: ArgumentHelp(
            "A node and its addresses, one for each path.",
            valueName: "name=address,…"
        )
    )
    var node: [String]

    @Option(help: ArgumentHelp("The witness and its addresses.", valueName: "name=address,…"))
    var witness: [String] = []

    @Option(
        help: ArgumentHelp(
            "A group, its interface and its floating addresses.",
            valueName: "name=interface,address,…"
        )
    )
    var group: [String]

    @Option(help: ArgumentHelp("Where both files go.", valueName: "dir"))
    var directory = "/etc/vip-agent"

    func run() throws {
        let keyPath = "\(directory)/\(cluster).key"
        let configurationPath = "\(directory)/vip-agent.toml"
        guard witness.count <= 1 else {
            throw ValidationError("there can be one --witness; more are added to the file by hand")
        }
        let template = ConfigurationTemplate(
            cluster: cluster,
            keyFile: keyPath,
            nodes: try node.map { try voter($0, "--node") },
            witness: try witness.first.map { try voter($0, "--witness") },
            groups: try group.map { text in
                let (name, values) = try entry(text, "--group")
                guard values.count >= 2 else {
                    throw ValidationError(
                        "--group '\(text)' needs an interface and an address: "
                            + "NAME=INTERFACE,ADDRESS"
                    )
                }
                return ConfigurationTemplate.Group(
                    name: name,
                    interface: values[0],
                    addresses: Array(values.dropFirst())
                )
            }
        )
        let text = template.rendered
        do throws(ConfigurationError) {
            _ = try Configuration(parsing: text, path: configurationPath)
        } catch {
            fail(78, "these arguments do not make a valid configuration\n\(error)")
        }
        do throws(ClusterKeyError) {
            try ClusterKey.generate().write(to: keyPath, for: keyOwner)
        } catch {
            fail(78, "\(error)")
        }
        do throws(StartupFailure) {
            try NewFile.write(text, to: configurationPath)
        } catch {
            _ = unsafe unlink(keyPath)
            fail(error.status.rawValue, error.description)
        }
        print(instructions(configurationPath, keyPath))
    }

    /// The user of the unit, if there is one and the key can be given away.
    private var keyOwner: User? { geteuid() == 0 ? User(named: User.serviceName) : nil }

    private func instructions(_ configuration: String, _ key: String) -> String {
        let owner = keyOwner.map { "-o \($0.name) -g \($0.name) " } ?? ""
        let isDefault = configuration == Sites.defaultPath()
        let place = isDefault ? "" : " --config \(configuration)"
        let isByUnit = unsafe isDefault && access("/run/systemd/system", F_OK) == 0
        return """
            wrote \(configuration)
            wrote \(key)
            copy both to every other host of the cluster, and put them there with
              install -D -m 0644 vip-agent.toml \(configuration)
              install \(owner)-m 0600 \(cluster).key \(key)
            then on each host:
              vip-agent check\(place)
              \(isByUnit ? "systemctl enable --now vip-agent" : "vip-agent run\(place)")
            """
    }

    private func voter(
        _ text: String,
        _ option: String
    ) throws -> ConfigurationTemplate.Voter {
        let (name, addresses) = try entry(text, option)
        return ConfigurationTemplate.Voter(name: name, addresses: addresses)
    }

    private func entry(_ text: String, _ option: String) throws -> (String, [String]) {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, !parts[0].isEmpty else {
            throw ValidationError("\(option) '\(text)' is not of the form NAME=VALUE,…")
        }
        return (parts[0], parts[1].split(separator: ",").map(String.init))
    }
}
