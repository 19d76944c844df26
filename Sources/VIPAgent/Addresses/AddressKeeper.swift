import VIPConfiguration
import VIPCore
import VIPHost
import VIPNet
import VIPPlatform

/// Carries out what `HostAddresses` decides: has the notifications that the kernel makes of its own
/// accord, the thread that asks it, and the thread that announces.
package final class AddressKeeper {
    let worker: AddressWorker
    package let monitor: RouteMonitor
    let announcements: AnnouncementWorker
    /// Nil where the kernel lets nobody listen.
    let claims: ClaimWatch?
    let claimsFailure: SystemError?
    private let permits: [AnnouncementPermit]
    /// Answers that have come, and wait until everything is read that the kernel told before.
    private var held: [AddressWorker.Completion] = []
    private var readSinceHeld = 0

    /// As many notifications as the socket holds for us, and more: what came after that many was
    /// told after the answer.
    private static let mostReadWhileHeld = 8192

    /// - Parameter number: the socket that the process had for announcements before execve.
    init(groups: [HostGroup], announcer number: Int32?) throws(SystemError) {
        // The monitor first: what changes between the two is then seen by one of them.
        monitor = try RouteMonitor()
        worker = try AddressWorker()
        permits = groups.map { AnnouncementPermit(addresses: $0.addresses.map(\.address)) }
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
    }

    /// Whether an answer waits.
    var isHolding: Bool { !held.isEmpty }

    /// Readable when the worker has something to tell.
    package var workerDescriptor: Int32 { worker.fileDescriptor }

    // MARK: - What is to be done

    /// - Returns: the answer, if there is one at once.
    func carryOut(_ action: AddressAction) -> AddressEvent? {
        switch action {
        case .ask(let request, let id):
            guard !worker.ask(request, id: id) else { return nil }
            return .answered(id, .refused(.tooManyQuestions))
        case .bind(let group, let interface): permits[group].bind(to: interface)
        case .announce(let group): announcements.ask(group)
        case .awaitSilence(let group):
            guard permits[group].isFrameUnderWay else { return .silent(group: group) }
        case .tell, .note: preconditionFailure("that is for the core, or the log")
        }
        return nil
    }

    func permit(_ index: Int, until: Instant, at now: Instant) {
        permits[index].open(until: until.nanoseconds, at: now.nanoseconds)
    }

    func forbid(_ index: Int) { permits[index].close() }

    func isPermitted(_ index: Int, at now: Int64) -> Bool { permits[index].isOpen(at: now) }

    // MARK: - Descriptors

    /// A part of what the kernel has told.
    func takeNotices() throws(SystemError) -> [NetworkNotice] {
        let notices = try monitor.events()
        if isHolding { readSinceHeld += notices.count }
        return notices
    }

    /// What the worker has done since it was last asked. What the kernel told of it before is taken
    /// first: later it would look like somebody else's doing.
    func hold() { held += worker.completions() }

    /// The answers to all that was asked before the end of what was read.
    ///
    /// - Parameter interfaces: as far as they are known.
    func takeAnswers(on interfaces: [WatchedInterface]) -> [AddressEvent] {
        guard isHolding, monitor.isDrained || readSinceHeld >= Self.mostReadWhileHeld else {
            return []
        }
        let completions = held
        (held, readSinceHeld) = ([], 0)
        return completions.map { .answered($0.id, answer($0, on: interfaces)) }
    }

    // MARK: - Answers

    /// The kernel knows interfaces by number, and operators by name.
    private func answer(
        _ completion: AddressWorker.Completion,
        on interfaces: [WatchedInterface]
    ) -> AddressAnswer {
        func refusal(_ failure: SystemError, about address: InterfaceAddress?) -> Refusal {
            let links = interfaces.lazy.compactMap(\.link)
            guard let address, let link = links.first(where: { $0.index == address.interface })
            else { return Refusal(failure) }
            return Refusal(AddressTrial.advising(failure, about: address, on: link))
        }

        switch completion.outcome {
        case .added: return .added
        case .late: return .late
        case .removed(let absent, let kept, let failure):
            let first = failure.map { refusal($0, about: kept.first) }
            return .removed(absent: absent, kept: kept, first)
        case .found(let links, let addresses): return .found(links: links, addresses: addresses)
        case .tried(let failures):
            guard case .tryOut(let trials) = completion.request else { return .tried([]) }
            return .tried(
                zip(trials, failures).map { trial, failure in
                    failure.map { refusal($0, about: trial.address) }
                }
            )
        case .failed(let failure, let address):
            return .refused(refusal(failure, about: address))
        }
    }
}

extension HostGroup {
    init(_ group: VIPConfiguration.Group) {
        self.init(
            id: GroupID(group.identifier),
            name: group.name,
            interface: group.interface,
            addresses: group.addresses
        )
    }
}

extension Refusal {
    init(_ error: SystemError) {
        self.init(kind: "\(error.call) \(error.errno)", text: "\(error)")
    }

    /// Nobody answers any more, and thousands of questions wait.
    fileprivate static let tooManyQuestions = Refusal(
        kind: "queue",
        text: "the kernel was not asked: \(AddressWorker.mostWaiting) questions wait already"
    )
}
