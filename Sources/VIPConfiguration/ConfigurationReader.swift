import VIPNet

/// Reads a document section by section, then compares the sections with each other.
struct ConfigurationReader {
    private static let keys = ["cluster", "timing", "node", "witness", "group", "check"]

    private(set) var report = Report()
    private var cluster: Cluster?
    private var timing: Timing?
    private var voters: [VoterDraft] = []
    private var groups: [GroupDraft] = []
    private var checks: [CheckDraft] = []

    init(reading document: TOMLDocument) {
        guard case .table(let entries) = document.root.value else {
            preconditionFailure("the root of a TOML document is a table")
        }
        let root = Section("", header: nil, entries: entries, keys: Self.keys, into: &report)
        readCluster(in: root)
        readTiming(in: root)
        voters = sections("node", in: root, keys: VoterDraft.keys).map {
            VoterDraft($0, kind: .node, into: &report)
        }
        voters += sections("witness", in: root, keys: VoterDraft.keys).map {
            VoterDraft($0, kind: .witness, into: &report)
        }
        groups = sections("group", in: root, keys: GroupDraft.keys).map {
            GroupDraft($0, into: &report)
        }
        checks = sections("check", in: root, keys: CheckDraft.keys).map {
            CheckDraft($0, into: &report)
        }
        CrossReferences(
            voters: voters,
            groups: groups,
            checks: checks,
            hasNodeSection: root.node("node") != nil,
            hasGroupSection: root.node("group") != nil
        ).check(into: &report)
        checkAnnouncements()
    }

    /// Clients wait for the first frame that announces an address. On one host may be all of them.
    private mutating func checkAnnouncements() {
        guard report.errors == 0, let timing else { return }
        let addresses = groups.flatMap(\.addresses)
        let span = AnnouncementPace.firstFrames(of: addresses.count)
        guard span > timing.lease else { return }
        let most =
            Int(timing.lease.wholeNanoseconds / 1_000_000) * AnnouncementPace.framesPerMillisecond
        report.warn(
            "\(addresses.count) addresses take \(span.text) to be announced, longer than a lease of"
                + " \(timing.lease.text): after a takeover, clients of the last ones wait for that"
                + " beside the lease",
            at: addresses.indices.contains(most) ? addresses[most].range : nil,
            help: "\(AnnouncementPace.framesPerMillisecond) frames leave in a millisecond, so that"
                + " switches and neighbours keep up; write a longer lease, or fewer addresses"
        )
    }

    /// Nil if there was an error.
    func configuration(path: String, source: String) -> Configuration? {
        guard report.errors == 0, let cluster, let timing else { return nil }
        let warnings = report.diagnostics.inOrderOfText()
        return Configuration(
            cluster: cluster,
            timing: timing,
            nodes: voters.filter { $0.kind == .node }.compactMap(\.voter),
            witnesses: voters.filter { $0.kind == .witness }.compactMap(\.voter),
            groups: groups.compactMap(\.group),
            checks: checks.compactMap(\.check),
            warnings: warnings,
            warningText: warnings.rendered(path: path, source: source)
        )
    }

    private mutating func readCluster(in root: Section) {
        guard root.node("cluster") != nil else {
            report.error(
                "[cluster] is missing",
                at: nil,
                help: "begin with [cluster], name = \"lb\" and"
                    + " key_file = \"/etc/vip-agent/lb.key\""
            )
            return
        }
        guard let section = section("cluster", in: root, keys: ["name", "key_file"]) else { return }
        let name = section.name(example: "lb", into: &report)
        let path = section.requiredString(
            "key_file",
            example: "/etc/vip-agent/lb.key",
            into: &report
        )
        guard let path else { return }
        let isAllowed =
            path.value.hasPrefix("/") && !path.value.utf8.contains(0)
            && ConfigurationBounds.pathOctets.contains(path.value.utf8.count)
        guard isAllowed else {
            report.error(
                "'key_file' is \(path.value.quoted), but an absolute path is wanted",
                at: path.range,
                help: "write key_file = \"/etc/vip-agent/lb.key\""
            )
            return
        }
        cluster = name.map { Cluster(name: $0.value, keyFile: path.value) }
    }

