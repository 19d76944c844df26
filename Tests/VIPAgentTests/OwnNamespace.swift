import VIPTestSupport

/// A namespace whose veth pair takes addresses at once, of both families.
func inNetworkNamespace(_ body: @escaping () throws -> Void) throws {
    try inNetworkNamespace(settings: ["accept_dad=0"], link: "up", body)
}
