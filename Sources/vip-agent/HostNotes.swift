import VIPAgent
import VIPConfiguration

/// What of the configuration this host does not have now. An agent waits for all of it, so nothing
/// of this is an error; it may also be a mistake in the file.
func hostNotes(on sites: Sites) -> [String] {
    guard let routes = try? RouteSocket(), let links = try? routes.links(),
        let addresses = try? routes.addresses()
    else { return [] }
    return sites.entries.flatMap { entry in
        let site = entry.site
        let groups = site.groups.filter { group in
            !links.contains { $0.name == group.interface }
        }
        let voter = site.configuration.voters.first { $0.name == site.host }
        let absent = (voter?.addresses ?? []).filter { endpoint in
            !addresses.contains { $0.address == endpoint.address }
        }
        return groups.map {
            "there is no interface \($0.interface) on this host now, where group \($0.name) is to be"
        }
            + absent.map {
                "\($0.address), the address of \(site.host), is on no interface of this host now"
            }
    }
}
