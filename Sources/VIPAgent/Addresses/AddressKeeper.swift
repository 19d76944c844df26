import VIPConfiguration
import VIPCore
import VIPHost
import VIPNet
import VIPPlatform

/// Carries between `HostAddresses`, which decides, and the kernel: the notifications that the
/// kernel makes of its own accord, the thread that asks it, and the thread that announces.
package final class AddressKeeper {
    /// What has to be done with what was decided, by whoever has the core and the log; in order.
    package enum Output: Equatable {
        case event(Event)
        case note(AddressNote)
    }

    package private(set) var host: HostAddresses
    let worker: AddressWorker
    package let monitor: RouteMonitor
    let announcements: AnnouncementWorker
    /// Nil where the kernel lets nobody listen.
    let claims: ClaimWatch?
    let claimsFailure: SystemError?
    private let permits: [AnnouncementPermit]
    private var output: [Output] = []
    /// Answers that have come, and wait until everything is read that the kernel told before.
    private var held: [AddressWorker.Completion] = []
    private var readSinceHeld = 0

    /// As many notifications as the socket holds for us, and more: what came after that many was
    /// told after the answer.
    private static let mostReadWhileHeld = 8192

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
        host = HostAddresses(groups.map(HostGroup.init), silence: silence)
    }

    /// Whether the kernel has done all that it was asked for.
    package var isIdle: Bool { host.isIdle && held.isEmpty }

    /// Readable when the worker has something to tell.
    package var workerDescriptor: Int32 { worker.fileDescriptor }

    /// When `wake` is due, on CLOCK_BOOTTIME.
    package func dueAt(now: Int64) -> Int64? {
        host.dueAt(now: Instant(nanoseconds: now))?.nanoseconds
    }

    package func takeOutput() -> [Output] {
        defer { output.removeAll(keepingCapacity: true) }
        return output
    }

    // MARK: - Steps

    package func step(_ event: AddressEvent, at now: Instant) {
        var due = host.step(event, at: now)[...]
        while let action = due.popFirst() {
            // What is answered at once comes right after what it answers.
            if let answer = carryOut(action) { due = host.step(answer, at: now) + due }
        }
    }

    private func carryOut(_ action: AddressAction) -> AddressEvent? {
        switch action {
        case .ask(let request, let id):
            guard !worker.ask(request, id: id) else { return nil }
            return .answered(id, .refused(.tooManyQuestions))
        case .bind(let group, let interface): permits[group].bind(to: interface)
        case .announce(let group): announcements.ask(group)
        case .awaitSilence(let group):
            guard permits[group].isFrameUnderWay else { return .silent(group: group) }
        case .tell(let event): output.append(.event(event))
        case .note(let note): output.append(.note(note))
        }
        return nil
    }

    // MARK: - The core's effects that are done at once

    /// To be called right after the gate was opened, with the same deadline.
    package func permit(_ id: GroupID, until: Instant, at now: Instant) {
        guard let index = host.index(of: id) else { return }
        permits[index].open(until: until.nanoseconds, at: now.nanoseconds)
    }

    /// To be called right before the gate is closed.
    package func forbid(_ id: GroupID) {
        if let index = host.index(of: id) { permits[index].close() }
    }

    func isPermitted(_ index: Int, at now: Int64) -> Bool { permits[index].isOpen(at: now) }

    // MARK: - Descriptors

    /// Takes a part of what the kernel has told, and with it the answers to all that was asked
    /// before the end of it.
    package func takeNotifications(at now: Instant) throws(SystemError) {
        let notices = try monitor.events()
        if !notices.isEmpty { step(.told(notices), at: now) }
        guard !held.isEmpty else { return }
        readSinceHeld += notices.count
        guard monitor.isDrained || readSinceHeld >= Self.mostReadWhileHeld else { return }
        let completions = held
        (held, readSinceHeld) = ([], 0)
        for completion in completions {
            step(.answered(completion.id, answer(completion)), at: now)
        }
    }

    /// What the worker has done since it was last asked. What the kernel told of it before is taken
    /// first: later it would look like somebody else's doing.
    package func takeCompletions(at now: Instant) throws(SystemError) {
        held += worker.completions()
        try takeNotifications(at: now)
    }

    /// What the announcing thread has to tell.
    package func takeAnnouncementReports(at now: Instant) {
        for report in announcements.takeReports() {
            switch report {
            case .silent(let index): step(.silent(group: index), at: now)
            case .failed(let index, let failure):
                output.append(
                    .note(.unannounced(host.groups[index].settings.id, Refusal(failure)))
                )
            }
        }
    }

    // MARK: - Answers

    /// The kernel knows interfaces by number, and operators by name.
    private func answer(_ completion: AddressWorker.Completion) -> AddressAnswer {
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

    private func refusal(_ failure: SystemError, about address: InterfaceAddress?) -> Refusal {
        guard let address,
            let link = host.interfaces.lazy.compactMap(\.link).first(where: {
                $0.index == address.interface
            })
        else { return Refusal(failure) }
        return Refusal(AddressTrial.advising(failure, about: address, on: link))
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
