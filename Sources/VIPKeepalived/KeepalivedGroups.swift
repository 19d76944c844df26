import VIPConfiguration

/// Makes groups of instances: one of each sync group, one of each instance in none, and more where
/// there is more than one interface, since a group has one.
struct KeepalivedGroups {
    private(set) var groups: [ConfigurationTemplate.Group] = []
    private(set) var findings: KeepalivedFindings
    private let reader: KeepalivedReader
    /// The node whose file it is.
    private let node: String

    /// What moves together as far as keepalived is concerned.
    private struct Unit {
        var name: String
        var statement: KeepalivedStatement
        var instances: [KeepalivedReader.Instance]
        var checks: [String]
    }

    init(_ reader: KeepalivedReader, node: String) {
        self.reader = reader
        self.node = node
        findings = reader.findings
    }

    mutating func make() {
        for unit in units() { make(unit) }
    }

    private mutating func units() -> [Unit] {
        var units: [Unit] = []
        var taken: Set<String> = []
        let instances = Dictionary(
            reader.instances.map { ($0.name, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        for group in reader.syncGroups {
            var members: [KeepalivedReader.Instance] = []
            for entry in group.members {
                guard
                    let member = instances[entry.keyword.asName],
                    taken.insert(member.name).inserted
                else {
                    findings.remark(
                        .warning,
                        on: entry,
                        "left out: there is no vrrp_instance of that name, or it is in a group"
                    )
                    continue
                }
                members.append(member)
            }
            let unit = Unit(
                name: group.name,
                statement: group.statement,
                instances: members,
                checks: group.checks
            )
            units.append(unit)
        }
        for instance in reader.instances where !taken.contains(instance.name) {
            units.append(
                Unit(
                    name: instance.name,
                    statement: instance.statement,
                    instances: [instance],
                    checks: []
                )
            )
        }
        return units.sorted { $0.statement.order < $1.statement.order }
    }

    private mutating func make(_ unit: Unit) {
        var byInterface: [(interface: String, addresses: [KeepalivedReader.Address])] = []
        for instance in unit.instances {
            let own = instance.interface?.arguments.first?.text ?? reader.defaultInterface
            for address in instance.addresses {
                let interface = address.interface ?? own
                if let index = byInterface.firstIndex(where: { $0.interface == interface }) {
                    byInterface[index].addresses.append(address)
                } else {
                    byInterface.append((interface, [address]))
                }
            }
            if instance.interface == nil,
                instance.addresses.contains(where: { $0.interface == nil })
            {
                findings.remark(
                    .warning,
                    on: instance.statement,
                    "has no 'interface': \(reader.defaultInterface) is taken, as keepalived does"
                )
            }
        }
        guard !byInterface.isEmpty else {
            findings.remark(
                .warning,
                on: unit.statement,
                "left out: it has no address, and a group is what moves addresses"
            )
            return
        }
        if byInterface.count > 1 {
            let names = byInterface.map { "\(unit.name)-\($0.interface)" }
            findings.remark(
                .warning,
                on: unit.statement,
                "becomes \(names.joined(separator: ", ")): a group has one interface, and groups do"
                    + " not move together"
            )
        }
        let preference = preference(of: unit)
        var checks: [String] = []
        for check in unit.checks + unit.instances.flatMap(\.checks) where !checks.contains(check) {
            checks.append(check)
        }
        for (interface, addresses) in byInterface {
            var group = ConfigurationTemplate.Group(
                name: byInterface.count == 1 ? unit.name : "\(unit.name)-\(interface)",
                interface: interface,
                addresses: addresses.map { "\($0.address)" }
            )
            group.prefer = preference.prefer
            group.failback = preference.failback
            group.failbackDelay = preference.delay
            group.checks = checks
            group.comments =
                comments(of: unit) + preference.comments
                + addresses.map { "\($0.address): \(findings.origin(of: $0.statement))" }
            groups.append(group)
        }
    }

    private func comments(of unit: Unit) -> [String] {
        let own = "\(unit.statement.text) (\(findings.origin(of: unit.statement)))"
        guard unit.statement.keyword == "vrrp_sync_group" else { return [own] }
        return [own]
            + unit.instances.map {
                "\($0.statement.text) (\(findings.origin(of: $0.statement)))"
            }
    }

    private struct Preference {
        var prefer: String?
        var failback: FailbackPolicy?
        var delay: Duration?
        var comments: [String] = []
    }

    /// One file says whether its node comes first, and nothing of the other's: keepalived compares
    /// priorities, and the other one is in the other file.
    private mutating func preference(of unit: Unit) -> Preference {
        var preference = Preference()
        if let nopreempt = unit.instances.compactMap(\.nopreempt).first {
            preference.failback = .manual
            preference.comments.append("failback: nopreempt (\(findings.origin(of: nopreempt)))")
        } else if let (delay, statement) = unit.instances.compactMap(\.preemptDelay)
            .max(by: { $0.delay < $1.delay })
        {
            preference.delay = delay
            preference.comments.append(
                "failback_delay: preempt_delay (\(findings.origin(of: statement)))"
            )
        }
        let masters = unit.instances.filter(\.isMaster)
        guard let state = masters.first?.state else {
            let keys = preference.failback == nil ? " and failback = \"automatic\"" : ""
            findings.remark(
                .warning,
                on: unit.statement,
                "no node is preferred: the other's priority is in the other's file; to have one come"
                    + " first, add prefer = \"NAME\"\(keys)"
            )
            return preference
        }
        preference.prefer = node
        preference.failback = preference.failback ?? .automatic
        preference.comments.append("prefer: state MASTER (\(findings.origin(of: state)))")
        if masters.count < unit.instances.count {
            findings.remark(
                .warning,
                on: unit.statement,
                "\(node) is preferred, though not all of its instances are in state MASTER"
            )
        }
        return preference
    }
}
