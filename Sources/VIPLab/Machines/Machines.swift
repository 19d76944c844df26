import VIPControl

/// A pair and its witness as machines that boot, and packages to install on them.
public final class Machines: Sendable {
    public let lab: Lab
    public let packages: Packages
    private let machines: [Host: Machine]

    /// Boots all three.
    public init(
        _ packages: Packages,
        _ options: LabOptions = LabOptions(),
        image: MachineImage? = nil
    ) throws(LabError) {
        let chosen: MachineImage
        if let image { chosen = image } else { chosen = try MachineImage.debian() }
        self.packages = packages
        lab = try Lab(options)
        var machines: [Host: Machine] = [:]
        for host in Host.voters {
            machines[host] = try Machine(chosen, as: host, in: lab)
            try machines[host]?.boot(waiting: false)
        }
        self.machines = machines
        for host in Host.voters { try self[host].waitForBoot() }
    }

    public subscript(host: Host) -> Machine {
        guard let machine = machines[host] else {
            preconditionFailure("\(host) is no machine: only voters are")
        }
        return machine
    }

    /// Has apt install or exchange the package. What was printed.
    @discardableResult
    public func install(_ package: String, on host: Host) throws(LabError) -> String {
        let name = String(package.split(separator: "/").last ?? "")
        let path = "/var/tmp/\(name)"
        try self[host].copy(package, to: path)
        let command = "apt-get install -y -q --allow-downgrades"
        let answer = try self[host].run(command, path, limit: .seconds(120))
        guard answer.isSuccess else {
            throw LabError("install \(name) on \(host)", found: "\(answer.status): \(answer.words)")
        }
        return answer.words
    }

    /// What an operator does on the first host: its configuration is what `init` writes.
    public func writeConfiguration(on host: Host) throws(LabError) {
        let group = lab.options.configuration.groups[0]
        let addresses = [group.interface] + group.addresses
        try self[host].shell(
            """
            vip-agent init --node lb1=\(Host.lb1.address()) --node lb2=\(Host.lb2.address()) \
            --witness w1=\(Host.w1.address()) --group \(group.name)=\(addresses.joined(separator: ","))
            """
        )
    }

    /// And then for the others: both files, the key with the mode that it has.
    public func copyConfiguration(from host: Host, to other: Host) throws(LabError) {
        let source = self[host].root + "/etc/vip-agent"
        let destination = self[other].root + "/etc/vip-agent"
        try Files.makeDirectory(destination)
        for name in Files.names(in: source) {
            try Command("cp -p", "\(source)/\(name)", "\(destination)/\(name)").runSuccessfully()
        }
    }

    /// The package on all three, one configuration, and lb1 owns.
    public func setUp(_ package: String? = nil) throws(LabError) {
        let package = package ?? packages.current
        try install(package, on: .lb1)
        try writeConfiguration(on: .lb1)
        for host in [Host.lb2, .w1] {
            try copyConfiguration(from: .lb1, to: host)
            try install(package, on: host)
        }
        try self[.lb1].shell("systemctl start vip-agent")
        try waitForPair(owner: nil)
        // Who was first is a matter of chance.
        guard try status(of: .lb1).group(lab.webGroup)?.owner != Host.lb1.rawValue else { return }
        try self[.lb2].shell("vipctl switchover \(lab.webGroup)")
        try waitForPair(owner: .lb1)
    }

    public func status(of host: Host) throws(LabError) -> StatusReport {
        try StatusReport(try self[host].run("vipctl status --json"), of: "\(host)")
    }

    /// Asks until the answer is as wished for.
    @discardableResult
    public func waitForStatus(
        of host: Host,
        within limit: Duration = .seconds(20),
        _ what: String,
        _ isAsWished: (StatusReport) -> Bool
    ) throws(LabError) -> StatusReport {
        try StatusReport.wait(
            "see that \(host) says '\(what)'",
            within: limit,
            isAsWished,
            asking: { () throws(LabError) in try status(of: host) },
            advice: { "the end of its journal: \((try? self[host].journal())?.suffix(2000) ?? "")" }
        )
    }

    /// All is well, as all three say, and one node owns.
    public func waitForPair(owner: Host?) throws(LabError) {
        let name = lab.webGroup
        for host in Host.voters {
            try waitForStatus(of: host, "all is well") { status in
                guard status.isHealthy, let found = status.group(name)?.owner else { return false }
                return owner == nil || found == owner?.rawValue
            }
        }
    }

    public func close() {
        lab.close()
    }

    deinit {
        close()
    }
}

/// Built packages: what `make deb` makes, and the same as an earlier version.
public struct Packages: Sendable {
    public let current: String
    private let directory: String

    /// - Parameter directory: with one package in it; what upgrades, wants one in its folder
    ///   `earlier`, too.
    public init(in directory: String) throws(LabError) {
        current = try Self.find(in: directory)
        self.directory = directory
    }

    public var previous: String {
        get throws(LabError) { try Self.find(in: "\(directory)/earlier") }
    }

    private static func find(in directory: String) throws(LabError) -> String {
        let found = Files.names(in: directory).filter { name in
            name.hasPrefix("vip-agent_") && name.hasSuffix(".deb")
        }
        guard found.count == 1 else {
            throw LabError(
                "find a package in \(directory)",
                found: "\(found.count) files vip-agent_*.deb where one is expected",
                advice: "'make packages' builds .build-deb and .build-deb/earlier"
            )
        }
        return "\(directory)/\(found[0])"
    }
}
