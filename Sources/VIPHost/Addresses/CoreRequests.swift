import VIPCore
import VIPNet

/// What the core asks for.
extension HostAddresses {
    mutating func carryOut(_ event: AddressEvent, at now: Instant) {
        switch event {
        case .add(let id, let request, let lifetime, let before):
            guard let index = index(of: id) else { return }
            add(index, request: request, lifetime: lifetime, before: before, at: now)
        case .remove(let id, let request):
            guard let index = index(of: id) else { return }
            remove(index, request: request, at: now)
        case .announce(let id):
            if let index = index(of: id) { actions.append(.announce(group: index)) }
        case .begin, .told, .answered, .silent, .announceAll, .wake: break
        }
    }

    private mutating func forgetRemoval(of index: Int) {
        if case .awaitingSilence = groups[index].removal { silencesAwaited -= 1 }
        groups[index].removal = .settled
    }

    /// Has the addresses of the group put on its interface, or their lifetimes renewed; where there
    /// is an instant, the kernel is asked before it or not at all.
    private mutating func add(
        _ index: Int,
        request: UInt64,
        lifetime: UInt32,
        before: Instant?,
        at now: Instant
    ) {
        forgetRemoval(of: index)
        let id = groups[index].settings.id
        guard let link = link(of: index) else {
            groups[index].intent = .present(.everything)
            note(.noInterface(id, name: interface(of: index).name))
            return tell(.addressesAdded(id, request: request, failed: true))
        }
        let (members, turn) = additions(to: index, enforcing: before != nil)
        groups[index].intent = .present(.turn(turn))
        groups[index].altered = []
        groups[index].lifetime = before == nil ? turns.lifetime(lifetime) : lifetime
        guard !members.isEmpty else {
            return tell(.addressesAdded(id, request: request, failed: false))
        }
        let addition = AddressRequest.Addition(
            members.map { table[$0].floating },
            obstacles: obstacles(to: index, on: link.index),
            on: link.index,
            lifetime: groups[index].lifetime,
            before: mutated(.beforeIgnored) ? nil : before?.nanoseconds
        )
        let number = ask(.add(addition), for: .group(index))
        groups[index].orders.append(
            GroupOnHost.Order(id: number, request: request, kind: .addition(members))
        )
    }

    /// The entries that an addition has to name, and the turn of the next one. Where the lifetimes
    /// enforce the lease, each addition names all.
    private func additions(to index: Int, enforcing: Bool) -> (members: [Int], turn: Int) {
        let members = groups[index].members
        guard !enforcing, case .present(.turn(let turn)) = groups[index].intent,
            let link = link(of: index)
        else { return (members, 0) }
        let due = turns.members(of: members.count, turn: turn, offset: index)
        let altered = groups[index].altered
        guard !groups[index].isComplete || !altered.isEmpty else {
            return (Array(members[due]), turn + 1)
        }
        let named = members.enumerated().filter { position, member in
            due.contains(position) || table.found(member, on: link.index) == nil
                || altered.contains(member)
        }
        return (named.map(\.element), turn + 1)
    }

    /// What is in the way of an address on that interface. Of IPv6 the kernel has an address once
    /// on each: one with another prefix length would be kept as it is.
    private func obstacles(to index: Int, on interface: Int32) -> [InterfaceAddress] {
        // Each right one is one that was seen: only where there are others can one be in the way.
        guard groups[index].seen > groups[index].right, !mutated(.obstacleLeft) else { return [] }
        return groups[index].members.flatMap { obstacles(at: $0, on: interface) }
    }

    func obstacles(at member: Int, on interface: Int32) -> [InterfaceAddress] {
        let entry = table[member]
        return entry.seen.filter { found in
            found.interface == interface && found.address.isIPv6
                && found.key != entry.floating.key(on: interface)
        }
    }

    /// Has the group's addresses taken off every interface that has one, also what was only asked
    /// for.
    mutating func remove(_ index: Int, request: UInt64, at now: Instant) {
        groups[index].intent = .absent
        forgetRemoval(of: index)
        let link = link(of: index)
        var addresses = groups[index].members.flatMap { table[$0].seen }
        for member in groups[index].members {
            guard let link, table.found(member, on: link.index) == nil,
                !mutated(.onlySeenRemoved)
            else { continue }
            addresses.append(
                InterfaceAddress(table[member].floating, on: link.index, lifetime: 1)
            )
        }
        if mutated(.removalToldEarly) { tellRemoval(of: index, request: request) }
        guard !addresses.isEmpty else { return tellRemoval(of: index, request: request) }
        let number = ask(.remove(addresses), for: .group(index))
        groups[index].orders.append(
            GroupOnHost.Order(id: number, request: request, kind: .removal(addresses))
        )
    }

    /// The kernel has none of the addresses any more. The core, which answers with a release, hears
    /// of it once no frame is on its way that says that they are here.
    mutating func tellRemoval(of index: Int, request: UInt64) {
        groups[index].removal = .awaitingSilence(request: request)
        silencesAwaited += 1
        actions.append(.awaitSilence(group: index))
    }
}
