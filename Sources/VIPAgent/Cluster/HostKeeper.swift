import Glibc
import VIPConfiguration
import VIPCore
import VIPHost
import VIPNet
import VIPPlatform

/// Carries between `Host`, which decides, and those who have the kernel: `GateKeeper` and
/// `AddressKeeper`.
package final class HostKeeper {
    /// What is for whoever has the core and the log; in order.
    package enum Output: Equatable {
        case tell(Event)
        /// Before all that waits for the core.
        case tellNext(Event)
        case gate(GateNote)
        case addresses(AddressNote)
    }

    package private(set) var host: Host
    package let gate: GateKeeper
    package let addresses: AddressKeeper
    private var output: [Output] = []

    /// - Parameters:
    ///   - page: what this host remembers, if it does.
    ///   - directory: the run directory; a bpffs named `bpf` in it may have the gate's pins.
    ///   - inherited: the gate's descriptors by their names, from the program before this one or
    ///     the service manager.
    ///   - announcer: the socket that the process had for announcements before execve.
    ///   - silence: after how long without an answer the kernel counts as silent.
    ///   - patience: how long a start with nothing to renew waits for the gate.
    package init(
        groups: [VIPConfiguration.Group],
        fallback: (VIPConfiguration.Group) -> VIPCore.Enforcement?,
        page: Page?,
        heartbeat: Duration,
        directory: String,
        inherited: [String: Int32] = [:],
        announcer: Int32? = nil,
        silence: Duration = .seconds(1),
        patience: Duration = .seconds(1)
    ) throws(SystemError) {
        let now = ClockReading.now()
        let onHost = groups.map(HostGroup.init)
        let ofGate = groups.map { group in
            GateGroup(
                id: GroupID(group.identifier),
                addresses: group.addresses.map(\.address),
                fallback: fallback(group)
            )
        }
        host = Host(
            addresses: HostAddresses(onHost, silence: silence),
            gate: HostGate(
                groups: ofGate,
                records: page?.records ?? [],
                patience: patience,
                at: Reading(
                    boottime: Instant(nanoseconds: now.boot),
                    raw: Instant(nanoseconds: now.raw)
                )
            ),
            heartbeat: heartbeat
        )
        gate = try GateKeeper(groups: ofGate, directory: directory, inherited: inherited)
        addresses = try AddressKeeper(groups: onHost, announcer: announcer)
    }

    /// The first thing that a process does here. Returns once the core may be made, see
    /// `HostEvent.begin`.
    package func begin() {
        step(.begin, at: Instant(nanoseconds: ClockReading.bootNow()))
        waitForGate()
    }

    /// Whether the kernel has answered all that it was asked.
    package var isIdle: Bool {
        host.addresses.isIdle && !addresses.isHolding && gate.worker.isIdle
    }

    package func takeOutput() -> [Output] {
        guard !output.isEmpty else { return [] }
        defer { output = [] }
        return output
    }

    // MARK: - Steps

    package func step(_ event: HostEvent, at now: Instant) {
        var answers: [HostEvent] = []
        for action in host.step(event, at: now) {
            if let answer = carryOut(action, at: now) { answers.append(answer) }
        }
        for answer in answers { step(answer, at: now) }
    }

    private func carryOut(_ action: HostAction, at now: Instant) -> HostEvent? {
        switch action {
        case .gate(.note(let note)): output.append(.gate(note))
        case .gate(let action): return gate.carryOut(action).map(HostEvent.gate)
        case .addresses(.note(let note)): output.append(.addresses(note))
        case .addresses(let action): return addresses.carryOut(action).map(HostEvent.addresses)
        case .permit(let group, let until): addresses.permit(group, until: until, at: now)
        case .forbid(let group): addresses.forbid(group)
        case .tell(let event): output.append(.tell(event))
        case .tellNext(let event): output.append(.tellNext(event))
        }
        return nil
    }

    // MARK: - Descriptors

    package func takeGateReports(at now: Instant) {
        step(.gate(.reports(gate.takeReports())), at: now)
    }

    /// Takes a part of what the kernel has told, and with it the answers to all that was asked
    /// before the end of it.
    package func takeNotifications(at now: Instant) throws(SystemError) {
        let notices = try addresses.takeNotices()
        if !notices.isEmpty { step(.addresses(.told(notices)), at: now) }
        for answer in addresses.takeAnswers(on: host.addresses.interfaces) {
            step(.addresses(answer), at: now)
        }
    }

    /// What the address worker has done since it was last asked.
    package func takeCompletions(at now: Instant) throws(SystemError) {
        addresses.hold()
        try takeNotifications(at: now)
    }

    /// What the announcing thread has to tell.
    package func takeAnnouncementReports(at now: Instant) {
        for report in addresses.announcements.takeReports() {
            switch report {
            case .silent(let index): step(.addresses(.silent(group: index)), at: now)
            case .failed(let index, let failure):
                let group = host.addresses.groups[index].settings.id
                output.append(.addresses(.unannounced(group, Refusal(failure))))
            }
        }
    }

    // MARK: - Waiting

    /// After `Effect.exit`: until the gate is gone, or the kernel takes too long.
    package func waitForRemoval() -> GateRemoval.Outcome {
        waitForGate()
        guard case .gone(let outcome?) = host.gate.posture else {
            return GateRemoval.Outcome(
                failures: ["the kernel was busy; the gate stays closed: run 'vip-agent clean'"]
            )
        }
        return GateRemoval.Outcome(removed: outcome.removed, failures: outcome.failures)
    }

    /// Where there is something to wait for, until it has come or its time is over.
    private func waitForGate() {
        while let limit = host.gate.deadline {
            let now = Instant(nanoseconds: ClockReading.bootNow())
            guard now < limit else {
                step(.gate(.wake), at: now)
                continue
            }
            let left = (limit - now).nanoseconds / 1_000_000 + 1
            var entry = pollfd(fd: gate.fileDescriptor, events: Int16(POLLIN), revents: 0)
            _ = unsafe poll(&entry, 1, Int32(clamping: left))
            takeGateReports(at: Instant(nanoseconds: ClockReading.bootNow()))
        }
    }
}
