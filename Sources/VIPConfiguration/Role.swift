import VIPSpelling

/// What a host is in its cluster.
public enum Role: Equatable, Sendable {
    /// Index into `Configuration.nodes`.
    case node(Int)
    /// Index into `Configuration.witnesses`.
    case witness(Int)
}

extension Configuration {
    /// Finds a host by its name; failing that, by its name up to the first dot.
    public func role(of hostName: String) -> Role? {
        if let role = role(named: hostName) { return role }
        let short = hostName.prefix { $0 != "." }
        return role(named: String(short))
    }

    /// As above, with an error that tells the operator whom the file does list.
    public func requireRole(of hostName: String) throws(UnknownHost) -> Role {
        guard let role = role(of: hostName) else {
            throw UnknownHost(
                hostName: hostName,
                cluster: cluster.name,
                nodes: nodes.map(\.name),
                witnesses: witnesses.map(\.name)
            )
        }
        return role
    }

    /// - Parameter role: Of this configuration.
    public func voter(in role: Role) -> Voter {
        switch role {
        case .node(let index): nodes[index]
        case .witness(let index): witnesses[index]
        }
    }

    private func role(named name: String) -> Role? {
        if let index = nodes.firstIndex(where: { $0.name == name }) { return .node(index) }
        return witnesses.firstIndex { $0.name == name }.map { .witness($0) }
    }
}

/// The configuration does not list this host.
public struct UnknownHost: Error, Equatable, Sendable, CustomStringConvertible {
    public var hostName: String
    public var cluster: String
    public var nodes: [String]
    public var witnesses: [String]

    public var description: String {
        let known = nodes + witnesses
        let short = String(hostName.prefix { $0 != "." })
        let tried = short == hostName || short.isEmpty ? "" : ", nor is '\(short)'"
        let listed =
            "nodes: \(nodes.joined(separator: ", "))"
            + (witnesses.isEmpty ? "" : "; witnesses: \(witnesses.joined(separator: ", "))")
        let example = known.closest(to: short) ?? nodes.first ?? "NAME"
        return """
            this host, \(hostName.quoted), is not in cluster '\(cluster)'\(tried) (\(listed))
              = help: add it to the file, or say which of them it is, such as --host \(example)
            """
    }
}
