import VIPConfiguration
import VIPCore

/// What a process leaves to the program that it becomes by execve: open descriptors by their names,
/// the configuration that was checked, and what is known that no file says.
///
/// The page is not part of it: that is found by its path, whatever becomes of the process.
package struct ProgramHandover: Equatable, Sendable {
    /// One file of the configuration, word for word as it was checked.
    package struct File: Equatable, Sendable {
        package var path: String
        package var text: String
        /// The cluster's keys, the signing one first; empty if they have to be loaded, since only
        /// the new version can read the file.
        package var keys: [[UInt8]]

        package init(path: String, text: String, keys: [[UInt8]]) {
            (self.path, self.text, self.keys) = (path, text, keys)
        }
    }

    /// What one cluster's part of the process leaves.
    package struct Cluster: Equatable, Sendable {
        package var name: String
        /// What the state directory holds.
        package var state = StateStore.Contents()
        package var warnings: [Warnings.Entry] = []
        /// Connections to the control socket that have said nothing yet.
        package var silent: [Int32] = []
        /// Those that wait to hear what became of their reload.
        package var waiting: [Int32] = []
        /// JSON: history since `past` was written, counters, and drops by reason.
        package var history = "[]"
        package var counters = ""
        package var dropped = ""

        package init(name: String) { self.name = name }
    }

    /// Among the descriptors, what was too long to be written in a moment of rest: fields
    /// `history.0` and so on, in the order of the clusters.
    package static let historyName = "past"

    /// As it was started, see `ProgramPath`.
    package var program: String
    /// How many times the process has become another program.
    package var generation: Int64
    /// When the first of them started, in nanoseconds of CLOCK_BOOTTIME.
    package var started: Int64
    /// When this was written, likewise: from then on nothing was renewed.
    package var departed: Int64 = 0
    /// The version that wrote this.
    package var version: String
    package var configuration: String
    package var isDirectory: Bool
    package var host: String
    package var runDirectory: String
    package var stateDirectory: String
    package var files: [File] = []
    package var clusters: [Cluster] = []
    /// Sockets to the voters and control listeners, the gate's and others.
    package var descriptors: [String: Int32] = [:]
    /// What of the sockets to the voters the service manager keeps, by its names.
    package var stored: [String] = []
    /// Of the group that may use the control sockets; -1 if there is none.
    package var controlGroup: Int64 = -1
    /// What has changed, in words, for those who wait for it.
    package var message = ""

    package init(
        program: String,
        generation: Int64,
        started: Int64,
        version: String,
        configuration: String,
        isDirectory: Bool,
        host: String,
        runDirectory: String,
        stateDirectory: String
    ) {
        self.program = program
        self.generation = generation
        self.started = started
        self.version = version
        self.configuration = configuration
        self.isDirectory = isDirectory
        self.host = host
        self.runDirectory = runDirectory
        self.stateDirectory = stateDirectory
    }

    /// The configuration as it was checked.
    package var source: ConfigurationSource {
        ConfigurationSource(
            path: configuration,
            isDirectory: isDirectory,
            files: files.map { ConfigurationSource.File(path: $0.path, text: $0.text) }
        )
    }

    /// - Parameter keys: as many as there are files, or none where they have to be loaded.
    mutating func put(_ source: ConfigurationSource, _ keys: [ClusterKeys]) {
        files = source.files.enumerated().map { index, file in
            let accepted = keys.indices.contains(index) ? keys[index].accepted : []
            return File(path: file.path, text: file.text ?? "", keys: accepted.map(\.octets))
        }
    }

    /// The keys of a file, if they came along.
    package func keys(of path: String) -> ClusterKeys? {
        guard let file = files.first(where: { $0.path == path }) else { return nil }
        return ClusterKeys(file.keys.compactMap { ClusterKey(octets: $0) })
    }

    /// What was left for the cluster: a host whose configuration is a file has one, whatever it is
    /// called now.
    package func cluster(named name: String) -> Cluster? {
        isDirectory ? clusters.first { $0.name == name } : clusters.first
    }

    // MARK: - Octets

    package var octets: [UInt8] {
        var fields = HandoverFields()
        fields.put("program", program)
        fields.put("generation", generation)
        fields.put("started", started)
        fields.put("departed", departed)
        fields.put("version", version)
        fields.put("configuration", configuration)
        fields.put("is-directory", isDirectory ? 1 : 0)
        fields.put("host", host)
        fields.put("run-directory", runDirectory)
        fields.put("state-directory", stateDirectory)
        fields.put("control-group", controlGroup)
        fields.put("message", message)
        for (name, number) in descriptors.sorted(by: { $0.key < $1.key }) {
            fields.put("descriptor.\(name)", Int64(number))
        }
        for name in stored { fields.put("stored", name) }
        for (index, file) in files.enumerated() {
            fields.put("file.\(index).path", file.path)
            fields.put("file.\(index).text", file.text)
            for key in file.keys { fields.put("file.\(index).key", key) }
        }
        for (index, cluster) in clusters.enumerated() {
            cluster.put(into: &fields, "cluster.\(index)")
        }
        return fields.serialized()
    }

    package init(parsing octets: [UInt8]) throws(HandoverFields.Damage) {
        let fields = try HandoverFields(parsing: octets)
        guard let program = fields.text("program"), let generation = fields.number("generation"),
            let started = fields.number("started"),
            let configuration = fields.text("configuration"), let host = fields.text("host"),
            let runDirectory = fields.text("run-directory"),
            let stateDirectory = fields.text("state-directory")
        else { throw .broken("something that cannot be done without is missing") }
        self.init(
            program: program,
            generation: generation,
            started: started,
            version: fields.text("version") ?? "",
            configuration: configuration,
            isDirectory: fields.number("is-directory") == 1,
            host: host,
            runDirectory: runDirectory,
            stateDirectory: stateDirectory
        )
        departed = fields.number("departed") ?? 0
        controlGroup = fields.number("control-group") ?? -1
        message = fields.text("message") ?? ""
        descriptors = fields.numbers(below: "descriptor.")
        stored = fields.texts("stored")
        while let path = fields.text("file.\(files.count).path"),
            let text = fields.text("file.\(files.count).text")
        {
            files.append(
                File(path: path, text: text, keys: fields.all("file.\(files.count).key"))
            )
        }
        while let cluster = Cluster(fields, "cluster.\(clusters.count)") {
            clusters.append(cluster)
        }
        guard !files.isEmpty else { throw .broken("the configuration is missing") }
    }
}

