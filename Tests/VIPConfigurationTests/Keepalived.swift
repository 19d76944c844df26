import VIPConfiguration
import VIPKeepalived

/// Translates texts as `vip-agent init --from` does files.
enum Keepalived {
    static let lb2 = ConfigurationTemplate.Voter(name: "lb2", addresses: [])
    static let pair = [
        ConfigurationTemplate.Voter(name: "lb1", addresses: ["10.77.0.1"]),
        ConfigurationTemplate.Voter(name: "lb2", addresses: ["10.77.0.2"]),
    ]

    /// - Parameter others: What can be included, by path; a pattern is a path, or a folder and "*".
    static func translation(
        _ text: String,
        host: String = "lb1",
        nodes: [ConfigurationTemplate.Voter] = pair,
        others: [KeepalivedFile] = []
    ) throws(KeepalivedError) -> KeepalivedTranslation {
        try KeepalivedTranslation(
            of: KeepalivedFile(path: "keepalived.conf", text: text),
            into: ConfigurationTemplate(
                cluster: "lb",
                keyFile: "/etc/vip-agent/lb.key",
                nodes: nodes,
                witness: ConfigurationTemplate.Voter(name: "w1", addresses: ["10.77.0.3"]),
                groups: []
            ),
            host: host,
            including: { (pattern) throws(KeepalivedReadFailure) in
                if pattern == "forbidden.conf" {
                    throw KeepalivedReadFailure(message: "it can't be opened", help: "see it")
                }
                return others.filter { file in
                    file.path == pattern
                        || pattern.hasSuffix("*") && file.path.hasPrefix(pattern.dropLast())
                }
            }
        )
    }

    /// One line for each remark, warnings with a mark; or why there are none.
    static func remarks(
        _ text: String,
        host: String = "lb1",
        nodes: [ConfigurationTemplate.Voter] = pair,
        others: [KeepalivedFile] = []
    ) -> String {
        do throws(KeepalivedError) {
            return try translation(text, host: host, nodes: nodes, others: others).remarks
                .map { ($0.severity == .warning ? "! " : "") + $0.description }
                .joined(separator: "\n")
        } catch {
            return "\(error.reason): \(error)"
        }
    }

    /// The groups of the generated file and what comes behind them, parsed once to see that it is
    /// valid.
    static func groups(
        _ text: String,
        host: String = "lb1",
        nodes: [ConfigurationTemplate.Voter] = pair,
        others: [KeepalivedFile] = []
    ) throws -> String {
        let rendered = try translation(text, host: host, nodes: nodes, others: others)
            .template.rendered
        _ = try Configuration(parsing: rendered, path: "vip-agent.toml")
        let mark = "after `failback_delay`.\n\n"
        guard let range = rendered.firstRange(of: mark) else { return rendered }
        return String(rendered[range.upperBound...])
    }
}
