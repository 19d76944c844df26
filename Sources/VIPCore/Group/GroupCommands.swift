/// An operator's switchover that is on its way.
struct PendingCommand: Sendable {
    let id: UInt64
    /// Who owned the group when it was asked for.
    let from: HostID
    let target: HostID?
    /// The appeal to the owner, if that is another host, repeated until it is answered.
    var appeal: (number: UInt64, ask: Ask)?
    let giveUpAt: Instant
}

/// What operators ask for, here or at another host of the cluster.
extension Group {
    /// A switchover that has not taken place by then has failed. It takes milliseconds.
    static let commandPatience: Duration = .seconds(2)
    static let pendingCommandLimit = 16

    mutating func switchover(
        to target: HostID?,
        id command: UInt64,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        if isOwner {
            switch successor(target, in: context) {
            case .success(let voter):
                remember(command, from: context.holder.host, to: target, in: context)
                beginHandover(
                    to: voter,
                    because: .switchover(to: context.settings.voters[voter].id),
                    urgent: false,
                    in: context,
                    &out
                )
            case .failure(let refused):
                out.emit(
                    .reply(
                        id: command,
                        .refused(.switchover(refused.refusal, unready: refused.unready))
                    )
                )
            }
            return
        }
        // The owner takes no appeal from a witness.
        guard context.settings.isNode else {
            out.emit(.reply(id: command, .refused(.notANode)))
            return
        }
        guard let owner = owner(in: context), let voter = context.index(of: owner.host),
            context.isHeardBothWays(voter), pendingCommands.count < Self.pendingCommandLimit
        else {
            out.emit(.reply(id: command, .refused(.notOwner)))
            return
        }
        guard target != owner.host else {
            out.emit(
                .reply(id: command, .refused(.switchover(.successorOwnsIt, unready: nil)))
            )
            return
        }
        remember(
            command,
            from: owner.host,
            to: target,
            appeal: out.random.nonzero(),
            in: context
        )
        appeal(in: context, &out)
    }

    private mutating func remember(
        _ command: UInt64,
        from owner: HostID,
        to target: HostID?,
        appeal number: UInt64? = nil,
        in context: StepContext
    ) {
        pendingCommands.append(
            PendingCommand(
                id: command,
                from: owner,
                target: target,
                appeal: number.map { ($0, Ask(resendAt: context.now.boottime)) },
                giveUpAt: context.now.boottime + Self.commandPatience
            )
        )
    }

    private mutating func appeal(in context: StepContext, _ out: inout StepOutput) {
        for index in pendingCommands.indices {
            guard var appeal = pendingCommands[index].appeal, appeal.ask.isDue(at: context.now),
                let voter = context.index(of: pendingCommands[index].from)
            else { continue }
            appeal.ask.sent(at: context.now, patience: context.patience(with: voter))
            pendingCommands[index].appeal = appeal
            out.post(
                .appeal(
                    Appeal(
                        group: id,
                        number: appeal.number,
                        successor: pendingCommands[index].target
                    )
                ),
                to: voter
            )
        }
    }

    /// Another host's operator wants the group moved.
    mutating func handle(
        _ appeal: Appeal,
        from voter: Int,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        var refusal: SwitchoverRefusal?
        switch takeAppeal(appeal, from: voter, in: context, &out) {
        case .success(let successor):
            beginHandover(
                to: successor,
                because: .switchover(to: context.settings.voters[successor].id),
                urgent: false,
                in: context,
                &out
            )
        case .failure(let refused) where refused.refusal == .underWay:
            break
        case .failure(let refused):
            refusal = refused.refusal
        }
        out.post(.appealAnswered(group: id, number: appeal.number, refusal: refusal), to: voter)
    }

    /// An operator's order at another host is a host's word, and no more: it is taken once in a
    /// while, and not where the group changes hands too often. Here operators are not held down.
    private mutating func takeAppeal(
        _ appeal: Appeal,
        from voter: Int,
        in context: StepContext,
        _ out: inout StepOutput
    ) -> Result<Int, SwitchoverRefused> {
        let found = successor(appeal.successor, in: context)
        guard case .success = found else { return found }
        if let lastAppeal, context.now.boottime - lastAppeal.at < Self.commandPatience {
            out.fire(.refuseAppeal)
            // A repeated one whose move has failed meanwhile.
            return .failure(
                SwitchoverRefused(lastAppeal.number == appeal.number ? .noAnswer : .tooSoon)
            )
        }
        if changes.isHeldDown(at: context.now) {
            out.fire(.refuseAppeal)
            return .failure(SwitchoverRefused(.heldDown))
        }
        lastAppeal = (appeal.number, context.now.boottime)
        return found
    }

    mutating func appealAnswered(
        _ number: UInt64,
        refusal: SwitchoverRefusal?,
        _ out: inout StepOutput
    ) {
        guard let index = pendingCommands.firstIndex(where: { $0.appeal?.number == number }) else {
            return
        }
        if let refusal {
            // A repeated appeal may reach an owner that has already let go for the first one.
            guard refusal != .notOwner else { return }
            out.emit(
                .reply(
                    id: pendingCommands[index].id,
                    .refused(.switchover(refusal, unready: nil))
                )
            )
            pendingCommands.remove(at: index)
        } else {
            pendingCommands[index].appeal?.ask.answered()
        }
    }

    mutating func refuseCommands(_ refusal: SwitchoverRefusal, _ out: inout StepOutput) {
        for command in pendingCommands {
            out.emit(.reply(id: command.id, .refused(.switchover(refusal, unready: nil))))
        }
        pendingCommands.removeAll()
    }

    /// Answers those commands whose move has taken place, or was waited for long enough.
    mutating func settleCommands(in context: StepContext, _ out: inout StepOutput) {
        guard !pendingCommands.isEmpty else { return }
        appeal(in: context, &out)
        let owner = servingOwner(in: context)
        pendingCommands.removeAll { command in
            if let owner, owner.host != command.from,
                command.target.map({ $0 == owner.host }) ?? true
            {
                out.emit(.reply(id: command.id, .moved(to: owner.host, term: owner.term)))
                return true
            }
            guard command.giveUpAt <= context.now.boottime else { return false }
            out.emit(.reply(id: command.id, .refused(.switchover(.noAnswer, unready: nil))))
            return true
        }
    }

    /// Whoever says by itself that it owns the group; a grant alone does not count.
    private func servingOwner(in context: StepContext) -> Owner? {
        guard let owner = owner(in: context) else { return nil }
        if owner.host == context.holder.host { return owner }
        guard let voter = context.index(of: owner.host), heard[voter]?.condition.owns == true else {
            return nil
        }
        return owner
    }
}
