import Glibc

/// What the lab could not do: what was attempted, on what, what came back, and what helps.
public struct LabError: Error, Sendable, CustomStringConvertible {
    public let attempted: String
    public let found: String
    public let advice: String?

    public init(_ attempted: String, found: String, advice: String? = nil) {
        self.attempted = attempted
        self.found = found
        self.advice = advice
    }

    /// The failure of a system call. To be made at once: the next call changes `errno`.
    static func system(_ attempted: String, errno code: Int32 = errno) -> LabError {
        let advice: String? =
            switch code {
            case EPERM, EACCES: "the lab makes network namespaces, and has to run as root"
            case EMFILE, ENFILE: "raise the limit of open files (ulimit -n)"
            default: nil
            }
        return LabError(attempted, found: unsafe String(cString: strerror(code)), advice: advice)
    }

    public var description: String {
        let help = advice.map { "; \($0)" } ?? ""
        return "could not \(attempted): \(found)\(help)"
    }
}

/// Calls until it is not interrupted by a signal.
func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        guard result == -1, errno == EINTR else { return result }
    }
}
