import CNetlink
import Glibc
import VIPConfiguration
import VIPControl
import VIPPlatform

/// Finds out whether the program that this process would become accepts the configuration, before
/// anything depends on it. It reads files and waits for a child, so it has a thread of its own.
///
/// The child is asked about the files, and what is handed over are texts. So the files are read
/// before and after, and only what has stayed the same in between was checked. It gets what the
/// successor will get, texts and descriptors, and takes them over as the successor will: after the
/// execve there is no way back.
struct Rehearsal: Sendable {
    /// One cluster as it is served now.
    struct Running: Sendable {
        let cluster: LocalCluster
        let keys: ClusterKeys
        let state: StateStore.Contents
        let history: [HistoryEntry]
    }

    let program: String
    /// The operator's name for the configuration.
    let configuration: String
    let isDirectory: Bool
    let host: String
    let running: [Running]
    /// Why this host has no gate, nil if it has one: the child has no right to find out.
    let missingGate: String?
    /// What the child rehearses with.
    let loan: Loan
    /// This host's name as the kernel has it now; nil where an operator has said which host it is.
    let kernelName: String?

    /// What may take over.
    struct Successor: Sendable {
        let version: String
        let source: ConfigurationSource
        /// Nil where only the other version can read the configuration.
        let clusters: ServedClusters?
        /// As many as there are clusters.
        let keys: [ClusterKeys]
        let changes: ConfigurationChanges
        /// What is too long to be written in a moment of rest.
        let past: SealedMemory
        /// By cluster, the last entry of its history in `past`.
        let lastEntries: [UInt64]
        let isDirectory: Bool

        /// A host whose configuration is a file has one cluster, whatever it is called.
        func serves(_ membership: Membership) -> Bool {
            guard isDirectory, let clusters else { return true }
            let name = membership.cluster.configuration.cluster.name
            return clusters.entries.contains { $0.cluster.configuration.cluster.name == name }
        }
    }

    /// In words: in short, and all of it.
    struct Refusal: Error, Equatable, Sendable {
        let summary: String
        let detail: String

        init(_ reason: ReloadSentence, _ parts: String..., detail: String = "") {
            summary = reason.text(parts)
            self.detail = detail
        }

        /// What a status, which is read at a glance, says of it.
        var firstDetail: String {
            let lines = detail.split(separator: "\n")
            guard let first = lines.first else { return "" }
            return lines.count == 1 ? String(first) : "\(first) (the log has all of it)"
        }
    }

    typealias Verdict = Result<Successor, Refusal>

    /// A child that takes longer hangs; it takes some milliseconds.
    static let patience: Int64 = 3_000_000_000
    /// How often files that keep changing are read again.
    private static let mostReadings = 5

    /// Starts the thread that puts the verdict into the mailbox.
    func begin(reportingTo mailbox: ServiceMailbox<Verdict>) throws(SystemError) {
        try startThread("rehearsal") {
            vip_block_signals()
            mailbox.put(verdict())
        }
    }

    // MARK: - In the thread

    private func verdict() -> Verdict {
        do throws(Refusal) {
            return .success(try successor())
        } catch {
            return .failure(error)
        }
    }

    /// What was read of files, and how much of it this version understands.
    private struct Reading: Equatable {
        var source: ConfigurationSource
        var keys: [ClusterKeys] = []
    }

    private func successor() throws(Refusal) -> Successor {
        guard ConfigurationSource.isDirectory(configuration) == isDirectory else {
            throw Refusal(
                .otherKind,
                configuration,
                detail: "it was a \(isDirectory ? "directory" : "file") when the agent started: "
                    + "restart the agent; it then counts as a new host, and does not vote at first"
            )
        }
        for _ in 0..<Self.mostReadings {
            let (reading, clusters) = try read()
            let testimony = try ask(with: reading)
            try compare(testimony, with: clusters)
            try requireInterfaces(clusters)
            guard try read().reading == reading else { continue }
            return try successor(testimony.version, reading, clusters)
        }
        throw Refusal(
            .changing,
            configuration,
            detail: "it differed each time it was read; try again when it is complete"
        )
    }

    private func read() throws(Refusal) -> (reading: Reading, clusters: ServedClusters?) {
        let source: ConfigurationSource
        do throws(ConfigurationFailure) {
            source = try ConfigurationSource(reading: configuration)
        } catch {
            throw Refusal(.unreadable, detail: "\(error)")
        }
        // What this version can't read may still be right for the next.
        guard let clusters = try? ServedClusters(source, host: host) else {
            return (Reading(source: source), nil)
        }
        do throws(ConfigurationFailure) {
            if let missingGate { try clusters.requireEnforcement(withoutGate: missingGate) }
            return (Reading(source: source, keys: try clusters.loadKeys()), clusters)
        } catch {
            throw Refusal(.unusable, detail: error.faults.joined(separator: "\n"))
        }
    }

    /// What the program says of itself, and of this host in the configuration.
    private struct Testimony {
        var version: String
        var isNode: Bool
    }

