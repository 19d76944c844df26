/// What an owner does when another host says that it owns the group in a higher term.
///
/// Nobody can while this tenure lasts, so either this host's clocks have stood still and the word
/// is true, or it is not true. The voters know: the gate is closed at once, they are asked anew,
/// and it opens when a majority has answered a question that was asked after the word. A host that
/// was paused is silent from the first word on; a voter that says what is not true costs a round
/// trip, once a heartbeat at most.
extension Group {
    mutating func doubtTenure(
        because host: HostID,
        term: Term,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard case .owner(var tenure) = role, tenure.doubtedSince == nil,
            !isTooSoon(tenure.lastDoubt, in: context)
        else { return }
        out.fire(.doubtTenure)
        tenure.doubtedSince = context.now
        tenure.lastDoubt = context.now.boottime
        let wasOpen = tenure.gateUntil != nil
        tenure.gateUntil = nil
        role = .owner(tenure)
        out.report(.tenureDoubted(id, by: host, term: term))
        if wasOpen { out.emit(.closeGate(id)) }
        commit(&out)
        renew(in: context, &out)
    }

    /// Whether a majority has granted since the doubt began.
    func isDoubtAnswered(_ tenure: Tenure, in context: StepContext) -> Bool {
        guard let since = tenure.doubtedSince else { return false }
        let answers = tenure.counted.map { contribution in
            contribution.flatMap {
                $0.stamp.boottime >= since.boottime && $0.stamp.raw >= since.raw ? $0 : nil
            }
        }
        let deadline = Tenure.deadline(
            of: answers,
            majority: context.majority,
            timing: context.timing
        )
        return deadline?.isAhead(of: context.now) ?? false
    }
}