    private mutating func readTiming(in root: Section) {
        if root.node("timing") != nil {
            timing = section("timing", in: root, keys: Timing.keys).map {
                Timing($0, into: &report)
            }
        } else {
            let nothing = Section("[timing]", header: nil, entries: [], keys: [], into: &report)
            timing = Timing(nothing, into: &report)
        }
    }

    private mutating func section(
        _ key: String,
        in root: Section,
        keys: [String]
    ) -> Section? {
        guard let node = root.node(key) else { return nil }
        guard case .table(let entries) = node.value else {
            report.wrongType(key, node, wanted: "one table", help: "write [\(key)]")
            return nil
        }
        return Section(
            "[\(key)]",
            header: node.range,
            entries: entries,
            keys: keys,
            into: &report
        )
    }

    private mutating func sections(
        _ key: String,
        in root: Section,
        keys: [String]
    ) -> [Section] {
        guard let node = root.node(key) else { return [] }
        let help = "write [[\(key)]] with two brackets, once for each"
        guard case .array(let elements) = node.value else {
            report.wrongType(key, node, wanted: "a list of tables", help: help)
            return []
        }
        var sections: [Section] = []
        for element in elements {
            guard case .table(let entries) = element.value else {
                report.wrongType(
                    key,
                    element,
                    wanted: "a list of tables",
                    help: help,
                    holds: true
                )
                continue
            }
            sections.append(
                Section(
                    "[[\(key)]]",
                    header: element.range,
                    entries: entries,
                    keys: keys,
                    into: &report
                )
            )
        }
        return sections
    }
}

extension Configuration {
    /// - Parameters:
    ///   - source: The text of the file.
    ///   - path: What messages call it; nothing is opened.
    public init(parsing source: String, path: String) throws(ConfigurationError) {
        // A byte order mark, which some editors leave, is not a column.
        let source = source.unicodeScalars.first == "\u{FEFF}" ? source.withoutFirstScalar : source
        let document: TOMLDocument
        do {
            document = try TOMLDocument(parsing: source)
        } catch {
            guard !ClusterKey.isIn(source) else { throw ConfigurationError(keyAt: path) }
            throw ConfigurationError(path: path, source: source, diagnostics: [error.diagnostic])
        }
        let reader = ConfigurationReader(reading: document)
        guard let configuration = reader.configuration(path: path, source: source) else {
            throw ConfigurationError(
                path: path,
                source: source,
                diagnostics: reader.report.diagnostics.inOrderOfText()
            )
        }
        self = configuration
    }

    /// Reads the file and parses it. Blocks: not for the lease plane.
    public static func load(path: String) throws(ConfigurationError) -> Configuration {
        try Configuration(parsing: text(of: path), path: path)
    }

    /// Reads the file, and makes nothing of it. Blocks: not for the lease plane.
    public static func text(of path: String) throws(ConfigurationError) -> String {
        do {
            return try FileContents.text(
                of: path,
                atMost: ConfigurationBounds.fileOctets,
                what: "configuration"
            )
        } catch {
            throw ConfigurationError(
                path: path,
                source: "",
                diagnostics: [Diagnostic(error.message, at: nil, help: error.help)]
            )
        }
    }
}

extension ConfigurationError {
    /// The file is a key, of which nothing is to be shown, above all not in a log.
    fileprivate init(keyAt path: String) {
        let mistaken = Diagnostic(
            "there is a key in this file, so it is no configuration",
            at: nil,
            help: "name the configuration, in which 'key_file' names the key"
        )
        self.init(path: path, source: "", diagnostics: [mistaken])
    }
}

extension String {
    fileprivate var withoutFirstScalar: String {
        String(unicodeScalars.dropFirst())
    }
}
