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

extension IPAddress {
    /// Of libnl's `nl_addr`; nil for any other family.
    init?(_ address: OpaquePointer) {
        let family = unsafe nl_addr_get_family(address)
        let length = family == AF_INET ? 4 : 16 as UInt32
        guard unsafe nl_addr_get_len(address) == length else { return nil }
        unsafe self.init(vip_ip_from_octets(family, nl_addr_get_binary_addr(address)))
    }

    /// As libnl has it, to be given back with `nl_addr_put`; nil where there is no memory.
    func libraryAddress() -> OpaquePointer? {
        switch self {
        case .v4(let bits):
            var octets = bits.bigEndian
            return unsafe nl_addr_build(AF_INET, &octets, 4)
        case .v6(let high, let low):
            var octets: [2 of UInt64] = [high.bigEndian, low.bigEndian]
            return unsafe nl_addr_build(AF_INET6, &octets, 16)
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
