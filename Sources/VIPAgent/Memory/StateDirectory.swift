import CNetlink
import Glibc
import VIPNet
import VIPPlatform

/// Values that survive a reboot, one small file each. Writing waits for the disk: it belongs to
/// the service plane.
package struct StateDirectory: Sendable {
    /// What is known under a key.
    package enum Value: Equatable, Sendable {
        case found([UInt8])
        /// Never written.
        case missing
        /// There is something, and it cannot be trusted.
        case damaged(reason: String)
    }

    /// Octets of one value.
    package static let mostOctets = 1 << 20

    /// The file begins with a line of this, a checksum and a length.
    private static let signature = "vip-agent-state 1"

    package let path: String

    /// One that was made before; nothing is looked at.
    package init(path: String) {
        self.path = path
    }

    /// When this returns, the value would survive a loss of power.
    ///
    /// - Parameter key: lower-case letters, digits and hyphens, for it is the file's name.
    package func write(_ key: String, _ octets: [UInt8]) throws(SystemError) {
        precondition(octets.count <= Self.mostOctets, "\(octets.count) octets are no small value")
        let contents = Array(Self.header(for: octets).utf8) + octets
        do {
            try WholeFile.replace(file(key), with: contents, mode: 0o600)
        } catch {
            throw Ownership.advising(error, in: path)
        }
    }

    package func read(_ key: String) -> Value {
        let contents: [UInt8]
        do {
            contents = try WholeFile.read(file(key), most: Self.mostOctets + 128)
        } catch {
            let reason = Ownership.advising(error, in: path).description
            return error.errno == ENOENT ? .missing : .damaged(reason: reason)
        }
        guard let end = contents.firstIndex(of: UInt8(ascii: "\n")) else {
            return .damaged(reason: "\(file(key)) has no first line")
        }
        let octets = Array(contents[(end + 1)...])
        let header = String(decoding: contents[...end], as: UTF8.self)
        guard header.hasPrefix(Self.signature + " ") else {
            return .damaged(reason: "\(file(key)) does not begin with \"\(Self.signature)\"")
        }
        guard header == Self.header(for: octets) else {
            return .damaged(reason: "\(file(key)) does not match its checksum")
        }
        return .found(octets)
    }

    private func file(_ key: String) -> String {
        precondition(
            !key.isEmpty
                && key.utf8.allSatisfy { octet in
                    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(octet)
                        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(octet)
                        || octet == UInt8(ascii: "-")
                },
            "'\(key)' is no key"
        )
        return "\(path)/\(key)"
    }

    private static func header(for octets: [UInt8]) -> String {
        var checksum = Checksum()
        for octet in octets { checksum.add(octet) }
        return "\(signature) \(String(checksum.value, radix: 16)) \(octets.count)\n"
    }
}
