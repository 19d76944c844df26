/// Why there is no answer from the daemon.
public enum ControlClientError: Error, Equatable, Sendable {
    /// Nothing is at the path, or nobody listens there any more.
    case noAgent(path: String, errno: Int32)
    case notPermitted(path: String)
    case pathTooLong(path: String, limit: Int)
    /// The daemon is there, and was still silent in this phase when the time was over.
    case timedOut(path: String, phase: Phase, seconds: Double)
    /// The connection ended inside the answer, or before it.
    case closedEarly(path: String, received: Int)
    /// Whatever answered is not the daemon, or of a version that says things differently.
    case notUnderstood(path: String, reason: String)
    case tooLong(path: String, limit: Int)
    /// Any other error of a system call.
    case failed(path: String, call: String, errno: Int32)

    public enum Phase: String, Sendable {
        case connecting = "its queue of connections is full"
        case sending = "it does not read the request"
        case receiving =
            "it sent nothing, or not all of its answer; an order that it had read by then is carried out"
    }
}

extension ControlClientError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noAgent(let path, let code):
            """
            no agent is listening at \(path) (\(systemMessage(code))): is vip-agent running?
            """
        case .notPermitted(let path):
            "permission denied at \(path): be root or in group vip-agent"
        case .pathTooLong(let path, let limit):
            """
            the path \(path) has \(path.utf8.count) octets, and a socket's may have \(limit): \
            name a shorter one with --socket
            """
        case .timedOut(let path, let phase, let seconds):
            """
            agent at \(path) did not answer within \(Self.shown(seconds)): \(phase.rawValue)
            """
        case .closedEarly(let path, let received):
            """
            agent at \(path) closed the connection after \(received) octets, before its answer was \
            complete: see its log
            """
        case .notUnderstood(let path, let reason):
            """
            what answered at \(path) is not an agent of this version: \(printable(reason))
            """
        case .tooLong(let path, let limit):
            "the answer of the agent at \(path) is longer than \(limit) octets"
        case .failed(let path, let call, let code):
            "cannot talk to the agent at \(path): \(call): \(systemMessage(code))"
        }
    }

    private static func shown(_ seconds: Double) -> String {
        seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\(seconds) s"
    }
}
