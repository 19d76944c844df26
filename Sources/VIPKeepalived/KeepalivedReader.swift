import VIPConfiguration
import VIPNet
import VIPSpelling

/// Makes drafts of keepalived's blocks, and says of every statement what becomes of it.
struct KeepalivedReader {
    /// A vrrp_instance as far as it matters here.
    struct Instance {
        var name: String
        var statement: KeepalivedStatement
        var interface: KeepalivedStatement?
        var isMaster = false
        var state: KeepalivedStatement?
        var nopreempt: KeepalivedStatement?
        var preemptDelay: (delay: Duration, statement: KeepalivedStatement)?
        var source: (address: String, statement: KeepalivedStatement)?
        var peers: [String] = []
        var peersStatement: KeepalivedStatement?
        var addresses: [Address] = []
        var checks: [String] = []
    }

    struct Address {
        var address: IPAddress
        /// If it is not that of its instance.
        var interface: String?
        var statement: KeepalivedStatement
    }

    struct SyncGroup {
        var name: String
        var statement: KeepalivedStatement
        var members: [KeepalivedStatement] = []
        var checks: [String] = []
    }

    private(set) var instances: [Instance] = []
    private(set) var syncGroups: [SyncGroup] = []
    private(set) var checks: [ConfigurationTemplate.CheckEntry] = []
    private(set) var defaultInterface = "eth0"
    var findings: KeepalivedFindings

    /// Names behind track_script and track_process; what they name may come later in the file.
    private var tracked: [KeepalivedStatement] = []
    private var unknown = 0
    private(set) var rows: [KeepalivedKeywords.Context: [String: KeepalivedKeywords]] = [:]

    init(_ statements: [KeepalivedStatement], of files: [KeepalivedFile]) {
        findings = KeepalivedFindings(about: files)
        for row in KeepalivedKeywords.all {
            for name in row.names { rows[row.context, default: [:]][name] = row }
        }
        for statement in statements { read(statement) }
        let known = Set(checks.map(\.check.name))
        for statement in tracked where !known.contains(statement.keyword.asName) {
            findings.remark(.warning, on: statement, "there is no check of that name to translate")
        }
        for index in instances.indices {
            instances[index].checks.removeAll { !known.contains($0) }
        }
        for index in syncGroups.indices {
            syncGroups[index].checks.removeAll { !known.contains($0) }
        }
    }

    /// What is said of a keyword whatever stands behind it.
    private mutating func comment(
        on statement: KeepalivedStatement,
        in context: KeepalivedKeywords.Context
    ) {
        guard let row = rows[context]?[statement.keyword] else {
            unknown += 1
            let isSlip = unknown <= KeepalivedBounds.suggestions
            let known = isSlip ? rows[context].map { $0.keys.sorted() } ?? [] : []
            let hint = known.closest(to: statement.keyword).map { "; did you mean '\($0)'?" } ?? ""
            findings.remark(
                .warning,
                on: statement,
                "not known as a statement of keepalived in \(context.rawValue), and left out\(hint)"
            )
            return
        }
        switch row.counterpart {
        case .same: break
        case .changed: findings.remark(.note, on: statement, row.advice)
        case .unneeded: findings.remark(.note, on: statement, "not needed: \(row.advice)")
        case .none: findings.remark(.warning, on: statement, "no counterpart: \(row.advice)")
        }
    }

    private mutating func read(_ statement: KeepalivedStatement) {
        comment(on: statement, in: .file)
        let block = statement.block ?? []
        switch statement.keyword {
        case "global_defs":
            for inner in block {
                comment(on: inner, in: .globals)
                if inner.keyword == "default_interface", let name = inner.arguments.first {
                    defaultInterface = name.text
                }
            }
        case "vrrp_instance":
            guard let name = name(of: statement) else { return }
            readInstance(Instance(name: name, statement: statement), block)
        case "vrrp_sync_group":
            guard let name = name(of: statement) else { return }
            readSyncGroup(SyncGroup(name: name, statement: statement), block)
        case "vrrp_script":
            guard let name = name(of: statement) else { return }
            readScript(name, statement, block)
        case "vrrp_track_process":
            guard let name = name(of: statement) else { return }
            readProcess(name, statement, block)
        default:
            break
        }
    }

