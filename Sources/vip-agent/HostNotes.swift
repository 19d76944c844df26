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
            + notes(on: voter?.addresses ?? [], of: site.host, links, addresses)
    }
}

/// The sockets to the voters are in no VRF. What comes in through an interface that is in one does
/// not reach them, and what they send is routed by another table.
private func notes(
    on voter: [Endpoint],
    of host: String,
    _ links: [Link],
    _ addresses: [InterfaceAddress]
) -> [String] {
    voter.compactMap { endpoint in
        guard let index = addresses.first(where: { $0.address == endpoint.address })?.interface,
            let link = links.first(where: { $0.index == index }),
            let domain = link.routingDomain(among: links)
        else { return nil }
        return "\(endpoint.address), the address of \(host), is on \(link.name) in the VRF "
            + "\(domain.name), and the agent hears nobody there: give the host an address outside "
            + "of VRFs, or run the agent by 'ip vrf exec \(domain.name)'; floating addresses may "
            + "be in a VRF"
    }
}
