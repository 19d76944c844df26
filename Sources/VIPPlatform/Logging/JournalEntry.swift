import CNetlink
import Glibc

/// One entry in the words of systemd's journal, its "Native Journal Protocol": a datagram of
/// fields, each `NAME=value` and a line break, or, where the value has a line break in it, the
/// name, a line break, the value's length in 64 bits, and the value.
///
/// Priority and message come first, so that the line for standard error can be had from it again.
package struct JournalEntry {
    /// As many as fit into a slot of the ring: the message has all facts in it, too, so that a
    /// field for which there is no room is not lost.
    package private(set) var octets: [UInt8] = []

    /// - Parameters:
    ///   - priority: syslog's, 0 to 7.
    ///   - message: one line.
    ///   - fields: their names as the journal allows them, see `name`.
    package init(priority: UInt8, message: String, fields: [(name: String, value: String)]) {
        precondition(priority < 8, "\(priority) is no priority of syslog")
        octets.reserveCapacity(LineRing.longestLine)
        octets += Self.priority
        octets.append(UInt8(ascii: "0") + priority)
        octets.append(Self.lineBreak)
        octets += Self.message
        octets += Self.beginning(of: message)
        octets.append(Self.lineBreak)
        octets += "SYSLOG_IDENTIFIER=vip-agent\n".utf8
        for (name, value) in fields { add(name, value) }
    }

    private mutating func add(_ name: String, _ value: String) {
        let value = Array(value.utf8)
        var field = Array(name.utf8)
        if value.contains(Self.lineBreak) {
            field.append(Self.lineBreak)
            for shift in stride(from: 0, to: 64, by: 8) {
                field.append(UInt8(truncatingIfNeeded: value.count >> shift))
            }
        } else {
            field.append(UInt8(ascii: "="))
        }
        field += value
        field.append(Self.lineBreak)
        if octets.count + field.count <= LineRing.longestLine { octets += field }
    }

    /// The name of the field for a key of the log: `VIP_GROUP` for `group`. The journal takes
    /// capital letters, digits and underscores, 64 at most.
    package static func name(for key: String) -> String {
        let allowed = key.uppercased().unicodeScalars.map { scalar in
            switch scalar {
            case "A"..."Z", "0"..."9": String(scalar)
            default: "_"
            }
        }
        return "VIP_" + allowed.prefix(60).joined()
    }

    /// The line that says the same on standard error, with its priority as sd-daemon(3) has it.
    package static func line(of octets: [UInt8]) -> [UInt8] {
        let message = octets.dropFirst(priority.count + 2 + self.message.count)
        return [UInt8(ascii: "<"), octets[priority.count], UInt8(ascii: ">")]
            + message.prefix { $0 != lineBreak }
    }

    private static let priority = Array("PRIORITY=".utf8)
    private static let message = Array("MESSAGE=".utf8)
    private static let lineBreak = UInt8(ascii: "\n")
    /// Leaves room for what is added always.
    private static let longestMessage = 900

    private static func beginning(of message: String) -> [UInt8] {
        let octets = Array(message.utf8)
        guard octets.count > longestMessage else { return octets }
        var count = longestMessage
        while octets[count] & 0xc0 == 0x80 { count -= 1 }
        return Array(octets.prefix(count)) + "…".utf8
    }
}

/// The journal's socket. Sending never waits: while the journal is restarted, or has no time, the
/// entry is refused.
final class JournalSocket: Sendable {
    static let defaultPath = "/run/systemd/journal/socket"

    private let path: String
    private let socket: Descriptor

    /// Nil where there are no sockets to be had.
    init?(path: String) {
        let number = vip_socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        guard number >= 0 else { return nil }
        self.path = path
        socket = Descriptor(owning: number)
    }

    /// Whether the journal has it.
    func send(_ octets: [UInt8]) -> Bool {
        SystemCall.repeating {
            unsafe vip_unix_send(socket.number, path, octets, octets.count, -1)
        } == 0
    }
}