    private mutating func readInstance(_ draft: Instance, _ block: [KeepalivedStatement]) {
        var instance = draft
        for statement in block {
            comment(on: statement, in: .instance)
            let first = statement.arguments.first
            switch statement.keyword {
            case "interface":
                if first == nil { missing("name", behind: statement, such: "eth0") }
                instance.interface = statement
            case "state":
                instance.isMaster = first?.text == "MASTER"
                instance.state = statement
            case "nopreempt":
                instance.nopreempt = statement
            case "preempt_delay":
                let delay = seconds(statement, in: ConfigurationBounds.failbackDelay)
                instance.preemptDelay = delay.map { ($0, statement) }
            case "unicast_src_ip", "mcast_src_ip":
                guard let first else {
                    missing("address", behind: statement, such: "10.77.0.1")
                    continue
                }
                if let address = address(first, of: statement) {
                    instance.source = ("\(address)", statement)
                }
            case "unicast_peer":
                instance.peersStatement = statement
                for peer in statement.block ?? [] {
                    let word = KeepalivedStatement.Word(
                        text: peer.keyword,
                        range: peer.position.range
                    )
                    if let address = address(word, of: peer) { instance.peers.append("\(address)") }
                }
            case "virtual_ipaddress", "virtual_ipaddress_excluded":
                instance.addresses += (statement.block ?? []).compactMap { floating($0) }
            case "track_script", "track_process":
                instance.checks += trackedNames(in: statement)
            default:
                break
            }
        }
        instances.append(instance)
    }

    private mutating func readSyncGroup(_ draft: SyncGroup, _ block: [KeepalivedStatement]) {
        var group = draft
        for statement in block {
            comment(on: statement, in: .syncGroup)
            switch statement.keyword {
            case "group": group.members += (statement.block ?? []).flatMap(\.words)
            case "track_script", "track_process": group.checks += trackedNames(in: statement)
            default: break
            }
        }
        syncGroups.append(group)
    }

    private mutating func trackedNames(in statement: KeepalivedStatement) -> [String] {
        var names: [String] = []
        for entry in statement.block ?? [] {
            tracked.append(entry)
            names.append(entry.keyword.asName)
            if !entry.arguments.isEmpty {
                findings.remark(
                    .note,
                    on: entry,
                    "there are no priorities to add to: a check that fails hands over"
                )
            }
        }
        return names
    }

    private mutating func readScript(
        _ name: String,
        _ statement: KeepalivedStatement,
        _ block: [KeepalivedStatement]
    ) {
        // keepalived's defaults, which are others than ours.
        var (interval, timeout): (Duration, Duration?) = (.seconds(1), nil)
        var (fall, rise) = (1, 1)
        var command: [String] = []
        var isReversed = false
        for inner in block {
            comment(on: inner, in: .script)
            switch inner.keyword {
            case "script":
                command = inner.arguments.map(\.text).joined(separator: " ").asCommand
                if command.isEmpty {
                    missing("command", behind: inner, such: "\"/usr/local/bin/check\"")
                }
            case "interval":
                interval = seconds(inner, in: ConfigurationBounds.checkInterval) ?? interval
            case "timeout":
                timeout = seconds(
                    inner,
                    in: ConfigurationBounds
                        .shortestCheckTimeout...ConfigurationBounds.checkInterval.upperBound
                )
            case "fall": fall = number(inner, in: ConfigurationBounds.checkCount) ?? fall
            case "rise": rise = number(inner, in: ConfigurationBounds.checkCount) ?? rise
            case "weight": isReversed = inner.arguments.contains { $0.text == "reverse" }
            default: break
            }
        }
        guard !isReversed else {
            findings.remark(
                .warning,
                on: statement,
                "left out: its sense is reversed; write a command that exits with 0 if all is well"
            )
            return
        }
        guard !command.isEmpty else {
            findings.remark(.warning, on: statement, "left out: it has no 'script'")
            return
        }
        if !command[0].hasPrefix("/") { command.insert("/usr/bin/env", at: 0) }
        add(
            Check(
                name: name,
                kind: .exec(command),
                interval: interval,
                timeout: min(timeout ?? interval, interval),
                fall: fall,
                rise: rise
            ),
            of: statement
        )
    }

    private mutating func readProcess(
        _ name: String,
        _ statement: KeepalivedStatement,
        _ block: [KeepalivedStatement]
    ) {
        var process: String?
        for inner in block {
            comment(on: inner, in: .process)
            guard inner.keyword == "process", let word = inner.arguments.first else { continue }
            let base = word.text.split(separator: "/").last.map(String.init) ?? ""
            let kept = String(
                String.UnicodeScalarView(
                    base.unicodeScalars.prefix(ConfigurationBounds.processOctets.upperBound)
                )
            )
            process = kept
            if inner.arguments.count > 1 || kept != word.text {
                findings.remark(
                    .note,
                    on: inner,
                    "a check looks at the name alone, of which the kernel keeps 15 characters:"
                        + " \(kept.quoted)"
                )
            }
        }
        guard let process else {
            findings.remark(.warning, on: statement, "left out: it has no 'process'")
            return
        }
        add(
            Check(
                name: name,
                kind: .process(process),
                interval: .seconds(1),
                timeout: .milliseconds(500),
                fall: 1,
                rise: 1
            ),
            of: statement
        )
    }

    private mutating func add(_ check: Check, of statement: KeepalivedStatement) {
        findings.remark(
            .warning,
            on: statement,
            "is now a [[check]], which this version does not run: have somebody else watch it"
        )
        let comment = "\(statement.text) (\(findings.origin(of: statement)))"
        checks.append(ConfigurationTemplate.CheckEntry(check: check, comments: [comment]))
    }
}
