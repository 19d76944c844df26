import VIPCore
import VIPHost
import VIPNet

/// What happens to a host's addresses, in short lines.
extension World {
    func describe(_ event: AddressEvent) -> String {
        switch event {
        case .begin(let byTurns): byTurns ? "begin, by turns" : "begin"
        case .announceAll, .wake: "\(event)"
        case .add(let group, let request, let lifetime, let before):
            "add g\(group.bits) #\(request) for \(lifetime)s"
                + (before.map { " before \(text($0.nanoseconds))" } ?? "")
        case .remove(let group, let request): "remove g\(group.bits) #\(request)"
        case .announce(let group): "announce g\(group.bits)"
        case .silent(let group): "silent g\(group + 1)"
        case .told(let notices): "told " + notices.map(describe).joined(separator: ", ")
        case .answered(let id, let answer): "answer \(id): \(describe(answer))"
        }
    }

    private func describe(_ notice: NetworkNotice) -> String {
        switch notice {
        case .link(let link): "\(describe(link))"
        case .linkGone(let index, let name): "no \(name)/\(index)"
        case .address(let address): "+\(describe(address))"
        case .addressGone(let address): "-\(describe(address))"
        case .overrun: "overrun"
        }
    }

    private func describe(_ link: Link) -> String {
        "\(link.name)/\(link.index)\(link.isUsable ? "" : " down")"
    }

    func describe(_ address: InterfaceAddress) -> String {
        "\(address.text)@\(address.interface)\(address.isOurs ? "" : " foreign")"
    }

    private func describe(_ answer: AddressAnswer) -> String {
        switch answer {
        case .added, .late: "\(answer)"
        case .removed(let absent, let kept, let refusal):
            "removed" + (absent.isEmpty ? "" : " but \(absent.count) absent")
                + (refusal == nil ? "" : " but \(kept.count) refused")
        case .refused: "refused"
        case .found(let links, let addresses):
            "found \((links.map(describe) + addresses.map(describe)).joined(separator: ", "))"
        case .tried(let refusals): refusals.allSatisfy { $0 == nil } ? "willing" : "unwilling"
        }
    }
}