    private func ask(with reading: Reading) throws(Refusal) -> Testimony {
        let outcome: ChildProgram.Outcome
        do throws(SystemError) {
            outcome = try loan.run(
                program,
                arguments: [
                    "check", "--config", configuration, "--host", host, SuccessorAnswer.option,
                ],
                with: reading.source,
                reading.keys,
                patience: Self.patience
            )
        } catch {
            throw Refusal(.unrunnable, program, detail: "\(error)")
        }
        switch outcome.end {
        case .exited(0):
            break
        case .exited(StartupFailure.Status.configuration.rawValue):
            throw Refusal(
                .unusable,
                detail: outcome.complaint.trimmed(of: "vip-agent: ")
                    .trimmed(of: ReloadSentence.unusable.text())
            )
        case .exited, .signalled, .timedOut:
            throw Refusal(
                .noSuccessor,
                program,
                detail: "its check \(outcome.end.text)"
                    + (outcome.complaint.isEmpty ? "" : ": \(outcome.complaint.trimmed(of: ""))")
            )
        }
        guard let answer = SuccessorAnswer(parsing: outcome.output) else {
            throw Refusal(
                .noSuccessor,
                program,
                detail: "it is not vip-agent, or too old to take over from a running agent: "
                    + "restart the agent, which hands over first"
            )
        }
        guard answer.handover == HandoverFields.version else {
            throw Refusal(
                .noSuccessor,
                program,
                detail: "version \(answer.version) takes over in a way that this agent does not "
                    + "know: restart the agent, which hands over first"
            )
        }
        // Versions that do not rehearse set the options of IPv6 sockets a second time, which ends
        // them.
        guard answer.hasRehearsed || !loan.hasIPv6Port else {
            throw Refusal(
                .noSuccessor,
                program,
                detail: "version \(answer.version) can't take over sockets for IPv6: restart the "
                    + "agent, which hands over first"
            )
        }
        return Testimony(version: answer.version, isNode: answer.isNode)
    }

    /// A node has to let go before it is a witness, and a witness has given up the rights that a
    /// node needs.
    private func compare(_ testimony: Testimony, with clusters: ServedClusters?) throws(Refusal) {
        let isNode = running.contains { $0.cluster.role == .node }
        guard testimony.isNode != isNode else { return }
        throw Refusal(
            .otherRole,
            host,
            isNode ? "witness" : "node",
            detail: isNode
                ? "it has to let go in order first: stop the agent, and start it"
                : "a witness has given up the rights that a node needs: restart the agent"
        )
    }

    private func successor(
        _ version: String,
        _ reading: Reading,
        _ clusters: ServedClusters?
    ) throws(Refusal) -> Successor {
        var fields = HandoverFields()
        for (index, cluster) in running.enumerated() {
            fields.put("history.\(index)", cluster.history.json.serialized())
        }
        let past: SealedMemory
        do throws(SystemError) {
            past = try SealedMemory(name: "vip-agent-past", holding: fields.serialized())
        } catch {
            throw Refusal(.noMemory, detail: "\(error)")
        }
        return Successor(
            version: version,
            source: reading.source,
            clusters: clusters,
            keys: reading.keys,
            changes: changes(reading, clusters),
            past: past,
            lastEntries: running.map { $0.history.last?.sequence ?? 0 },
            isDirectory: isDirectory
        )
    }

    private func changes(_ reading: Reading, _ clusters: ServedClusters?) -> ConfigurationChanges {
        guard let clusters else { return ConfigurationChanges(unread: ()) }
        var changes = ConfigurationChanges(
            from: running.map { ($0.cluster, $0.keys, $0.state) },
            to: zip(clusters.entries, reading.keys).map { ($0.cluster, $1) },
            isDirectory: isDirectory
        )
        changes.warnings = nameWarnings(reading.source)
        return changes
    }
}

/// What a program says, asked whether it could take over: it is ours, and how it is handed over to.
package struct SuccessorAnswer: Equatable, Sendable {
    /// Of `vip-agent check`.
    package static let option = "--for-successor"
    private static let signature = "vip-agent-successor"

    package var handover: Int
    package var version: String
    /// Whether the host is a node of the configuration.
    package var isNode: Bool
    /// Whether it took over, in duplicates, what it will find open.
    package var hasRehearsed: Bool

    package init(
        handover: Int = HandoverFields.version,
        version: String,
        isNode: Bool,
        hasRehearsed: Bool
    ) {
        (self.handover, self.version, self.isNode) = (handover, version, isNode)
        self.hasRehearsed = hasRehearsed
    }

    /// One line.
    package var text: String {
        "\(Self.signature) \(handover) \(isNode ? "node" : "witness") \(version)"
            + (hasRehearsed ? " \(Self.rehearsed)" : "")
    }

    private static let rehearsed = "rehearsed"

    package init?(parsing output: String) {
        let words = output.split(whereSeparator: \.isWhitespace)
        guard words.count >= 4, words[0] == Self.signature, let handover = Int(words[1]),
            words[2] == "node" || words[2] == "witness"
        else { return nil }
        self.init(
            handover: handover,
            version: String(words[3]),
            isNode: words[2] == "node",
            hasRehearsed: words.dropFirst(4).first.map(String.init) == Self.rehearsed
        )
    }
}

extension ChildProgram.End {
    fileprivate var text: String {
        switch self {
        case .exited(let status): "ended with status \(status)"
        case .signalled(let signal): "was killed by signal \(signal)"
        case .timedOut: "gave no answer within \(Rehearsal.patience / 1_000_000_000) s"
        }
    }
}

extension String {
    /// Without white space at its end and without that beginning.
    fileprivate func trimmed(of prefix: String) -> String {
        var text = self[...]
        if text.hasPrefix(prefix) { text = text.dropFirst(prefix.count) }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text.drop(while: \.isNewline))
    }
}
