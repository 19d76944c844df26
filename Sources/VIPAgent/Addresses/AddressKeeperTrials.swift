import VIPConfiguration
import VIPCore
import VIPNet
import VIPPlatform

/// Asks the kernel, each second, whether it would take the addresses; and tells the core when it
/// would not, or does not answer.
extension AddressKeeper {
    /// Has the worker ask for what is due.
    func tryOut(at now: Int64) {
        let due = trials.takeDue(at: now) { groups[$0].link != nil }
        guard !due.isEmpty else { return }
        let id = orders.takeID()
        var questions: [Int] = []
        for index in due {
            guard let link = groups[index].link else { continue }
            for address in groups[index].addresses.samples(on: link.index)
            where worker.ask(.tryOut(address, mtu: link.mtu), id: id) {
                questions.append(index)
            }
        }
        trials.begin(id, questions: questions, at: now)
    }

    /// What a completion says against a trial's address, in the words of an operator.
    func trialRefusal(_ completion: AddressWorker.Completion) -> SystemError? {
        guard case .tryOut(let address, _) = completion.change, let failure = completion.failure
        else { return nil }
        let link = groups.lazy.compactMap(\.link).first { $0.index == address.interface }
        return link.map { AddressTrial.advising(failure, about: address, on: $0) } ?? failure
    }

    /// The kernel was given a group's addresses in earnest.
    func noteAct(_ order: AddressOrders.Order) {
        if let failure = order.failure {
            trials.refused(order.group, failure, at: ClockReading.bootNow())
        } else if !order.failed {
            trials.taken(order.group)
        }
    }

    /// Tells the core of every group for which it is no longer as it was last told.
    func noteTrials(at now: Int64) {
        guard trials.takeChange(at: now) else { return }
        let answers = !trials.isSilent(at: now)
        for index in groups.indices {
            if groups[index].reportedAnswering != answers {
                groups[index].reportedAnswering = answers
                news.append(.kernelAnswers(groups[index].id, answers))
                if !answers { note("silent", silence(at: now), of: index) }
            }
            let refusal = groups[index].link == nil ? nil : trials.refusal(of: index, at: now)
            guard groups[index].reportedAddressable != (refusal == nil) else { continue }
            groups[index].reportedAddressable = refusal == nil
            news.append(.addressable(groups[index].id, refusal == nil))
            if let refusal { note("trial \(refusal.errno)", "\(refusal)", of: index) }
        }
    }

    private func note(_ kind: String, _ text: String, of index: Int) {
        failures.append(Failure(group: groups[index].id, kind: kind, text: text))
    }

    private func silence(at now: Int64) -> String {
        "the kernel has not answered for \(trials.silentSeconds(at: now)) s when asked about "
            + "addresses; a driver or another program may hold its lock: look for processes in "
            + "state D ('ps -eo pid,stat,wchan,comm')"
    }

    /// Why a group could not be served here, as far as this knows better than the core; for status.
    package func finding(of id: GroupID) -> String? {
        guard let index = index(of: id) else { return nil }
        let place = groups[index]
        let now = ClockReading.bootNow()
        if !hasBegun { return "the kernel has not said yet which interfaces and addresses it has" }
        if let renamed = place.renamed {
            return "interface \(place.interface) is called \(renamed.name) now: rename it back, "
                + "or write interface = \"\(renamed.name)\" and reload"
        }
        if place.link == nil { return "there is no interface \(place.interface)" }
        if !place.interfaceIsUp { return "interface \(place.interface) is down" }
        if trials.isSilent(at: now) { return silence(at: now) }
        return trials.refusal(of: index, at: now).map {
            "the kernel would refuse the addresses: \($0)"
        }
    }
}

extension GroupAddresses {
    /// One of each family: what the kernel has against one, it has against all. They are the
    /// group's own, so that it looks at just what it would be given.
    func samples(on interface: Int32) -> [InterfaceAddress] {
        samples.map {
            InterfaceAddress(
                floating: $0.address,
                prefixLength: UInt8($0.prefixLength),
                on: interface,
                lifetime: 1
            )
        }
    }
}
