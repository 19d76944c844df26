import VIPCore
import VIPNet

/// What is made of all that the kernel has: at the start, and after a lost notification.
extension HostAddresses {
    /// Asks, if that is due.
    mutating func resynchronize(at now: Instant) {
        guard let due = resynchronization.dueAt, due <= now else { return }
        resynchronization.asked(ask(.survey(table.addresses), for: .survey))
    }

    mutating func handleSurvey(_ answer: AddressAnswer, to id: UInt64, at now: Instant) {
        switch answer {
        case .found(let links, let addresses):
            let outcome = resynchronization.answered(id, hasAnswer: true, at: now)
            if case .known(let since) = outcome { handle(links, addresses, since: since, at: now) }
        case .refused(let refusal):
            note(.surveyRefused(refusal))
            _ = resynchronization.answered(id, hasAnswer: false, at: now)
        case .added, .late, .removed, .tried:
            preconditionFailure("the answer is of another question")
        }
        resynchronize(at: now)
    }

    private mutating func handle(
        _ links: [Link],
        _ addresses: [InterfaceAddress],
        since notices: [NetworkNotice],
        at now: Instant
    ) {
        replaceAll(by: addresses, since: notices)
        var touched: [Int] = []
        let links = Self.links(links, since: notices)
        for interface in interfaces.indices {
            apply(interfaces[interface].update(links), of: interface, &touched)
        }
        for index in groups.indices {
            groups[index].isTouched = false
            recount(index)
        }
        guard !hasBegun else {
            for index in groups.indices { tellInterface(of: index) }
            guard !mutated(.surveyNotActedOn) else { return }
            for index in groups.indices { look(at: index, at: now) }
            return
        }
        begin(with: addresses, since: notices, at: now)
    }

    private mutating func replaceAll(
        by addresses: [InterfaceAddress],
        since notices: [NetworkNotice]
    ) {
        for member in table.entries.indices { table.forgetAll(at: member) }
        for address in addresses {
            if let member = table.index(of: address.address) {
                table.note(address, at: member, on: nil)
            }
        }
        for notice in notices {
            switch notice {
            case .address(let address):
                if let member = table.index(of: address.address) {
                    table.note(address, at: member, on: nil)
                }
            case .addressGone(let address):
                if let member = table.index(of: address.address) {
                    table.forget(address.key, at: member, on: nil)
                }
            case .linkGone(let number, _):
                // A link takes along what is on it.
                for member in table.entries.indices { table.forgetAll(at: member, on: number) }
            case .link, .overrun: break
            }
        }
    }

    private static func links(_ answer: [Link], since notices: [NetworkNotice]) -> [Link] {
        var links = answer
        for notice in notices {
            switch notice {
            case .link(let link):
                links.removeAll { $0.index == link.index }
                links.append(link)
            case .linkGone(let number, _): links.removeAll { $0.index == number }
            case .address, .addressGone, .overrun: break
            }
        }
        return links
    }

    // MARK: - The start

    private mutating func begin(
        with addresses: [InterfaceAddress],
        since notices: [NetworkNotice],
        at now: Instant
    ) {
        guard case .starting(let waiting) = phase else { return }
        phase = .running
        removeLeftovers(among: addresses, since: notices)
        for event in waiting { carryOut(event, at: now) }
        for index in groups.indices { tellInterface(of: index) }
    }

    /// Has taken off what an earlier process put on and no group has any more: another address, or
    /// one in another place. What has gone by itself meanwhile is taken off in vain.
    private mutating func removeLeftovers(
        among addresses: [InterfaceAddress],
        since notices: [NetworkNotice]
    ) {
        let told = notices.compactMap { notice in
            if case .address(let address) = notice { address } else { nil }
        }
        let leftovers = (addresses + told).filter { $0.isOurs && !isConfigured($0) }
        guard !leftovers.isEmpty else { return }
        _ = ask(.remove(leftovers), for: .leftovers(leftovers))
    }

    private func isConfigured(_ address: InterfaceAddress) -> Bool {
        guard let member = table.index(of: address.address),
            let link = link(of: table[member].group)
        else { return false }
        return table[member].floating.key(on: link.index) == address.key
    }

    mutating func handleLeftovers(_ asked: [InterfaceAddress], _ answer: AddressAnswer) {
        guard case .removed(let absent, let kept, let refusal) = answer else {
            if case .refused(let refusal) = answer { note(.leftoverRefused(refusal)) }
            return
        }
        if let refusal { note(.leftoverRefused(refusal)) }
        // Both are in the order of asking.
        var (absentLeft, keptLeft) = (absent[...], kept[...])
        for address in asked {
            if absentLeft.first == address {
                absentLeft.removeFirst()
            } else if keptLeft.first == address {
                keptLeft.removeFirst()
            } else {
                if let member = table.index(of: address.address) {
                    forget(address.key, at: member)
                }
                note(.leftoverRemoved(address))
            }
        }
    }
}
