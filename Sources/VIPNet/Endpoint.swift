/// Where a voter listens: an address and a UDP port.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// The port of a voter whose address names none.
    public static let defaultPort: UInt16 = 7694

    public var address: IPAddress
    public var port: UInt16

    public init(address: IPAddress, port: UInt16 = Endpoint.defaultPort) {
        self.address = address
        self.port = port
    }

    /// "10.0.0.1", "10.0.0.1:7000", "fd00::1", "[fd00::1]" or "[fd00::1]:7000"; nil for anything
    /// else, port 0 included. An IPv6 address without brackets never has a port.
    public init?(parsing text: String) {
        if let address = IPAddress(parsing: text) {
            self.init(address: address)
            return
        }
        guard let parts = HostAndPort(parsing: text),
            let address = IPAddress(parsing: parts.host),
            address.isIPv6 == parts.isBracketed
        else { return nil }
        self.init(address: address, port: parts.port ?? Self.defaultPort)
    }

    public var description: String {
        address.isIPv6 ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
}

/// "host", "host:port", "[host]" or "[host]:port", the host not looked at.
package struct HostAndPort {
    package var host: String
    package var port: UInt16?
    package var isBracketed: Bool

    /// Nil if the host is empty or the port is not a number from 1 to 65535.
    package init?(parsing text: String) {
        var rest = Substring(text)
        isBracketed = rest.first == "["
        if isBracketed {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            host = String(rest[rest.index(after: rest.startIndex)..<end])
            rest = rest[rest.index(after: end)...]
        } else {
            let end = rest.firstIndex(of: ":") ?? rest.endIndex
            host = String(rest[..<end])
            rest = rest[end...]
        }
        guard !host.isEmpty else { return nil }
        guard rest.isEmpty || rest.first == ":" else { return nil }
        if rest.isEmpty { return }
        let digits = rest.dropFirst()
        let onlyDigits = digits.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")) ~= $0 }
        guard onlyDigits, let port = UInt16(digits), port > 0 else { return nil }
        self.port = port
    }
}
