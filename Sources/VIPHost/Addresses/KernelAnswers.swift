import VIPCore
import VIPNet

/// What the kernel answers.
extension HostAddresses {
    mutating func handle(_ answer: AddressAnswer, to id: UInt64, at now: Instant) {
        guard let position = asked.firstIndex(where: { $0.id == id }) else { return }
        switch asked.remove(at: position).subject {
        case .survey: handleSurvey(answer, to: id, at: now)
        case .leftovers(let addresses): handleLeftovers(addresses, answer)
        case .trial:
            if case .tried(let refusals) = answer {
                trials.answered(id, refusals)
            } else {
                trials.answered(id, [])
            }
        case .group(let index):
            guard let first = groups[index].orders.firstIndex(where: { $0.id == id }) else {
                return
            }
            conclude(groups[index].orders.remove(at: first), of: index, answer, at: now)
        }
        noteTrials(at: now)
    }

    private mutating func conclude(
        _ order: GroupOnHost.Order,
        of index: Int,
        _ answer: AddressAnswer,
        at now: Instant
    ) {
        let id = groups[index].settings.id
        switch (order.kind, answer) {
        case (.addition(let members), .added):
            conclude(order, of: index, added: members, at: now)
        case (.addition, .late):
            groups[index].intent.forgetTurn()
            tell(.addressesLate(id, request: order.request))
            look(at: index, at: now)
        case (.addition, .refused(let refusal)):
            groups[index].intent.forgetTurn()
            note(.refused(id, refusal))
            trials.refused(index, refusal, at: now)
            tell(.addressesAdded(id, request: order.request, failed: true))
        case (.removal(let asked), .removed(let absent, _, nil)):
            conclude(order, of: index, removed: asked, but: absent)
            look(at: index, at: now)
        case (.look(let doubtful), .found(_, let addresses)):
            conclude(order, of: index, looked: doubtful, addresses, at: now)
            look(at: index, at: now)
        case (.removal, .removed(_, _, .some(let refusal))), (.removal, .refused(let refusal)),
            (.look, .refused(let refusal)):
            note(.refused(id, refusal))
            tryRemovalAgain(of: index, order, at: now)
        case (.addition, _), (.removal, _), (.look, _):
            preconditionFailure("the answer is of another question")
        }
    }

    private mutating func conclude(
        _ order: GroupOnHost.Order,
        of index: Int,
        added members: [Int],
        at now: Instant
    ) {
        if let link = link(of: index) {
            for member in members
            where table[member].wentAt <= order.id && table.found(member, on: link.index) == nil {
                // Somebody was quicker: the kernel has kept the shape that it was given.
                guard obstacles(at: member, on: link.index).isEmpty else { continue }
                let address = InterfaceAddress(
                    table[member].floating,
                    on: link.index,
                    lifetime: max(groups[index].lifetime, 1)
                )
                note(address, at: member)
            }
        }
        trials.taken(index)
        // Where somebody was quicker, the core hears of that first: it asks once more, and takes
        // this answer for an old one.
        look(at: index, at: now)
        tell(
            .addressesAdded(groups[index].settings.id, request: order.request, failed: false)
        )
    }

    /// The kernel may have had nothing to remove where it had told of an address: it is gone, or it
    /// has another shape than was understood. Only a look says which.
    private mutating func conclude(
        _ order: GroupOnHost.Order,
        of index: Int,
        removed asked: [InterfaceAddress],
        but absent: [InterfaceAddress]
    ) {
        var doubtful: [InterfaceAddress] = []
        for address in absent {
            guard let member = table.index(of: address.address),
                table[member].cameAt <= order.id,
                table[member].seen.contains(where: { $0.key == address.key })
            else { continue }
            doubtful.append(address)
        }
        // Only what was asked for: the kernel may have told of others since.
        for address in asked {
            guard let member = table.index(of: address.address),
                table[member].cameAt <= order.id || mutated(.cameMeanwhileIgnored)
            else { continue }
            forget(address.key, at: member)
        }
        guard !doubtful.isEmpty else { return tellRemoval(of: index, request: order.request) }
        let addresses = doubtful.map(\.address).sorted()
        let number = ask(.look(addresses), for: .group(index))
        groups[index].orders.append(
            GroupOnHost.Order(
                id: number,
                request: order.request,
                kind: .look(doubtful: doubtful)
            )
        )
    }

    private mutating func conclude(
        _ order: GroupOnHost.Order,
        of index: Int,
        looked doubtful: [InterfaceAddress],
        _ found: [InterfaceAddress],
        at now: Instant
    ) {
        for address in found {
            if let member = table.index(of: address.address) { note(address, at: member) }
        }
        let left = doubtful.lazy.compactMap { doubted in
            found.first { $0.address == doubted.address }
        }.first
        guard let left else { return tellRemoval(of: index, request: order.request) }
        note(.stillThere(groups[index].settings.id, left))
        tryRemovalAgain(of: index, order, at: now)
    }

    private mutating func tryRemovalAgain(
        of index: Int,
        _ order: GroupOnHost.Order,
        at now: Instant
    ) {
        // The core has asked for something else since.
        guard !groups[index].isWanted, groups[index].orders.isEmpty else { return }
        guard !mutated(.refusedRemovalGivenUp) else { return }
        let instant = now + Self.removalPause
        groups[index].removal = .refused(request: order.request, retryAt: instant)
        retries.append((instant, index))
    }
}