extension ProgramHandover.Cluster {
    fileprivate func put(into fields: inout HandoverFields, _ prefix: String) {
        fields.put("\(prefix).name", name)
        fields.put("\(prefix).longest-lease", state.longestLease.nanoseconds)
        for entry in state.terms {
            fields.put("\(prefix).term", "\(entry.term) \(entry.group)")
        }
        // A list that is on record and empty is another thing than none on record.
        for (name, list) in [("voters", state.voters), ("addresses", state.addresses)] {
            if let list { fields.put("\(prefix).\(name)", list.joined(separator: "\n")) }
        }
        for damage in state.damage { fields.put("\(prefix).damage", damage) }
        if state.isUnwritten { fields.put("\(prefix).unwritten", 1) }
        if let refusal = state.refusal {
            fields.put("\(prefix).refused-lease", refusal.lease.nanoseconds)
            fields.put("\(prefix).refusal", refusal.reason)
        }
        for warning in warnings {
            fields.put("\(prefix).warning", warning.text)
            fields.put("\(prefix).warning-subject", warning.subject)
            fields.put("\(prefix).warning-seen", warning.seen)
        }
        for number in silent { fields.put("\(prefix).silent", Int64(number)) }
        for number in waiting { fields.put("\(prefix).waiting", Int64(number)) }
        fields.put("\(prefix).history", history)
        fields.put("\(prefix).counters", counters)
        fields.put("\(prefix).dropped", dropped)
    }

    fileprivate init?(_ fields: HandoverFields, _ prefix: String) {
        guard let name = fields.text("\(prefix).name") else { return nil }
        self.init(name: name)
        state.longestLease = .nanoseconds(fields.number("\(prefix).longest-lease") ?? 0)
        for line in fields.texts("\(prefix).term") {
            guard let space = line.firstIndex(of: " "), let term = UInt64(line[..<space]) else {
                continue
            }
            let group = String(line[line.index(after: space)...])
            state.terms.append(StateStore.Entry(group: group, term: term))
        }
        func lines(_ name: String) -> [String]? {
            fields.text("\(prefix).\(name)").map { $0.split(separator: "\n").map(String.init) }
        }
        state.voters = lines("voters")
        state.addresses = lines("addresses")
        state.damage = fields.texts("\(prefix).damage")
        state.isUnwritten = fields.number("\(prefix).unwritten") == 1
        if let lease = fields.number("\(prefix).refused-lease") {
            let reason = fields.text("\(prefix).refusal") ?? ""
            state.refusal = StateStore.Refusal(lease: .nanoseconds(lease), reason: reason)
        }
        // A program that knows no ages leaves the texts alone.
        let texts = fields.texts("\(prefix).warning")
        let subjects = fields.texts("\(prefix).warning-subject")
        let seen = fields.numbers("\(prefix).warning-seen")
        if texts.count == subjects.count, texts.count == seen.count {
            warnings = texts.indices.map {
                Warnings.Entry(subject: subjects[$0], text: texts[$0], seen: seen[$0])
            }
        }
        silent = fields.numbers("\(prefix).silent").map { Int32(clamping: $0) }
        waiting = fields.numbers("\(prefix).waiting").map { Int32(clamping: $0) }
        history = fields.text("\(prefix).history") ?? "[]"
        counters = fields.text("\(prefix).counters") ?? ""
        dropped = fields.text("\(prefix).dropped") ?? ""
    }
}
