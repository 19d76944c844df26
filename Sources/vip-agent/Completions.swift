import ArgumentParser
import VIPAgent
import VIPConfiguration
import VIPControl

/// What the files of this host say, for a shell that completes a word. Whoever presses Tab has
/// asked nothing: where there is nothing to offer, nothing is said.
extension CompletionKind {
    /// The voters of the configuration that is named before, or else of the installed one.
    static var hosts: CompletionKind {
        .custom { words, _, _ in
            let named = words.firstIndex(of: "--config").flatMap { words.dropFirst($0 + 1).first }
            guard
                let source = try? ConfigurationSource(
                    reading: named ?? ServedClusters.defaultPath()
                )
            else { return [] }
            let names = source.files.compactMap(\.text).flatMap { text in
                (try? Configuration(parsing: text, path: ""))?.voters.map(\.name) ?? []
            }
            return Set(names).sorted()
        }
    }

    static var clusters: CompletionKind {
        .custom { _, _, _ in ControlSockets().clusters }
    }
}
