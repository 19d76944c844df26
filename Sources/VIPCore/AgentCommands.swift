/// What operators ask of the agent, each with a reply.
extension Agent {
    mutating func handle(
        _ command: Command,
        id: UInt64,
        at now: Reading,
        _ out: inout StepOutput
    ) {
        switch command {
        case .switchover(let group, let target):
            withGroup(group, orReply: id, at: now, &out) {
                $0.switchover(to: target, id: id, in: $1, &$2)
            }
        case .takeover(let group):
            withGroup(group, orReply: id, at: now, &out) { group, context, out in
                let refusal = group.takeByForce(in: context, &out)
                out.emit(.reply(id: id, refusal.map { .refused($0) } ?? .done))
            }
        case .announce(let group):
            withGroup(group, orReply: id, at: now, &out) { group, context, out in
                guard case .owner(var tenure) = group.role, tenure.isServing else {
                    out.emit(.reply(id: id, .refused(.notOwner)))
                    return
                }
                tenure.announcements.begin(at: context.now)
                group.role = .owner(tenure)
                out.emit(.reply(id: id, .done))
            }
        case .maintenance(let on):
            takeMaintenance(on, id: id, at: now, &out)
        case .acceptVoters:
            acceptVoters(id: id, at: now, &out)
        }
    }

    private mutating func withGroup(
        _ group: GroupID,
        orReply id: UInt64,
        at now: Reading,
        _ out: inout StepOutput,
        _ body: (inout Group, StepContext, inout StepOutput) -> Void
    ) {
        guard groups.index(of: group) != nil else {
            out.emit(.reply(id: id, .refused(.unknownGroup)))
            return
        }
        withGroup(group, at: now) { body(&$0, $1, &out) }
    }

    /// Refused while a group that is owned here could go nowhere.
    private mutating func takeMaintenance(
        _ on: Bool,
        id: UInt64,
        at now: Reading,
        _ out: inout StepOutput
    ) {
        guard settings.isNode else {
            out.emit(.reply(id: id, .refused(.notANode)))
            return
        }
        let context = context(now)
        let stuck = groups.all.contains { $0.isOwner && $0.readySuccessor(in: context) == nil }
        if on, stuck {
            out.emit(
                .reply(id: id, .refused(.switchover(.noSuccessor, unready: nil)))
            )
            return
        }
        if maintenance != on {
            maintenance = on
            out.emit(.writeHeader(header))
        }
        out.emit(.reply(id: id, .done))
    }

    /// What this host's voter has granted by the old list, or for the old groups, may still be
    /// relied on: it outwaits that, as a new incarnation does.
    private mutating func acceptVoters(id: UInt64, at now: Reading, _ out: inout StepOutput) {
        guard suspended else {
            out.emit(.reply(id: id, .refused(.notSuspended)))
            return
        }
        let span = settings.timing.hearing
        let odd = peers.first { peer in
            peer.isHeard(at: now, within: span)
                && peer.presence.map { $0.groupsDigest != settings.groupsDigest } ?? false
        }
        if let odd {
            out.emit(.reply(id: id, .refused(.groupsDiffer(odd.id))))
            return
        }
        suspended = false
        if !mutated(.acceptedAtOnce) {
            abstain(until: now.raw + max(settings.timing.lease, recordedLease), at: now, &out)
        }
        out.emit(.writeHeader(header))
        out.emit(.recordVoters)
        out.emit(.reply(id: id, .done))
    }
}
