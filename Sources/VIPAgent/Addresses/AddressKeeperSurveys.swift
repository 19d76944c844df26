import VIPConfiguration
import VIPCore
import VIPNet
import VIPPlatform

/// What the keeper makes of all that the kernel has: at the start, and after a lost notification.
extension AddressKeeper {
    /// Has the worker find out what the kernel has, and then take off what an earlier process put
    /// on and no group has any more: another address, or one in another place. To be called once,
    /// before anything is asked for; `hasBegun` says when it has come.
    package func begin() {
        resynchronization.want(at: ClockReading.bootNow())
        resynchronize(at: ClockReading.bootNow())
    }

    /// Asks, if that is due.
    func resynchronize(at now: Int64) {
        guard let due = resynchronization.dueAt, due <= now else { return }
        let id = orders.takeID()
        resynchronization.asked(id)
        if !worker.ask(.survey, id: id) { _ = resynchronization.answered(nil, at: now) }
    }

    /// - Returns: Whether the completion is the answer.
    func takeSurvey(_ completion: AddressWorker.Completion) -> Bool {
        guard resynchronization.isAnswer(completion.id) else { return false }
        let now = ClockReading.bootNow()
        var answer: Resynchronization.Picture?
        if let failure = completion.failure {
            let kind = "survey \(failure.errno)"
            failures.append(Failure(group: nil, kind: kind, text: "\(failure)"))
        } else {
            answer = Resynchronization.Picture(
                links: completion.links,
                addresses: completion.found
            )
        }
        if let picture = resynchronization.answered(answer, at: now) { take(picture) }
        resynchronize(at: now)
        return true
    }

    private func take(_ picture: Resynchronization.Picture) {
        var found = Array(repeating: [InterfaceAddress](), count: groups.count)
        for address in picture.addresses {
            if let index = holders[address.address] { found[index].append(address) }
        }
        for index in groups.indices {
            note(groups[index].take(picture.links), of: index)
            groups[index].addresses.replaceAll(by: found[index])
            // The worker's end is a look of its own.
            if groups[index].orders > 0 { groups[index].isDisturbed = true }
        }
        if hasBegun {
            noteInterfaces()
            lookAt(groups.indices)
        } else {
            hasBegun = true
            removeLeftovers(among: picture.addresses)
        }
    }

    // MARK: - What no group has

    private func removeLeftovers(among addresses: [InterfaceAddress]) {
        let id = orders.takeID()
        leftovers = id
        for address in addresses where address.isOurs && !isConfigured(address) {
            worker.ask(.remove(address), id: id)
        }
    }

    private func isConfigured(_ address: InterfaceAddress) -> Bool {
        guard let index = holders[address.address], address.peer == nil else { return false }
        let group = groups[index]
        return group.link?.index == address.interface
            && group.addresses.floating.contains {
                $0.address == address.address && $0.prefixLength == Int(address.prefixLength)
            }
    }

    /// - Returns: Whether the completion is of one of those.
    func takeLeftover(_ completion: AddressWorker.Completion) -> Bool {
        guard completion.id == leftovers, case .remove(let address) = completion.change else {
            return false
        }
        if let failure = completion.failure {
            let kind = "leftover \(failure.errno)"
            failures.append(Failure(group: nil, kind: kind, text: "\(failure)"))
        } else {
            if let index = holders[address.address] { groups[index].addresses.forget(address) }
            forgotten.append("\(address)")
        }
        return true
    }

    /// Addresses that an earlier process put on this host, for groups or addresses that have left
    /// the configuration since, and that are off by now.
    func takeForgotten() -> [String] {
        defer { forgotten.removeAll() }
        return forgotten
    }
}
