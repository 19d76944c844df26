import VIPConfiguration

/// The file that the tests change one thing in. It is valid and free of warnings.
enum Example {
    static let text = """
        [cluster]
        name = "lb"
        key_file = "/etc/vip-agent/lb.key"

        [timing]
        heartbeat = "100ms"
        lease = "500ms"
        drift = 0.002
        margin = "1ms"

        [[node]]
        name = "lb1"
        addresses = ["10.77.0.1", "10.78.0.1"]

        [[node]]
        name = "lb2"
        addresses = ["10.77.0.2", "10.78.0.2:7000"]

        [[witness]]
        name = "w1"
        addresses = ["10.77.0.3"]

        [[group]]
        name = "web"
        interface = "eth0"
        addresses = ["10.77.0.100", "fd77::64"]
        prefer = "lb1"
        failback = "automatic"
        failback_delay = "1m"

        """

    static func configuration() throws -> Configuration {
        try Configuration(parsing: text, path: "vip.toml")
    }

    /// What is said about the example with one text in it replaced by another: errors or warnings,
    /// rendered.
    static func verdict(replacing old: String, with new: String) -> String {
        guard let range = text.firstRange(of: old) else { return "\(old) is not in the example" }
        return verdict(on: text.replacingCharacters(in: range, with: new))
    }

    static func verdict(on source: String) -> String {
        do throws(ConfigurationError) {
            return try Configuration(parsing: source, path: "vip.toml").warningText
        } catch {
            return error.description
        }
    }
}

extension String {
    func replacingCharacters(in range: Range<Index>, with new: String) -> String {
        self[..<range.lowerBound] + new + self[range.upperBound...]
    }
}
