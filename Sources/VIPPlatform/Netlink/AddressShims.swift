import CNetlink
import Glibc
import VIPNet

extension IPAddress {
    /// As the shims have it; nil for any other family.
    init?(_ ip: vip_ip) {
        switch ip.family {
        case AF_INET: self = .v4(UInt32(truncatingIfNeeded: ip.low))
        case AF_INET6: self = .v6(high: ip.high, low: ip.low)
        default: return nil
        }
    }

    var shim: vip_ip {
        switch self {
        case .v4(let bits): vip_ip(family: AF_INET, high: 0, low: UInt64(bits))
        case .v6(let high, let low): vip_ip(family: AF_INET6, high: high, low: low)
        }
    }
}

extension Endpoint {
    init?(_ endpoint: vip_endpoint) {
        guard let address = IPAddress(endpoint.ip) else { return nil }
        self.init(address: address, port: endpoint.port)
    }

    var shim: vip_endpoint { vip_endpoint(ip: address.shim, port: port, scope: 0) }
}
