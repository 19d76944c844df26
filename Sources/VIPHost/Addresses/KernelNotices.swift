import VIPCore
import VIPNet

/// What the kernel tells of links and addresses without being asked, and what of it the core has to
/// hear.
extension HostAddresses {
    mutating func handle(_ notices: [NetworkNotice], at now: Instant) {
        var touched: [Int] = []
        for notice in notices {
            if isOfInterest(notice), !mutated(.toldSinceSurveyForgotten) {
                resynchronization.note(notice)
            }
            if notice == .overrun { noteOverrun(at: now) }
            // Before that, it is all in the answer that is to come.
            guard hasBegun else { continue }
            switch notice {
            case .link(let link):
                for interface in interfaces.indices {
                    let change = interfaces[interface].update(link)
                    apply(change, of: interface, &touched)
                }
            case .linkGone(let number, _): lose(number, &touched)
            case .address(let address): handle(address, &touched)
            case .addressGone(let address):
                guard let member = table.index(of: address.address) else { continue }
                forget(address.key, at: member)
                table.noteGoing(at: member, of: nextID)
                touch(table[member].group, &touched)
            case .overrun: break
            }
        }
        resynchronize(at: now)
        for index in touched { tellInterface(of: index) }
        for index in touched {
            groups[index].isTouched = false
            look(at: index, at: now)
        }
    }

    private func isOfInterest(_ notice: NetworkNotice) -> Bool {
        switch notice {
        case .link, .linkGone: true
        case .address(let address), .addressGone(let address):
            address.isOurs || table.index(of: address.address) != nil
        case .overrun: false
        }
    }

    /// Until the kernel has said what it has, what is known stays.
    private mutating func noteOverrun(at now: Instant) {
        overruns &+= 1
        // What was told before the first question is part of its answer.
        guard hasBegun || resynchronization.isUnderWay, !mutated(.lossIgnored) else { return }
        resynchronization.want(at: now)
    }

    private mutating func touch(_ index: Int, _ touched: inout [Int]) {
        guard !groups[index].isTouched else { return }
        groups[index].isTouched = true
        touched.append(index)
    }

    private mutating func handle(_ address: InterfaceAddress, _ touched: inout [Int]) {
        guard let member = table.index(of: address.address) else { return }
        note(address, at: member)
        table.noteComing(at: member, of: nextID)
        let index = table[member].group
        touch(index, &touched)
        guard turns.count > 1, groups[index].isWanted, !isAsAsked(address, groups[index].lifetime)
        else { return }
        groups[index].altered.append(member)
    }

    /// Whether the kernel will keep it for as long as it was last asked to, to a second or two.
    private func isAsAsked(_ address: InterfaceAddress, _ lifetime: UInt32) -> Bool {
        switch address.valid {
        case .forever: false
        case .seconds(let seconds): seconds <= lifetime && seconds + 2 >= lifetime
        }
    }

    // MARK: - Links

    /// Whether it has come, gone, or another has its name: the groups on it have to be looked at.
    mutating func apply(
        _ change: WatchedInterface.Change,
        of interface: Int,
        _ touched: inout [Int]
    ) {
        let link = interfaces[interface].link
        switch change {
        case .none: return
        case .changed(let before):
            guard let link, link != before else { return }
            for index in interfaces[interface].groups {
                trials.hurry(index)
                announceAgain(index, after: before, link)
                touch(index, &touched)
            }
        case .arrived:
            for index in interfaces[interface].groups { move(index, to: link, &touched) }
        case .departed, .replaced:
            for index in interfaces[interface].groups {
                // Also where another is up in its place at once: what this host serves is on the
                // one that has gone, and is taken off there first.
                if groups[index].told.isUp == true {
                    groups[index].told.isUp = false
                    tell(.interface(groups[index].settings.id, up: false))
                }
                move(index, to: link, &touched)
            }
        }
    }

    private mutating func move(_ index: Int, to link: Link?, _ touched: inout [Int]) {
        trials.hurry(index)
        if !mutated(.movedNotRecounted) { recount(index) }
        if let link { actions.append(.bind(group: index, interface: link.index)) }
        touch(index, &touched)
    }

    private mutating func lose(_ number: Int32, _ touched: inout [Int]) {
        for interface in interfaces.indices where interfaces[interface].lose(number) {
            for index in interfaces[interface].groups {
                for member in groups[index].members {
                    table.forgetAll(at: member, on: number)
                }
                recount(index)
                touch(index, &touched)
            }
        }
    }

    /// Whether neighbours may have something else in mind by now: another MAC address; or what they
    /// were told while the interface had no carrier. Nobody waits for the answer.
    private mutating func announceAgain(_ index: Int, after before: Link, _ link: Link) {
        let isBack = link.isUsable && !before.isUsable
        guard groups[index].isWanted, isBack || before.mac != link.mac else { return }
        tell(.command(.announce(groups[index].settings.id), id: 0))
    }

    /// If its interface has come or gone since the core was last told.
    mutating func tellInterface(of index: Int) {
        let isUp = interfaces[groups[index].interface].isUsable
        guard groups[index].told.isUp != isUp else { return }
        groups[index].told.isUp = isUp
        tell(.interface(groups[index].settings.id, up: isUp))
    }

    // MARK: - Addresses

    mutating func note(_ address: InterfaceAddress, at member: Int) {
        let index = table[member].group
        let grown = table.note(address, at: member, on: link(of: index)?.index)
        groups[index].seen += grown.seen
        groups[index].right += grown.right
    }

    mutating func forget(_ key: InterfaceAddress.Key, at member: Int) {
        let index = table[member].group
        let shrunk = table.forget(key, at: member, on: link(of: index)?.index)
        groups[index].seen -= shrunk.seen
        groups[index].right -= shrunk.right
    }

    /// After something that concerns all its addresses.
    mutating func recount(_ index: Int) {
        let link = link(of: index)
        var (seen, right) = (0, 0)
        for member in groups[index].members {
            seen += table[member].seen.count
            if let link, table.found(member, on: link.index) != nil { right += 1 }
        }
        (groups[index].seen, groups[index].right) = (seen, right)
    }

    /// Tells the core if what is there is not what should be; or a little later, if the core has
    /// heard of this group a moment ago. It is told again until it has asked for something: while
    /// it lets go it has other things to do. While the kernel has something to do for the group,
    /// what it tells says nothing.
    mutating func look(at index: Int, at now: Instant) {
        guard groups[index].isWrong, groups[index].orders.isEmpty else { return }
        if case .refused = groups[index].removal { return }
        switch groups[index].pacing.begin(at: now) {
        case .now:
            let group = groups[index]
            tell(
                .addressesFound(group.settings.id, all: group.isComplete, some: !group.isAbsent)
            )
            lookAgain(at: index, at: now + ChangePacing.pace)
        case .later(let instant): lookAgain(at: index, at: instant)
        }
    }

    private mutating func lookAgain(at index: Int, at instant: Instant) {
        guard !groups[index].isOwedLook, !mutated(.wrongNotLookedAtAgain) else { return }
        groups[index].isOwedLook = true
        let position = owedLooks.lastIndex { $0.at <= instant }.map { $0 + 1 } ?? 0
        owedLooks.insert((instant, index), at: position)
    }
}
