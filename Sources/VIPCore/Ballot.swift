/// This host's voter for one group: what it has granted, and the rules by which it grants.
///
/// A grant is exclusive while it lives; it is never replaced by another holder's, whatever the
/// term.
struct Ballot: Equatable, Sendable {
    var grant: Grant?
    var highestGranted: Term = .none
    /// When this process last granted, by MONOTONIC_RAW.
    private(set) var grantedAt: Instant?

    func liveGrant(at now: Reading) -> Grant? {
        guard let grant, grant.isLive(at: now) else { return nil }
        return grant
    }

    enum Verdict: Equatable {
        /// For as long as was asked, or for as long as this voter grants at most.
        case granted(Duration)
        case refused(RefusalReason, current: Holder?, remaining: Duration)
    }

    /// Answers a request, from another host or from this one, and keeps what it grants.
    ///
    /// `voterSetsAgree` compares the requester's voters with ours; the own host's always agree.
    mutating func answer(
        _ request: Request,
        voterSetsAgree: Bool,
        in context: StepContext,
        _ out: inout StepOutput
    ) -> Verdict {
        if let refusal = standingRefusal(request, voterSetsAgree, in: context, &out) {
            return refusal
        }

        let live = liveGrant(at: context.now)
        if let live {
            if live.holder != request.holder, !mutated(.voterOverwritesLiveGrant) {
                out.fire(.refuseHeld)
                return .refused(
                    .held,
                    current: live.holder,
                    remaining: live.expiry - context.now.raw
                )
            }
            if request.term < live.term {
                out.fire(.refuseLowTerm)
                return .refused(
                    .lowTerm,
                    current: live.holder,
                    remaining: live.expiry - context.now.raw
                )
            }
            out.fire(.grantRenewal)
        } else if request.term > highestGranted {
            out.fire(.grantFree)
        } else if let grant, request.term == highestGranted, grant.term == request.term,
            grant.holder == request.holder, !grant.released
        {
            out.fire(.grantSameTermAgain)
        } else {
            out.fire(.refuseLowTerm)
            return .refused(.lowTerm, current: nil, remaining: .zero)
        }

        let length =
            mutated(.grantsLongerThanRecorded)
            ? request.length : min(request.length, context.timing.lease)
        if length < request.length { out.fire(.grantShorter) }
        keep(request, for: length, over: live, in: context, &out)
        return .granted(length)
    }

    /// What stands in the way whatever was granted.
    private func standingRefusal(
        _ request: Request,
        _ voterSetsAgree: Bool,
        in context: StepContext,
        _ out: inout StepOutput
    ) -> Verdict? {
        if context.suspended {
            out.fire(.refuseSuspended)
            return .refused(.suspended, current: nil, remaining: .zero)
        }
        if !voterSetsAgree {
            out.fire(.refuseVoterSets)
            return .refused(.voterSets, current: nil, remaining: .zero)
        }
        if context.isAbstaining {
            out.fire(.refuseAbstaining)
            return .refused(
                .abstaining,
                current: nil,
                remaining: context.abstentionEnd - context.now.raw
            )
        }
        if context.timing.lease > context.recordedLease, !mutated(.grantsLongerThanRecorded) {
            // A new incarnation would not wait for what is granted here: on record first.
            out.fire(.refuseRecording)
            out.leaseToRecord = context.timing.lease
            return .refused(.recording, current: nil, remaining: .zero)
        }
        return nil
    }

    private mutating func keep(
        _ request: Request,
        for length: Duration,
        over live: Grant?,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        var expiry = context.now.raw + length
        if let live, live.expiry > expiry, !mutated(.renewalShortensGrant) {
            out.fire(.keepLongerGrant)
            expiry = live.expiry
        }
        grant = Grant(
            holder: request.holder,
            term: request.term,
            expiry: expiry,
            released: false
        )
        grantedAt = context.now.raw
        if request.term > highestGranted {
            highestGranted = request.term
        }
    }

    /// Takes a release; whether it named the live grant exactly.
    mutating func release(_ term: Term, by holder: Holder, at now: Reading) -> Bool {
        guard let live = liveGrant(at: now) else { return false }
        let named =
            mutated(.releaseMatchesByNodeAlone)
            ? live.holder.host == holder.host : live.holder == holder && live.term == term
        guard named else { return false }
        grant?.released = true
        return true
    }

    /// Gives back whatever this host's voter has granted to this host. Only after the gate is
    /// closed.
    mutating func freeOwnGrant(of holder: Holder) {
        guard let current = grant, current.holder == holder else { return }
        grant?.released = true
    }
}
