import Glibc
import Synchronization
import VIPControl

/// Two pairs, each in a lab of its own, and one witness for both: the host `w1` of the first lab,
/// which has a card on the second one's network too. The `w1` of the second lab is cut off.
///
///       alpha: lb1   lb2    w1         beta: lb1   lb2
///               |     |    |  |               |     |
///             --+-----+----+  +---------------+-----+--
///            10.77.0.0/24         10.78.0.0/24
public final class SharedWitness: Sendable {
    public let alpha: Lab
    public let beta: Lab
    /// The directory with the configuration of both.
    public let configurationDirectory: String

    private let process = Mutex<ChildProcess?>(nil)

    /// - Parameter change: what is to be different in the configuration of a cluster.
    public init(
        _ change: (inout AgentConfiguration) -> Void = { _ in },
        binaries: Binaries? = nil
    ) throws(LabError) {
        var first = LabOptions()
        first.configuration.clusterName = "alpha"
        first.binaries = binaries
        change(&first.configuration)
        alpha = try Lab(first)
        var second = LabOptions(hasSecondNetwork: true)
        second.configuration = AgentConfiguration(networks: [.second])
        second.configuration.clusterName = "beta"
        second.binaries = binaries
        change(&second.configuration)
        beta = try Lab(second)

        configurationDirectory = "\(alpha.directory)/conf.d"
        try Files.makeDirectory(configurationDirectory)
        for lab in [alpha, beta] {
            let configuration = lab.options.configuration
            try Files.write(
                configuration.text(keyFile: lab.keyFile),
                to: "\(configurationDirectory)/\(configuration.clusterName).toml"
            )
        }
        try layCable()
    }

    public func close() {
        alpha.close()
        beta.close()
    }

    /// From alpha's witness to beta's second network, in the place of beta's own.
    private func layCable() throws(LabError) {
        try beta.cut(.w1)
        let card = Network.second.interface
        let witness = alpha.namespace(of: .w1)
        let hub = Lab.switchNamespace(of: beta.name)
        try hub.ip("link add shared type veth peer name \(card) netns \(witness.name)")
        try hub.ip("link set shared master \(Network.second.bridge) up")
        try witness.configure([
            "address add \(Host.w1.address(on: .second))/24 dev \(card)", "link set \(card) up",
        ])
    }

    /// Starts the witness and both pairs; returns when both have an owner, lb1, and a standby.
    public func start() throws(LabError) {
        try startWitness()
        for lab in [alpha, beta] { try lab.start(.lb1) }
        for lab in [alpha, beta] { try lab.waitForOwner(.lb1) }
        for lab in [alpha, beta] { try lab.start(.lb2) }
        for lab in [alpha, beta] { try lab.waitForStandby(.lb2) }
    }

    /// Where the one process runs that serves both clusters.
    public var setup: AgentSetup {
        var setup = alpha.setup(of: .w1)
        setup.configurationFile = configurationDirectory
        return setup
    }

    public func startWitness() throws(LabError) {
        let witness = try alpha.launch(setup)
        process.withLock { $0 = witness }
    }

    /// The witness's process.
    public var witness: ChildProcess? { process.withLock(\.self) }

    /// What the witness logged.
    public var log: String { Files.read(setup.logFile) ?? "" }

    /// What the witness says about one of its clusters.
    public func status(of cluster: Lab) throws(LabError) -> StatusReport {
        let answer = try ask("status", "--json", about: cluster)
        return try StatusReport(
            answer,
            of: "the witness",
            advice: "the end of its log: \(log.suffix(2000))"
        )
    }

    /// What the witness says when it is asked for a reload at the socket of that cluster.
    public func reload(_ cluster: Lab) throws(LabError) -> ToolResult {
        try ask("reload", about: cluster)
    }

    private func ask(_ words: String..., about cluster: Lab) throws(LabError) -> ToolResult {
        let name = cluster.options.configuration.clusterName
        return try alpha.control("\(setup.runDirectory)/\(name)/control.sock", words)
    }

    /// Takes a cluster out of the directory, and asks the witness for a reload at that cluster's
    /// own socket: exit status, and all that was said.
    public func dismiss(_ cluster: Lab) throws(LabError) -> ToolResult {
        let name = cluster.options.configuration.clusterName
        try Files.rename(
            "\(configurationDirectory)/\(name).toml",
            to: "\(alpha.directory)/\(name).toml.away"
        )
        return try reload(cluster)
    }

    /// A configuration of a cluster with the key of the other one. Its path.
    public func writeForged(_ cluster: Lab) throws(LabError) -> String {
        let other = cluster === alpha ? beta : alpha
        let path = "\(cluster.directory)/forged.toml"
        try Files.write(cluster.options.configuration.text(keyFile: other.keyFile), to: path)
        return path
    }

    /// The capabilities that a process has, as `/proc` writes them.
    public static func capabilities(of process: ChildProcess) -> String? {
        let status = Files.read("/proc/\(process.identifier)/status")
        return status?.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
            .map { $0.dropFirst("CapEff:".count).filter { !$0.isWhitespace } }
    }
}
