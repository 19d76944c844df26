import VIPConfiguration

/// Who the voters are: what was asked for, and the addresses that keepalived's file has.
struct KeepalivedNodes {
    /// One unicast_src_ip and its unicast_peers.
    struct Path: Equatable {
        var source: String?
        var peers: [String]
        /// For comments: where they stand.
        var originOfSource = ""
        var originOfPeers = ""
    }

    private(set) var nodes: [ConfigurationTemplate.Voter]
    /// The node whose file this is.
    private(set) var local: Int

    /// - Parameters:
    ///   - given: As asked for; without addresses where only the name was said.
    ///   - host: The name of the host whose file this is.
    ///   - path: The file, for messages.
    init(
        given: [ConfigurationTemplate.Voter],
        host: String,
        paths: [Path],
        path: String
    ) throws(KeepalivedError) {
        let short = String(host.prefix { $0 != "." })
        let sources = paths.compactMap(\.source)
        let peers = paths.first?.peers.count ?? 0
        nodes = given
        if let index = given.firstIndex(where: { $0.name == host || $0.name == short }) {
            local = index
        } else if let index = given.firstIndex(where: {
            !Set($0.addresses).isDisjoint(with: sources)
        }) {
            local = index
        } else if given.count <= max(1, peers) {
            nodes.insert(ConfigurationTemplate.Voter(name: short, addresses: []), at: 0)
            local = 0
        } else {
            let names = given.map(\.name).joined(separator: ", ")
            throw Self.incomplete(
                "which of \(names) has this \(path)? This host is called \(host.quoted)",
                "say --host NAME"
            )
        }
        guard nodes.count >= 2 else {
            throw Self.incomplete(
                "the name of the other node is not in \(path)",
                "say --node NAME" + (peers == 0 ? "=ADDRESS" : "")
            )
        }
        try fill(from: paths, sources: sources, path: path)
    }

    private mutating func fill(
        from paths: [Path],
        sources: [String],
        path: String
    ) throws(KeepalivedError) {
        if nodes[local].addresses.isEmpty {
            guard !sources.isEmpty else {
                throw Self.incomplete(
                    "there is no unicast_src_ip in \(path) that would be the address of"
                        + " \(nodes[local].name)",
                    "say --node \(nodes[local].name)=ADDRESS"
                )
            }
            nodes[local].addresses = sources
            nodes[local].comments = paths.filter { $0.source != nil }.map(\.originOfSource)
        }
        let known = Set(nodes.flatMap(\.addresses))
        let unnamed = paths.map { $0.peers.filter { !known.contains($0) } }
        let missing = nodes.indices.filter { nodes[$0].addresses.isEmpty }
        for (position, index) in missing.enumerated() {
            guard !unnamed.isEmpty, unnamed.allSatisfy({ $0.count == missing.count }) else {
                throw Self.incomplete(
                    "the address of \(nodes[index].name) is not to be had from \(path): "
                        + (unnamed.contains { !$0.isEmpty }
                            ? "its unicast_peers are not as many as the nodes without an address"
                            : "it has no unicast_peer"),
                    "say --node \(nodes[index].name)=ADDRESS"
                )
            }
            nodes[index].addresses = unnamed.map { $0[position] }
            nodes[index].comments = paths.map(\.originOfPeers)
        }
    }

    private static func incomplete(_ problem: String, _ help: String) -> KeepalivedError {
        KeepalivedError(reason: .incomplete, description: "\(problem); \(help)".visible)
    }
}
