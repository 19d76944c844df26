import Glibc

/// What this host is called, by which it finds itself in a configuration.
package enum HostName {
    /// As the kernel has it now. At an early start that may still be another one: "localhost" until
    /// something has set it.
    package static var current: String {
        var name = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(
            decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
    }

    /// Whether an operator has said which host this is, so that the kernel's name is of no account.
    package static func isGiven(in arguments: [String]) -> Bool {
        arguments.contains { $0 == "--host" || $0.hasPrefix("--host=") }
    }
}
