import Glibc
import VIPConfiguration
import VIPCore
import VIPNet
import VIPPlatform

/// The floating addresses as the kernel has them: puts them on, takes them off, announces them, and
/// knows what is there without being told twice.
package final class AddressKeeper {
    let worker: AddressWorker
    package let monitor: RouteMonitor
    let announcements: AnnouncementWorker
    /// Nil where the kernel lets nobody listen.
    let claims: ClaimWatch?
    let claimsFailure: SystemError?
    package internal(set) var groups: [GroupPlace]
    /// The places of groups and of their addresses, each of which is in one group: what comes with
    /// each renewal and notification takes the same time for any number.
    let places: [GroupID: Int]
    let holders: [IPAddress: Int]
    /// How often the kernel has lost notifications.
    package internal(set) var overruns: UInt64 = 0
    /// Whether the kernel has said once what it has: before that, nothing is to be asked for.
    package internal(set) var hasBegun = false
    var resynchronization = Resynchronization()
    /// What the kernel is asked to take off because no group has it, by the question's number.
    var leftovers: UInt64?
    /// Of those, what is off by now, for the log.
    var forgotten: [String] = []
    var orders = AddressOrders()
    var trials: KernelTrials
    /// What the core has to hear, in order.
    var news: [Event] = []
    /// What the kernel refused since it was last asked for, for the log.
    var failures: [Failure] = []

    /// What the kernel has refused.
    package struct Failure {
        /// Nil where it is about all.
        package let group: GroupID?
        /// Of call and answer, without the address: repeats of it may be folded.
        package let kind: String
        var event = "kernel-refused"
        package let text: String
    }

    /// How long to wait before a removal that the kernel refused is tried again, in nanoseconds.
    static let removalPause: Int64 = 50_000_000

    /// - Parameters:
    ///   - announcer: the socket that the process had for it before execve.
    ///   - silence: after how long without an answer the kernel counts as silent.
    package init(
        groups: [VIPConfiguration.Group],
        announcer number: Int32? = nil,
        silence: Duration = .seconds(1)
    ) throws(SystemError) {
        // The monitor first: what changes between the two is then seen by one of them.
        monitor = try RouteMonitor()
        worker = try AddressWorker()
        let permits = groups.map { AnnouncementPermit(addresses: $0.addresses.map(\.address)) }
        let announcer: Announcer
        if let number {
            announcer = try Announcer(inheriting: number)
        } else {
            announcer = try Announcer()
        }
        announcements = try AnnouncementWorker(permits, with: announcer)
        var claims: ClaimWatch?
        var claimsFailure: SystemError?
        do throws(SystemError) {
            claims = try ClaimWatch(permits, answering: announcements, at: announcer)
        } catch {
            claimsFailure = error
        }
        self.claims = claims
        self.claimsFailure = claimsFailure
        let holders = groups.enumerated().flatMap { index, group in
            group.addresses.map { ($0.address, index) }
        }
        self.holders = Dictionary(holders) { first, _ in first }
        let identifiers = groups.enumerated().map { (GroupID($1.identifier), $0) }
        places = Dictionary(identifiers) { first, _ in first }
        self.groups = zip(groups, permits).map {
            GroupPlace(
                id: GroupID($0.0.identifier),
                name: $0.0.name,
                interface: $0.0.interface,
                addresses: GroupAddresses($0.0.addresses),
                permit: $0.1
            )
        }
        trials = KernelTrials(groups: groups.count, silence: silence.nanoseconds)
    }

    /// Whether the kernel has done all that it was asked for.
    package var isIdle: Bool {
        orders.isEmpty && !trials.isUnderWay && !resynchronization.isUnderWay
            && groups.allSatisfy { $0.silence == nil }
    }

    /// Readable when the worker has something to tell.
    package var workerDescriptor: Int32 { worker.fileDescriptor }

    // MARK: - Effects

    /// Has all addresses of the group put on its interface, or refreshed there, for this many
    /// seconds; where there is an instant, the kernel is asked before it or not at all.
    package func add(_ id: GroupID, request: UInt64, lifetime seconds: UInt32, before: Instant?) {
        guard let index = index(of: id) else { return }
        groups[index].wanted = true
        groups[index].removal = nil
        guard let link = groups[index].link else {
            let text = "interface \(groups[index].interface) does not exist"
            failures.append(Failure(group: id, kind: "no interface", text: text))
            news.append(.addressesAdded(id, request: request, failed: true))
            return
        }
        let addresses = groups[index].addresses.floating.map { floating in
            InterfaceAddress(
                floating: floating.address,
                prefixLength: UInt8(floating.prefixLength),
                on: link.index,
                lifetime: seconds
            )
        }
        let limit = before.map(\.nanoseconds)
        order(
            groups[index].addresses.obstacles(on: link.index).map { .remove($0) }
                + addresses.map { .add($0, before: limit) },
            of: index,
            request: request,
            .addition
        )
    }

    /// Has the group's addresses taken off every interface that has one, also what was only asked
    /// for.
    package func remove(_ id: GroupID, request: UInt64) {
        guard let index = index(of: id) else { return }
        groups[index].wanted = false
        groups[index].removal = nil
        var addresses = groups[index].addresses.present
        if let link = groups[index].link {
            for floating in groups[index].addresses.floating
            where groups[index].addresses.found(floating, on: link.index) == nil {
                addresses.append(
                    InterfaceAddress(
                        floating: floating.address,
                        prefixLength: UInt8(floating.prefixLength),
                        on: link.index,
                        lifetime: 1
                    )
                )
            }
        }
        order(addresses.map { .remove($0) }, of: index, request: request, .removal)
    }

    private func order(
        _ changes: [AddressWorker.Change],
        of index: Int,
        request: UInt64,
        _ kind: AddressOrders.Kind
    ) {
        var order = AddressOrders.Order(
            id: orders.takeID(),
            group: index,
            request: request,
            kind: kind,
            outstanding: changes.count
        )
        for change in changes where !worker.ask(change, id: order.id) {
            order.outstanding -= 1
            order.failed = true
        }
        groups[index].orders += 1
        if order.outstanding == 0 {
            conclude(order)
        } else {
            orders.append(order)
        }
    }

    /// What the worker has done since it was last asked. What the kernel told of it before is taken
    /// first: later it would look like somebody else's doing.
    package func takeCompletions() throws(SystemError) {
        let completions = worker.completions()
        for _ in stride(from: 0, to: completions.count, by: RouteStream.mostReads) {
            try takeNotifications()
        }
        for completion in completions {
            if takeSurvey(completion) || takeLeftover(completion) { continue }
            if trials.answered(completion.id, trialRefusal(completion)) { continue }
            let over = orders.note(completion.id) { take(completion, into: &$0) }
            if let over { conclude(over) }
        }
        noteTrials(at: ClockReading.bootNow())
    }

    private func take(
        _ completion: AddressWorker.Completion,
        into order: inout AddressOrders.Order
    ) {
        let index = order.group
        if completion.isLate {
            order.isLate = true
            return
        }
        if let failure = completion.failure {
            let named = note(failure, of: completion.change, in: index)
            order.failed = true
            order.failure = order.failure ?? named
            return
        }
        switch completion.change {
        case .add(let address, _): groups[index].addresses.note(address)
        case .remove(let address):
            if completion.wasAbsent, groups[index].addresses.has(address) {
                order.doubtful.append(address)
            } else {
                groups[index].addresses.forget(address)
            }
        case .look:
            groups[index].addresses.correct(order.doubtful, by: completion.found)
            guard let left = groups[index].addresses.present.first else { return }
            order.failed = true
            let text = "\(left) is still there, though it was removed; it is tried again"
            failures.append(Failure(group: groups[index].id, kind: "still there", text: text))
        case .tryOut, .survey: break
        }
    }

    /// The kernel knows interfaces by number, and operators by name.
    private func note(
        _ failure: SystemError,
        of change: AddressWorker.Change,
        in index: Int
    ) -> SystemError {
        var failure = failure
        switch change {
        case .add(let address, _), .remove(let address), .tryOut(let address, _):
            if let link = groups[index].link, link.index == address.interface {
                failure = AddressTrial.advising(failure, about: address, on: link)
            }
        case .look, .survey: break
        }
        failures.append(
            Failure(
                group: groups[index].id,
                kind: "\(failure.call) \(failure.errno)",
                text: "\(failure)"
            )
        )
        return failure
    }

    private func conclude(_ order: AddressOrders.Order) {
        let id = groups[order.group].id
        groups[order.group].orders -= 1
        switch order.kind {
        case .removal where !order.failed && !order.doubtful.isEmpty:
            return look(after: order)
        case .removal where order.failed, .look where order.failed:
            groups[order.group].removal = order.request
        case .removal, .look:
            tellRemoval(of: order.group, request: order.request)
        case .addition where order.isLate:
            news.append(.addressesLate(id, request: order.request))
        case .addition:
            noteAct(order)
            news.append(.addressesAdded(id, request: order.request, failed: order.failed))
        }
        if groups[order.group].orders == 0, groups[order.group].isDisturbed {
            groups[order.group].isDisturbed = false
            // What is known here may be older than what disturbed it.
            find(order.group, all: false, some: true)
        }
    }

    /// The kernel had told of addresses, and then had none to remove: they are gone, or they have
    /// another shape than was understood. Only a look says which.
    private func look(after removal: AddressOrders.Order) {
        var order = AddressOrders.Order(
            id: orders.takeID(),
            group: removal.group,
            request: removal.request,
            kind: .look,
            outstanding: 1
        )
        order.doubtful = removal.doubtful
        groups[order.group].orders += 1
        guard worker.ask(.look, id: order.id) else {
            order.failed = true
            return conclude(order)
        }
        orders.append(order)
    }

    /// Whether a removal that the kernel refused has to be tried again.
    var owesRemoval: Bool { groups.contains { $0.removal != nil } }

    package func retryRemovals() {
        for group in groups {
            if let request = group.removal { remove(group.id, request: request) }
        }
    }

    package func takeNews() -> [Event] {
        defer { news.removeAll() }
        return news
    }

    package func takeFailures() -> [Failure] {
        defer { failures.removeAll() }
        return failures
    }

    func index(of id: GroupID) -> Int? { places[id] }
}
