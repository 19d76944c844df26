import VIPNet
import VIPSpelling

/// What no section can know alone: names, addresses and references across all of them.
struct CrossReferences {
    var voters: [VoterDraft]
    var groups: [GroupDraft]
    var checks: [CheckDraft]
    /// If a section is there and of a wrong type, that has been reported, and it is not missing.
    var hasNodeSection: Bool
    var hasGroupSection: Bool

    func check(into report: inout Report) {
        checkCounts(into: &report)
        let voterNames = voters.compactMap(\.name)
        let groupNames = groups.compactMap(\.name)
        checkUnique(voterNames, noun: "voter", into: &report)
        checkIdentifiers(voterNames, noun: "voters", into: &report)
        checkUnique(groupNames, noun: "group", into: &report)
        checkIdentifiers(groupNames, noun: "groups", into: &report)
        checkUnique(checks.compactMap(\.name), noun: "check", into: &report)
        checkEndpoints(into: &report)
        checkPaths(into: &report)
        checkFloatingAddresses(into: &report)
        for group in groups {
            checkPreference(of: group, into: &report)
            checkChecks(of: group, into: &report)
        }
    }

    private func checkCounts(into report: inout Report) {
        if !hasNodeSection {
            report.error(
                "there is no [[node]]",
                at: nil,
                help: "add one for each host that may own addresses, with name and addresses"
            )
        }
        if !hasGroupSection {
            report.warn(
                "there is no [[group]], so nothing floats",
                at: nil,
                help: "add one with name, interface and addresses"
            )
        }
        let bounds = [
            (voters.map(\.header), ConfigurationBounds.voters, "voters"),
            (groups.map(\.header), ConfigurationBounds.groups, "groups"),
            (checks.map { $0.name?.range }, ConfigurationBounds.checks, "checks"),
            (
                groups.flatMap { $0.addresses.map(\.range) }, ConfigurationBounds.addresses,
                "floating addresses"
            ),
        ]
        for (ranges, most, noun) in bounds where ranges.count > most {
            report.error(
                "there are \(ranges.count) \(noun), but the most allowed is \(most)",
                at: ranges[most],
                help: "this is the first beyond"
            )
        }
        // Beside an error, such as a misspelt section, the number may not be what was meant.
        if report.errors == 0, voters.count.isMultiple(of: 2) {
            let losses = voters.count / 2
            report.warn(
                "\(voters.count) voters are an even number, of which the loss of \(losses) leaves"
                    + " no majority",
                at: voters.last?.header,
                help: "add a [[witness]]: \(voters.count + 1) voters survive the loss of \(losses)"
            )
        }
    }

    private func checkUnique(
        _ names: [Located<String>],
        noun: String,
        into report: inout Report
    ) {
        var first: [String: SourceRange?] = [:]
        for name in names {
            guard let earlier = first[name.value] else {
                first[name.value] = name.range
                continue
            }
            report.error(
                "\(name.value.quoted) is the name of another \(noun)" + earlier.inBrackets,
                at: name.range,
                help: "choose another: names of \(noun)s are unique"
            )
        }
    }

    private func checkIdentifiers(
        _ names: [Located<String>],
        noun: String,
        into report: inout Report
    ) {
        var first: [UInt64: String] = [:]
        for name in names {
            let identifier = stableIdentifier(name.value)
            let earlier = first[identifier] ?? name.value
            first[identifier] = earlier
            guard earlier != name.value else { continue }
            report.error(
                "\(name.value.quoted) and \(earlier.quoted) cannot both be names of \(noun)",
                at: name.range,
                help: "frames carry 64 bits for a name, and these two happen to be the same; choose"
                    + " another"
            )
        }
    }

    private func checkEndpoints(into report: inout Report) {
        var endpoints: [Endpoint: SourceRange?] = [:]
        var owners: [IPAddress: Int] = [:]
        for (index, voter) in voters.enumerated() {
            for address in voter.addresses {
                guard let endpoint = address.value else { continue }
                if let earlier = endpoints[endpoint] {
                    report.error(
                        "\(endpoint) is already the address of a voter" + earlier.inBrackets,
                        at: address.range,
                        help: "each voter is a host of its own, and each of its paths a network"
                    )
                } else if let owner = owners[endpoint.address], owner != index {
                    report.warn(
                        "\(endpoint.address) is the address of two voters, which differ by port",
                        at: address.range,
                        help: "voters on one host fail together, and then there is no majority"
                    )
                }
                endpoints[endpoint] = endpoints[endpoint] ?? address.range
                owners[endpoint.address] = owners[endpoint.address] ?? index
            }
        }
    }

