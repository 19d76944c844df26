import Glibc

/// Where the control sockets of a host are: one in the run directory, or, where the agent serves
/// the clusters of a directory, one for each of them in a directory named after the cluster.
public struct ControlSockets: Sendable {
    public static let defaultRunDirectory = "/run/vip-agent"

    public var runDirectory: String

    public init(runDirectory: String = Self.defaultRunDirectory) {
        self.runDirectory = runDirectory
    }

    public func path(of cluster: String) -> String { "\(runDirectory)/\(cluster)/control.sock" }

    /// The socket to ask at, by what was said of it: its path, or the cluster, or nothing.
    public func path(socket: String?, cluster: String?) throws(AmbiguousCluster) -> String {
        if let socket { return socket }
        if let cluster { return path(of: cluster) }
        return try only()
    }

    /// The socket of the one cluster that is served here. Where it cannot be told which that is,
    /// the path at which an agent of one cluster would be.
    ///
    /// - Throws: where there are several to choose from.
    public func only() throws(AmbiguousCluster) -> String {
        let single = "\(runDirectory)/control.sock"
        if Self.isAnswered(single) { return single }
        let clusters = clusters
        guard clusters.count < 2 else { throw AmbiguousCluster(clusters: clusters) }
        return clusters.first.map(path(of:)) ?? single
    }

    /// The socket of any cluster that is served here: for what is about the agent as a whole.
    public func any() -> String {
        do throws(AmbiguousCluster) {
            return try only()
        } catch {
            return path(of: error.clusters[0])
        }
    }

    /// The clusters of a directory that are served here, by name.
    public var clusters: [String] {
        guard let stream = unsafe opendir(runDirectory) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                unsafe tuple.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) {
                    unsafe String(cString: $0)
                }
            }
            if name != ".", name != "..", Self.isAnswered(path(of: name)) { names.append(name) }
        }
        return names.sorted()
    }

    /// Whether somebody listens there: a dead agent's socket refuses. One that may not be asked, or
    /// has no time, is there.
    private static func isAnswered(_ path: String) -> Bool {
        var address = sockaddr_un()
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        let flags = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, flags, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) {
            unsafe $0.copyBytes(from: path.utf8)
        }
        let result = unsafe withUnsafePointer(to: address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return result == 0 || [EAGAIN, EACCES, EPERM].contains(errno)
    }
}

/// Several clusters are served here, and it was not said which is meant.
public struct AmbiguousCluster: Error, Equatable, Sendable, CustomStringConvertible {
    public var clusters: [String]

    public init(clusters: [String]) {
        self.clusters = clusters
    }

    public var description: String {
        "this host serves several clusters (\(clusters.map(printable).joined(separator: ", "))): "
            + "say which with --cluster NAME behind the command"
    }
}
