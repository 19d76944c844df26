import VIPCore
import VIPNet

/// Asks the kernel, each second, whether it would take the addresses; and tells the core when it
/// would not, or does not answer.
extension HostAddresses {
    /// Has asked for what is due.
    mutating func tryOut(at now: Instant) {
        let (groups, interfaces) = (groups, interfaces)
        let due = trials.takeDue(at: now) { interfaces[groups[$0].interface].link != nil }
        var (questions, requests): ([Int], [AddressRequest.Trial]) = ([], [])
        for index in due {
            guard let link = link(of: index) else { continue }
            for floating in groups[index].samples {
                let address = InterfaceAddress(floating, on: link.index, lifetime: 1)
                requests.append(AddressRequest.Trial(address, mtu: link.mtu))
                questions.append(index)
            }
        }
        guard !requests.isEmpty else { return }
        trials.begin(ask(.tryOut(requests), for: .trial), questions: questions, at: now)
    }

    /// Tells the core of every group for which it is no longer as it was last told.
    mutating func noteTrials(at now: Instant) {
        guard hasBegun, trials.takeChange(at: now) else { return }
        let answers = !trials.isSilent(at: now)
        for index in groups.indices {
            let id = groups[index].settings.id
            if groups[index].told.answers != answers {
                groups[index].told.answers = answers
                tell(.kernelAnswers(id, answers))
                if !answers { note(.silent(id, seconds: trials.silentSeconds(at: now))) }
            }
            let refusal = link(of: index) == nil ? nil : trials.refusal(of: index, at: now)
            guard groups[index].told.isAddressable != (refusal == nil) else { continue }
            groups[index].told.isAddressable = refusal == nil
            tell(.addressable(id, refusal == nil))
            if let refusal { note(.unaddressable(id, refusal)) }
        }
    }
}