    /// Paths are by index: the first address of one voter talks to the first of another.
    private func checkPaths(into report: inout Report) {
        for path in 0..<ConfigurationBounds.pathsPerVoter {
            var family: (isIPv6: Bool, range: SourceRange?)?
            for voter in voters where path < voter.addresses.count {
                guard let endpoint = voter.addresses[path].value else { continue }
                let known = family ?? (endpoint.address.isIPv6, voter.addresses[path].range)
                family = known
                guard known.isIPv6 != endpoint.address.isIPv6 else { continue }
                let (own, other) = known.isIPv6 ? ("IPv4", "IPv6") : ("IPv6", "IPv4")
                report.error(
                    "path \(path + 1) is \(own) here and \(other) for another voter"
                        + known.range.inBrackets,
                    at: voter.addresses[path].range,
                    help: "the first address of a voter talks to the first of the others, and so on"
                )
            }
        }
        let nodes = voters.filter { $0.kind == .node && !$0.addresses.isEmpty }
        let most = nodes.map(\.addresses.count).max() ?? 0
        for node in nodes where node.addresses.count < most {
            report.warn(
                "this node has \(node.addresses.count) of \(most) paths",
                at: node.header,
                help: "the paths of two voters are as many as the one with fewer addresses has"
            )
        }
    }

    private func checkFloatingAddresses(into report: inout Report) {
        var ofVoters: [IPAddress: SourceRange?] = [:]
        for address in voters.flatMap(\.addresses) {
            guard let endpoint = address.value else { continue }
            ofVoters[endpoint.address] = ofVoters[endpoint.address] ?? address.range
        }
        var floating: [IPAddress: SourceRange?] = [:]
        for located in groups.flatMap(\.addresses) {
            let address = located.value.address
            if let earlier = ofVoters[address] {
                report.error(
                    "\(address) is a voter's own address" + earlier.inBrackets,
                    at: located.range,
                    help: "an address that floats cannot be what the voters are reached at; choose"
                        + " a free one of the subnet"
                )
            }
            if let earlier = floating[address] {
                report.error(
                    "\(address) already floats" + earlier.inBrackets,
                    at: located.range,
                    help: "an address is in one group, once"
                )
            }
            floating[address] = floating[address] ?? located.range
        }
    }

    private func checkPreference(of group: GroupDraft, into report: inout Report) {
        guard let prefer = group.prefer else {
            guard group.failback.value == .automatic else { return }
            report.warn(
                "'failback' is automatic, but no node is preferred",
                at: group.failback.range,
                help: "add prefer = \"\(voters.first?.name?.value ?? "lb1")\", or the group stays"
                    + " where it is"
            )
            return
        }
        let names = voters.compactMap { voter in voter.kind == .node ? voter.name?.value : nil }
        // A node whose name could not be read may be the one.
        let isComplete = voters.allSatisfy { $0.name != nil }
        guard isComplete, !names.isEmpty, !names.contains(prefer.value) else { return }
        let isWitness = voters.contains { $0.name?.value == prefer.value }
        let problem =
            isWitness
            ? "is a witness, which never owns addresses" : "is not the name of a node"
        let suggestion =
            isWitness ? nil : names.closest(to: prefer.value).map { "did you mean '\($0)'?" }
        report.error(
            "\(prefer.value.quoted) \(problem)",
            at: prefer.range,
            help: suggestion ?? "nodes are \(names.joined(separator: ", "))"
        )
    }

    private func checkChecks(of group: GroupDraft, into report: inout Report) {
        let known = checks.compactMap(\.name?.value)
        let isComplete = checks.allSatisfy { $0.name != nil }
        var listed: Set<String> = []
        for name in group.checks {
            if !listed.insert(name.value).inserted {
                report.error(
                    "\(name.value.quoted) is listed twice",
                    at: name.range,
                    help: "once is enough"
                )
            } else if isComplete, !known.contains(name.value) {
                report.error(
                    "\(name.value.quoted) is not the name of a check",
                    at: name.range,
                    help: known.closest(to: name.value).map { "did you mean '\($0)'?" }
                        ?? "add a [[check]] with name = \"…\", or leave it out"
                )
            }
        }
    }
}

extension SourceRange? {
    /// " (line 7)", or nothing if the place is unknown.
    fileprivate var inBrackets: String {
        map { " (line \($0.line))" } ?? ""
    }
}
