import VIPConfiguration

/// A keepalived.conf as a configuration of ours, and what has to be said about it.
public struct KeepalivedTranslation: Equatable, Sendable {
    public let template: ConfigurationTemplate
    /// In the order of the files.
    public let remarks: [KeepalivedRemark]
    /// The name of the node whose file it was.
    public let node: String
    /// The first file that not everybody may read, if there is one: nor should everybody read what
    /// is made of it.
    public let privateFile: String?

    /// Pure, but for what `including` reads.
    ///
    /// - Parameters:
    ///   - file: keepalived's file on one of the nodes.
    ///   - asked: What is in no keepalived.conf: the names of cluster, nodes and witness, and the
    ///     addresses of nodes where the file does not have them either. Its groups are ignored.
    ///   - host: The host that the file is from, as `@host` in it and the names of nodes mean it.
    ///   - including: The files that a pattern behind `include` stands for.
    public init(
        of file: KeepalivedFile,
        into asked: ConfigurationTemplate,
        host: String,
        including: @escaping (String) throws(KeepalivedReadFailure) -> [KeepalivedFile]
    ) throws(KeepalivedError) {
        let short = String(host.prefix { $0 != "." })
        var parser = KeepalivedParser(host: short, including: including)
        let statements = parser.statements(of: file)
        if let error = parser.error { throw error }

        var reader = KeepalivedReader(statements, of: parser.files)
        for statement in parser.empty {
            reader.findings.remark(.warning, on: statement, "there is no such file to read")
        }
        if let error = reader.findings.error { throw error }

        let nodes = try KeepalivedNodes(
            given: asked.nodes,
            host: host,
            paths: reader.paths(),
            path: file.path
        )
        node = nodes.nodes[nodes.local].name
        var groups = KeepalivedGroups(reader, node: node)
        groups.make()
        var template = asked
        template.nodes = nodes.nodes
        template.groups = groups.groups
        template.checks = reader.checks
        template.introduction = "Translated from \(file.path), as seen by \(node)."
        self.template = template
        remarks = groups.findings.inOrder
        privateFile = parser.files.first(where: \.isPrivate)?.path
    }

    /// Reads the file and what it includes. Blocks: not for the lease plane.
    public init(
        path: String,
        into asked: ConfigurationTemplate,
        host: String
    ) throws(KeepalivedError) {
        let file: KeepalivedFile
        do {
            file = try KeepalivedFile(reading: path)
        } catch {
            let diagnostic = Diagnostic(error.message, at: nil, help: error.help)
            throw KeepalivedError(
                reason: .unreadable,
                description: [diagnostic].rendered(path: path, source: "")
            )
        }
        try self.init(
            of: file,
            into: asked,
            host: host,
            including: { (pattern) throws(KeepalivedReadFailure) in
                try KeepalivedFile.matching(pattern)
            }
        )
    }
}

extension KeepalivedReader {
    /// The pairs of addresses that instances talk over, once each, and no more than we have paths.
    mutating func paths() -> [KeepalivedNodes.Path] {
        var paths: [KeepalivedNodes.Path] = []
        for instance in instances {
            guard let statement = instance.source?.statement ?? instance.peersStatement else {
                continue
            }
            let isKnown = paths.contains {
                $0.source == instance.source?.address && $0.peers == instance.peers
            }
            guard !isKnown else { continue }
            let fits = paths.first.map { $0.peers.count == instance.peers.count } ?? true
            guard fits, paths.count < ConfigurationBounds.pathsPerVoter else {
                findings.remark(
                    .warning,
                    on: statement,
                    "left out: a cluster has at most \(ConfigurationBounds.pathsPerVoter) paths,"
                        + " each between all of its nodes"
                )
                continue
            }
            paths.append(
                KeepalivedNodes.Path(
                    source: instance.source?.address,
                    peers: instance.peers,
                    originOfSource: origin(of: instance.source?.statement),
                    originOfPeers: origin(of: instance.peersStatement)
                )
            )
        }
        return paths
    }

    private func origin(of statement: KeepalivedStatement?) -> String {
        statement.map { "\($0.keyword) (\(findings.origin(of: $0)))" } ?? ""
    }
}
