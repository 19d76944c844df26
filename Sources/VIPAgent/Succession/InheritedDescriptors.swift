import CNetlink
import Glibc
import VIPConfiguration
import VIPNet
import VIPPlatform

/// The descriptors that were left to this program by their names, be it by the program before it or
/// by the service manager. Each is taken out by whoever needs it, and is asked what it is.
///
/// The program that starts and the child that rehearses the start take them by these same
/// functions: what one would refuse, the other refuses.
package struct InheritedDescriptors {
    /// What nobody has taken yet.
    package private(set) var left: [String: Int32]
    /// Why something could not be used. It is closed, and has to be made anew.
    package private(set) var faults: [SystemError] = []

    /// - Parameter descriptors: by their names; a standard descriptor is none of them.
    package init(_ descriptors: [String: Int32] = [:]) {
        left = descriptors.filter { $0.value > STDERR_FILENO }
    }

    /// The socket for frames at this address of ours, as it was left.
    package mutating func port(for local: Endpoint) -> DatagramPort? {
        guard let number = left.removeValue(forKey: DatagramPort.name(for: local)) else {
            return nil
        }
        do throws(SystemError) {
            return try DatagramPort(inheriting: number, family: local.family, port: local.port)
        } catch {
            faults.append(error)
            return nil
        }
    }

    /// The socket that vipctl connects to.
    package mutating func listener(_ name: String) -> Int32? {
        claim(name) { socket throws(SystemError) in
            try socket.require(domain: AF_UNIX, type: SOCK_STREAM)
            try socket.requireListening()
        }
    }

    package mutating func announcer() -> Int32? {
        claim(Announcer.name) { socket throws(SystemError) in
            try socket.require(domain: AF_PACKET, type: SOCK_RAW)
            try socket.requireNetwork()
        }
    }

    /// The gate's parts, which `GateKeeper` looks at: where they are no gate, there are other ways
    /// to find it.
    package mutating func gate() -> [String: Int32] {
        var found: [String: Int32] = [:]
        for name in Gate.names {
            found[name] = left.removeValue(forKey: Daemon.gatePrefix + name)
        }
        return found
    }

    private mutating func claim(
        _ name: String,
        _ check: (InheritedSocket) throws(SystemError) -> Void
    ) -> Int32? {
        guard let number = left.removeValue(forKey: name) else { return nil }
        do throws(SystemError) {
            try check(InheritedSocket(number, as: name))
            return number
        } catch {
            faults.append(error)
            close(number)
            return nil
        }
    }

    /// Takes what all of this needs, as the program that starts does. For a rehearsal: what is
    /// taken is closed at its end.
    package mutating func claimAll(for clusters: ServedClusters) {
        var ports: [DatagramPort] = []
        for local in VoterPorts.needed(by: clusters.entries.map(\.cluster)) {
            if let port = port(for: local) { ports.append(port) }
        }
        for entry in clusters.entries {
            _ = listener(
                Daemon.controlName(entry.cluster.configuration.cluster.name, clusters)
            )
            guard entry.cluster.role == .node else { continue }
            _ = gate()
            _ = announcer()
        }
    }
}

extension DatagramPort {
    /// As it is handed over.
    var name: String { Self.name(family, port) }

    /// As the service manager keeps it, whose names have no colon.
    var storeName: String { Self.storePrefix(family) + "\(port)" }

    static func storeName(for local: Endpoint) -> String {
        storePrefix(local.family) + "\(local.port)"
    }

    static func name(for local: Endpoint) -> String { name(local.family, local.port) }

    private static func name(_ family: Family, _ port: UInt16) -> String {
        "udp.\(family.rawValue):\(port)"
    }

    private static func storePrefix(_ family: Family) -> String {
        family == .v4 ? "udp4." : "udp6."
    }

    /// Whether that is how a port for IPv6 is handed over.
    static func isIPv6(name: String) -> Bool {
        name.hasPrefix("udp.\(Family.v6.rawValue):")
    }

    /// How what the service manager has kept by that name is handed over; nil if it is no port.
    static func name(ofStored storeName: String) -> String? {
        for family in [Family.v4, .v6] {
            let prefix = storePrefix(family)
            guard storeName.hasPrefix(prefix), let port = UInt16(storeName.dropFirst(prefix.count))
            else { continue }
            return name(family, port)
        }
        return nil
    }

    func serves(_ local: Endpoint) -> Bool { family == local.family && port == local.port }
}

extension Endpoint {
    var family: DatagramPort.Family { address.isIPv6 ? .v6 : .v4 }
}
