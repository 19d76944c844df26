import CNetlink
import Glibc
import Logging
import VIPConfiguration
import VIPControl
import VIPCore
import VIPPlatform

/// The moment in which one program leaves, and what the next one makes of it.
extension Daemon {
    /// To be called after every turn: the moment of rest is right after a renewal.
    func followSuccession() {
        guard case .ready(let successor, let asked, let opened, let since) = succession.stage
        else { return }
        if let obstacle { return refuse(asked, obstacle) }
        if let failure = memberships.lazy.compactMap(\.records.preparationFailure).first {
            return refuse(
                asked,
                Rehearsal.Refusal(
                    .leaseUnwritten,
                    detail: "\(failure): a voter grants no lease that is longer than the one there"
                )
            )
        }
        let waited = ClockReading.bootNow() - since
        // A thread that waits for a disk, or for the kernel's routing lock, can't be ended, and
        // execve waits until all are.
        guard service.isIdle, memberships.allSatisfy(\.isKernelDone),
            memberships.allSatisfy(\.records.isPrepared)
        else {
            return noteOverdue(waited)
        }
        let isTold = output.isDrained && notifier?.retryAt == nil
        // The next program takes a descriptor that it inherits for one that is kept.
        let isStoring = notifier?.isStoring ?? false
        let isWritten =
            isTold || waited > (isStoring ? Succession.patience : Succession.logPatience)
        if isWritten, memberships.allSatisfy(\.isAtRest) {
            return execute(successor, asked, opened)
        }
        guard waited > Succession.patience else { return }
        // Whoever owns nothing loses nothing either.
        guard memberships.contains(where: \.ownsSomething) else {
            return execute(successor, asked, opened)
        }
        noteOverdue(waited)
    }

    private func noteOverdue(_ waited: Int64) {
        guard waited > Succession.patience, !succession.isOverdue else { return }
        succession.isOverdue = true
        log.warning("no moment of rest", metadata: ["reason": "\(succession.warnings.last ?? "")"])
    }

    /// Becomes the successor. Returns only if the kernel refuses that.
    private func execute(
        _ successor: Rehearsal.Successor,
        _ asked: Succession.Asked,
        _ opened: [DatagramPort]
    ) {
        let text = message(asked, successor)
        // Who will have to wait for something hears of it before it begins; so does who asked at a
        // cluster that is not served any more, with whose socket the question goes.
        let answered = asked.clients.filter { index, _ in
            !successor.changes.waits.isEmpty || !successor.serves(memberships[index])
        }
        for (index, client) in answered {
            memberships[index].answer(client, .done(message: text, payload: nil))
        }
        do throws(SystemError) {
            let handover = handover(to: successor, asked, opened, message: text)
            let memory = try SealedMemory(name: "vip-agent-handover", holding: handover.octets)
            let kept =
                Array(handover.descriptors.values) + handover.clusters.flatMap(\.silent)
                + handover.clusters.flatMap(\.waiting) + [memory.number]
            try run.setCloseOnExec(false)
            for number in kept { _ = vip_set_close_on_exec(number, 0) }
            let arguments = CStrings(CommandLine.arguments)
            let environment = CStrings(environment(with: memory))
            // The kernel ends the other threads, and waits until each has had its turn for that.
            vip_hurry_other_threads(Capabilities.priority)
            let result = unsafe vip_become(
                options.program,
                arguments.pointers,
                environment.pointers
            )
            vip_hurry_other_threads(0)
            for number in kept { _ = vip_set_close_on_exec(number, 1) }
            try run.setCloseOnExec(true)
            throw SystemError(call: "execve", on: options.program, errno: -result)
        } catch {
            refuse(
                asked,
                Rehearsal.Refusal(
                    .noSuccessor,
                    options.program,
                    detail: "\(error)"
                )
            )
        }
    }

    private func message(_ asked: Succession.Asked, _ successor: Rehearsal.Successor) -> String {
        var text = "\(asked.what): \(successor.changes.text)"
        if successor.version != Version.current {
            text += "; version \(successor.version) instead of \(Version.current)"
        }
        return text
    }

    private func handover(
        to successor: Rehearsal.Successor,
        _ asked: Succession.Asked,
        _ opened: [DatagramPort],
        message: String
    ) -> ProgramHandover {
        var handover = estate()
        handover.departed = ClockReading.bootNow()
        handover.message = message
        handover.put(successor.source, successor.keys)
        for (index, membership) in memberships.enumerated() {
            handover.clusters.append(
                membership.leave(
                    after: successor.lastEntries[index],
                    waiting: asked.clients.filter { $0.membership == index }.map(\.client),
                    report: membership.statusReport(of: facts)
                )
            )
        }
        for port in opened { handover.descriptors[port.name] = port.fileDescriptor }
        handover.descriptors[ProgramHandover.historyName] = successor.past.number
        return handover
    }

