import ArgumentParser
import VIPControl

/// What the agent at hand knows, for a shell that completes a word. Whoever presses Tab has asked
/// nothing: without an agent there is nothing to offer, and nothing is said.
extension CompletionKind {
    static var groups: CompletionKind {
        .custom { words, _, _ in status(words)?.groups.map(\.name) ?? [] }
    }

    static var nodes: CompletionKind {
        .custom { words, _, _ in
            status(words)?.voters.filter { $0.role == .node }.map(\.name) ?? []
        }
    }

    static var clusters: CompletionKind {
        .custom { _, _, _ in ControlSockets().clusters }
    }

    private static func status(_ words: [String]) -> StatusReport? {
        func value(of option: String) -> String? {
            words.firstIndex(of: option).flatMap { words.dropFirst($0 + 1).first }
        }
        let cluster = value(of: "--cluster")
        let socket =
            value(of: "--socket")
            ?? (cluster == nil ? Terminal.environment("VIPCTL_SOCKET") : nil)
        guard let path = try? ControlSockets().path(socket: socket, cluster: cluster) else {
            return nil
        }
        // Longer than that, a person waits for the shell.
        return try? ControlClient(path: path, timeout: 0.5).status().get()
    }
}
