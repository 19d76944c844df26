/// The way out of ownership, and the releases that follow it.
extension Group {
    /// Page (the term is given up, the own grant kept), gate, addresses; the rest follows when the
    /// kernel says that they are off, and what the gate has let through has left.
    mutating func becomeLettingGo(
        because reason: Reason,
        vote: Request? = nil,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard case .owner(let tenure) = role else { return }
        out.fire(.letGo)
        if mutated(.ownVoteFreedBeforeGateClosed) { ballot.freeOwnGrant(of: context.holder) }
        let number = takeRequestNumber()
        let next = LettingGo(
            term: tenure.term,
            request: number,
            reason: reason,
            vote: vote,
            began: context.now,
            closedBy: context.closing,
            drain: context.timing.drain
        )
        become(.lettingGo(next), because: reason, term: tenure.term, in: context, &out)
        commit(&out)
        out.emit(.closeGate(id))
        out.emit(.removeAddresses(id, request: number))
    }

    /// The kernel has none of the addresses any more.
    mutating func addressesRemoved(
        _ number: UInt64,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard case .lettingGo(var lettingGo) = role, lettingGo.request == number else { return }
        lettingGo.addressesAreOff = true
        role = .lettingGo(lettingGo)
        concludeLettingGo(in: context, &out)
    }

    /// Page (own grant freed), then the release. In a switchover the own voter, free again, answers
    /// the successor's offer as it would any request. A frame that passed the gate just before it
    /// was closed may still wait in a card's queue, and ours take another way: so not before what
    /// has passed has left.
    mutating func concludeLettingGo(in context: StepContext, _ out: inout StepOutput) {
        guard case .lettingGo(let lettingGo) = role, lettingGo.addressesAreOff else { return }
        guard isDrained(lettingGo, in: context) || mutated(.releaseWithinMargin) else {
            return out.fire(.drainBeforeRelease)
        }
        ballot.freeOwnGrant(of: context.holder)
        commit(&out)

        var vote: Granted?
        if let offered = lettingGo.vote {
            switch ballot.answer(offered, voterSetsAgree: true, in: context, &out) {
            case .granted(let length):
                out.fire(.handOverVote)
                vote = Granted(answering: offered, length: length)
            case .refused:
                out.fire(.releaseWithoutVote)
            }
        }
        let standby = Standby(
            notBefore: context.now.boottime + pauseAfter(lettingGo.reason, context)
        )
        become(
            .standby(standby),
            because: lettingGo.reason,
            term: lettingGo.term,
            in: context,
            &out
        )
        commit(&out)
        if lettingGo.term != .none {
            release(lettingGo.term, vote: vote, in: context, &out)
        }
        postCondition(in: context, &out)
    }

    private func isDrained(_ lettingGo: LettingGo, in context: StepContext) -> Bool {
        guard let closedBy = lettingGo.closedBy else { return false }
        return context.now.raw - closedBy.raw >= lettingGo.drain
    }

    /// The shell came to it later than this host had decided it: in the step at `reading`, or
    /// before the gate was found.
    mutating func gateClosed(after reading: Reading, in context: StepContext) {
        guard case .lettingGo(var lettingGo) = role,
            lettingGo.closedBy == nil || lettingGo.closedBy == reading
        else { return }
        lettingGo.closedBy = context.now
        role = .lettingGo(lettingGo)
    }

    /// Whoever has just let go does not come first for the next lease. After a refusal by the
    /// kernel it stays away for longer.
    private func pauseAfter(_ reason: Reason, _ context: StepContext) -> Duration {
        switch reason {
        case .addressesRefused, .kernelSilent: context.timing.lease * 4
        case .leftover: .zero
        case .vacant, .leaseRanOut, .majority, .handedOver, .forced, .restored, .deadlinePassed,
            .majorityLost, .switchover, .interfaceDown, .unhealthy, .maintenance, .stopping,
            .superseded, .notConfirmed, .candidacyFailed, .gateMissing:
            context.timing.heartbeat
        }
    }

    /// Sends the release to every other voter, and again until each has acknowledged it. The leases
    /// that it ends run out by themselves, so one lease later nobody needs it any more.
    mutating func release(
        _ term: Term,
        vote: Granted?,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        precondition(!mayHaveOpenGate, "a release leaves only behind a closed gate")
        out.fire(.releaseTerm)
        var pending = PendingRelease(
            release: Release(group: id, term: term, holder: context.holder, vote: vote),
            asks: Array(repeating: Ask(), count: context.peers.count),
            giveUpAt: context.now.boottime + context.timing.lease
        )
        for voter in context.peers.indices where voter != context.me {
            // A voter that is not there will not acknowledge; its grant runs out by itself.
            if context.isHeard(voter) {
                pending.asks[voter].sent(at: context.now, patience: context.patience(with: voter))
            }
            out.post(.release(pending.release), to: voter)
        }
        if pendingReleases.count == Self.pendingReleaseLimit { pendingReleases.removeFirst() }
        pendingReleases.append(pending)
    }

    /// Failed candidacies of one lease; older releases are of grants that have run out.
    static let pendingReleaseLimit = 8

    mutating func resendReleases(in context: StepContext, _ out: inout StepOutput) {
        guard !pendingReleases.isEmpty else { return }
        pendingReleases.removeAll { pending in
            pending.giveUpAt <= context.now.boottime
                || pending.asks.allSatisfy { $0.resendAt == nil }
        }
        guard !mayHaveOpenGate else { return }
        for index in pendingReleases.indices {
            for voter in context.peers.indices
            where pendingReleases[index].asks[voter].isDue(at: context.now) {
                out.fire(.resendRelease)
                pendingReleases[index].asks[voter].sent(
                    at: context.now,
                    patience: context.patience(with: voter)
                )
                out.post(.release(pendingReleases[index].release), to: voter)
            }
        }
    }

    mutating func releaseAcknowledged(_ term: Term, by voter: Int) {
        for index in pendingReleases.indices where pendingReleases[index].release.term == term {
            pendingReleases[index].asks[voter].answered()
        }
    }

    /// A release has arrived: for this host's voter, and, if it carries a vote, for its candidacy.
    mutating func handle(
        _ release: Release,
        from voter: Int,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        if ballot.release(release.term, by: release.holder, at: context.now) {
            out.fire(.releaseGrant)
        } else {
            out.fire(.ignoreRelease)
        }
        out.post(
            .released(group: id, term: release.term, holder: release.holder),
            to: voter
        )
        if let vote = release.vote { accept(vote, from: voter, in: context, &out) }
    }

    /// A grant that this host did not wait for. If it is for a term that it no longer wants, it is
    /// given back; never while a gate is open.
    mutating func strayGrant(
        _ granted: Granted,
        from voter: Int,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard granted.holder == context.holder else { return }
        if mayHaveOpenGate, !mutated(.releaseWhileGateOpen) {
            out.fire(.withholdRelease)
            return
        }
        out.fire(.releaseStrayGrant)
        let back = Release(group: id, term: granted.term, holder: context.holder)
        out.post(.release(back), to: voter)
    }
}