    /// What goes along whatever the configuration says: where everything is, and what is open.
    func estate() -> ProgramHandover {
        var handover = ProgramHandover(
            program: options.program,
            generation: generation + 1,
            started: started,
            version: Version.current,
            configuration: options.configuration,
            isDirectory: options.clusters.isDirectory,
            host: options.host,
            runDirectory: options.runDirectory,
            stateDirectory: options.stateDirectory
        )
        handover.controlGroup = controlGroup
        handover.stored = ports.stored.sorted()
        for membership in memberships {
            let cluster = membership.cluster.configuration.cluster.name
            // One that nobody can connect to any more is made anew.
            if membership.control.isInPlace {
                handover.descriptors[Self.controlName(cluster, options.clusters)] =
                    membership.control.listenerNumber
            }
            for (name, number) in membership.keeper?.gate.descriptors ?? [:] {
                handover.descriptors[Self.gatePrefix + name] = number
            }
            if let keeper = membership.keeper {
                let announcements = keeper.addresses.announcements
                handover.descriptors[Announcer.name] = announcements.socketDescriptor
            }
        }
        for port in ports.ports { handover.descriptors[port.name] = port.fileDescriptor }
        return handover
    }

    /// This process's own, less what was meant for this program only.
    private func environment(with memory: SealedMemory) -> [String] {
        let spent = ["LISTEN_PID=", "LISTEN_FDS=", "LISTEN_FDNAMES=", "\(Inheritance.variable)="]
        var variables: [String] = []
        var next = unsafe vip_environment()
        while let entry = unsafe next?.pointee {
            let variable = unsafe String(cString: entry)
            if !spent.contains(where: { variable.hasPrefix($0) }) { variables.append(variable) }
            unsafe next = unsafe next?.advanced(by: 1)
        }
        return variables + [Inheritance.assignment(memory: memory.number, locks: run.inheritance)]
    }

    // MARK: - Afterwards

    /// Goes on with what the program before this one left, once the frames are on their way.
    ///
    /// - Parameter now: when they were.
    func takeOver(at now: Int64) {
        switch options.inheritance {
        case .none: return
        case .locks(_, let reason):
            log.warning("what was handed over can't be used", metadata: ["reason": "\(reason)"])
            return
        case .whole(let handover, locks: _):
            log.notice(
                "took over",
                metadata: [
                    "version": "\(Version.current)", "was": "\(handover.version)",
                    "generation": "\(generation)",
                    "pause": "\(Lateness.text(now - handover.departed))",
                    "changes": "\(handover.message)",
                ]
            )
            for (index, membership) in memberships.enumerated() {
                let name = membership.cluster.configuration.cluster.name
                guard let cluster = handover.cluster(named: name) else { continue }
                unansweredReloads += membership.takeOver(cluster).map { (index, $0) }
            }
            loadEarlierHistory(handover)
        }
    }

    /// Reading a thousand entries takes longer than a short lease may be without a look at it.
    private func loadEarlierHistory(_ handover: ProgramHandover) {
        let number = handover.descriptors[ProgramHandover.historyName]
        let (service, earlierHistory, log) = (service, earlierHistory, log)
        service.submit {
            var fields = HandoverFields()
            do {
                if let number {
                    fields = try HandoverFields(parsing: SealedMemory.contents(of: number))
                }
            } catch {
                log.warning("the history is lost", metadata: ["reason": "\(error)"])
            }
            earlierHistory.put(
                handover.clusters.indices.map { index in
                    let earlier: [HistoryEntry] =
                        fields.text("history.\(index)").flatMap { Membership.read($0) } ?? []
                    return earlier + (Membership.read(handover.clusters[index].history) ?? [])
                }
            )
        }
    }

    /// Only now does who asked for the reload hear of it: whatever is asked next is known here.
    func handleEarlierHistory() {
        guard let histories = earlierHistory.takeAll().last, let handover = options.handover else {
            return
        }
        for (index, history) in histories.enumerated() {
            let name = handover.clusters[index].name
            let membership =
                options.clusters.isDirectory
                ? memberships.first { $0.cluster.configuration.cluster.name == name }
                : memberships.first
            membership?.history.begin(with: history)
        }
        for (index, client) in unansweredReloads {
            memberships[index].answer(client, .done(message: handover.message, payload: nil))
        }
        unansweredReloads.removeAll()
    }
}
