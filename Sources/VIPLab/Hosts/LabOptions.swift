/// What a lab is made of.
public struct LabOptions: Sendable {
    /// Whether the voters have a second network between them, and use it.
    public var hasSecondNetwork: Bool
    public var configuration: AgentConfiguration
    /// Where `vip-agent` and `vipctl` are; nil looks for them.
    public var binaries: Binaries?

    public init(
        hasSecondNetwork: Bool = false,
        heartbeat: Duration = .milliseconds(100),
        lease: Duration = .milliseconds(500)
    ) {
        self.hasSecondNetwork = hasSecondNetwork
        configuration = AgentConfiguration(
            networks: hasSecondNetwork ? Network.allCases : [.first]
        )
        configuration.heartbeat = heartbeat
        configuration.lease = lease
    }

    var networks: [Network] { hasSecondNetwork ? Network.allCases : [.first] }

    /// All floating addresses, of all groups.
    public var floatingAddresses: [String] { configuration.groups.flatMap(\.addresses) }
}
