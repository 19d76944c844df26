/// Frames in and out.
extension Agent {
    // MARK: - In

    mutating func receive(_ frame: Frame, at now: Reading, _ out: inout StepOutput) {
        guard frame.receiver == settings.me else { return count(.notForUs) }
        guard frame.sender != settings.me else {
            // Our own frame that came back is no second host.
            if frame.session != session { out.report(.duplicateName(settings.me)) }
            return count(.ownName)
        }
        guard let voter = peers.firstIndex(where: { $0.id == frame.sender }) else {
            return count(.unknownSender)
        }
        guard Int(frame.path) < peers[voter].paths.count else { return count(.unknownPath) }

        let proofBefore = peers[voter].proof
        switch peers[voter].admit(
            frame,
            at: now,
            timing: settings.timing,
            random: &out.random,
            rules: &out.rules
        )
        {
        case .drop(let reason):
            if reason == .duplicateName { out.report(.duplicateName(frame.sender)) }
            count(reason)
            return
        case .challenge(let reason):
            count(reason)
            challenge(voter, answering: frame, at: now, &out)
            return
        case .read:
            break
        }

        noteVoterSet(frame, from: voter, at: now, &out)
        peers[voter].proof = frame.challenge
        if peers[voter].proof != proofBefore, isGreetingDue(voter, at: now) {
            // It can be talked to from now on, or again: with all that is waiting to be said.
            peers[voter].greeted = now.boottime
            peers[voter].heartbeatDue = now.boottime
            let context = context(now)
            groups.changeAll { $0.askAgain(voter, in: context, &out) }
        }
        var context = context(now)
        for record in frame.records {
            if case .presence(let presence) = record {
                peers[voter].handle(presence, by: settings.me, at: now)
                context = self.context(now)
            } else {
                read(record, of: frame, from: voter, in: context, &out)
            }
        }
    }

    /// A process changes its challenge once or twice. One that does so in each frame is not
    /// answered with a heartbeat each time.
    private func isGreetingDue(_ voter: Int, at now: Reading) -> Bool {
        peers[voter].greeted.map { now.boottime - $0 >= settings.timing.heartbeat / 4 } ?? true
    }

    private mutating func noteVoterSet(
        _ frame: Frame,
        from voter: Int,
        at now: Reading,
        _ out: inout StepOutput
    ) {
        let differ = frame.voterSet != settings.voterSet
        guard differ != peers[voter].voterSetsDiffer else { return }
        peers[voter].voterSetsDiffer = differ
        if let noted = peers[voter].voterSetNoted,
            now.boottime - noted < settings.timing.heartbeat
        {
            return
        }
        peers[voter].voterSetNoted = now.boottime
        if differ { out.report(.voterSetsDiffer(frame.sender)) }
    }

    /// Sends our challenge to a process that has not proven itself, with its own repeated, so that
    /// one exchange does for both. A recorded frame gets this answer too, once a millisecond at
    /// most, and changes nothing.
    private mutating func challenge(
        _ voter: Int,
        answering frame: Frame,
        at now: Reading,
        _ out: inout StepOutput
    ) {
        let pause = min(settings.timing.heartbeat / 4, .milliseconds(1))
        if let last = peers[voter].lastChallenged, now.boottime - last < pause { return }
        peers[voter].lastChallenged = now.boottime
        out.fire(.challenge)
        send(
            [],
            to: voter,
            proof: frame.challenge,
            challenge: peers[voter].nextChallenge,
            at: now,
            &out
        )
    }

    private mutating func read(
        _ record: Record,
        of frame: Frame,
        from voter: Int,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        let agree = frame.voterSet == settings.voterSet
        switch record {
        case .request(let request):
            answer(request, of: frame, from: voter, voterSetsAgree: agree, in: context, &out)
        case .granted(let granted):
            withGroup(granted.group) { $0.handle(granted, from: voter, in: context, &out) }
        case .refused(let refused):
            withGroup(refused.group) { $0.handle(refused, from: voter, in: context, &out) }
        case .release(let release):
            guard release.holder.host == frame.sender else { return count(.implausible) }
            guard groups.index(of: release.group) != nil else {
                // There is nothing to free, and the sender waits to hear that. What is remembered
                // of a group that was known here ends by itself.
                guard !remembersGrant(of: release.group, at: context.now) else { return }
                return out.post(
                    .released(group: release.group, term: release.term, holder: release.holder),
                    to: voter
                )
            }
            withGroup(release.group) { $0.handle(release, from: voter, in: context, &out) }
        case .released(let group, let term, let holder):
            guard holder == self.holder else { return }
            withGroup(group) { group in
                group.releaseAcknowledged(term, by: voter)
            }
        case .inquiry(let inquiry):
            withGroup(inquiry.group) { $0.handle(inquiry, from: voter, in: context, &out) }
        case .offer(let offer):
            // It asks for our voter's grant, and is refused like any such request.
            guard agree else { return }
            withGroup(offer.request.group) {
                $0.handle(offer, from: voter, in: context, &out)
            }
        case .declined(let group, let number, let unready):
            withGroup(group) {
                $0.declined(number, because: unready, from: voter, in: context, &out)
            }
        case .appeal(let appeal):
            // A witness has no operator who could ask for it.
            guard peers[voter].role == .node else {
                return count(.implausible)
            }
            withGroup(appeal.group) { $0.handle(appeal, from: voter, in: context, &out) }
        case .appealAnswered(let group, let number, let refusal):
            withGroup(group) { group in
                group.appealAnswered(number, refusal: refusal, &out)
            }
        case .presence:
            break
        case .condition(let condition):
            guard let index = groups.index(of: condition.group),
                !groups.hearAgain(condition, of: index, from: voter, in: context)
            else { return }
            groups.change(index) { $0.handle(condition, from: voter, in: context, &out) }
        }
    }

    private func remembersGrant(of group: GroupID, at now: Reading) -> Bool {
        formerRecords.contains { $0.group == group && $0.grant?.isLive(at: now) == true }
    }

    /// Only a holder itself asks for it; its voter's answer repeats the question, and takes no more
    /// room than the frame that had the question.
    private mutating func answer(
        _ request: Request,
        of frame: Frame,
        from voter: Int,
        voterSetsAgree: Bool,
        in context: StepContext,
        _ out: inout StepOutput
    ) {
        guard request.holder.host == peers[voter].id, peers[voter].role == .node else {
            return count(.implausible)
        }
        let answer: Record
        if let index = groups.index(of: request.group) {
            answer = groups.change(index) {
                $0.answer(request, voterSetsAgree: voterSetsAgree, in: context, &out)
            }
        } else {
            out.fire(.refuseUnknownGroup)
            answer = .refused(Refused(request, because: .unknownGroup))
        }
        out.post(answer, to: voter, mayBeLarge: frame.isLarge)
    }

    private mutating func withGroup(_ id: GroupID, _ body: (inout Group) -> Void) {
        if let index = groups.index(of: id) { groups.change(index, body) }
    }

    // MARK: - Out

    /// Makes frames of what was posted, and of the heartbeats that are due. Once this host is awake
    /// to answer, heartbeats that are nearly due go along, to everybody, and the next ones may wait
    /// a little for their own occasion: so a cluster at rest falls into step with its owner, and
    /// exchanges one frame each way and heartbeat.
    mutating func flush(at now: Reading, _ out: inout StepOutput) {
        let heartbeat = settings.timing.heartbeat
        let isAwake = !out.posts.isEmpty
        var news: [Record]?
        for voter in peers.indices where voter != me && !peers[voter].paths.isEmpty {
            var small: [Record] = []
            var large: [Record] = []
            for post in out.posts where post.voter == voter {
                if post.mayBeLarge { large.append(post.record) } else { small.append(post.record) }
            }
            let early = isAwake ? heartbeat * 3 / 4 : .zero
            if peers[voter].heartbeatDue - now.boottime <= early {
                peers[voter].heartbeatDue =
                    now.boottime + (isAwake ? heartbeat * 5 / 4 : heartbeat)
                let records = news ?? heartbeatRecords(at: now)
                news = records
                if large.isEmpty { small = records + small } else { large = records + large }
            }
            // At most times there is little to say, and one frame has it all.
            if octets(of: small) + octets(of: large) <= Frame.smallRecordRoom {
                small += large
                large.removeAll()
            }
            if octets(of: large) > Frame.smallRecordRoom { peers[voter].hasLargeFrames = true }
            sendSplit(small, room: Frame.smallRecordRoom, to: voter, at: now, &out)
            sendSplit(large, room: peers[voter].recordRoom, to: voter, at: now, &out)
        }
        out.posts.removeAll()
    }

    private func octets(of records: [Record]) -> Int {
        var octets = 0
        for record in records { octets += record.encodedLength }
        return octets
    }

    private mutating func heartbeatRecords(at now: Reading) -> [Record] {
        var records: [Record] = [.presence(presence(at: now))]
        guard settings.isNode else { return records }
        records.reserveCapacity(1 + groups.all.count)
        groups.conditions(in: context(now)) { records.append(.condition($0)) }
        return records
    }

    /// As many frames as it takes, none of them with more records than there is room for.
    private mutating func sendSplit(
        _ records: [Record],
        room: Int,
        to voter: Int,
        at now: Reading,
        _ out: inout StepOutput
    ) {
        // To a session that we have adopted, its challenge; to any other, the next one.
        let challenge = peers[voter].session?.challenge ?? peers[voter].nextChallenge
        let proof = peers[voter].proof
        var batch: [Record] = []
        var octets = 0
        for record in records {
            let length = record.encodedLength
            if octets + length > room, !batch.isEmpty {
                send(batch, to: voter, proof: proof, challenge: challenge, at: now, &out)
                batch.removeAll(keepingCapacity: true)
                octets = 0
            }
            batch.append(record)
            octets += length
        }
        guard !batch.isEmpty else { return }
        send(batch, to: voter, proof: proof, challenge: challenge, at: now, &out)
    }

    private mutating func send(
        _ records: [Record],
        to voter: Int,
        proof: UInt64,
        challenge: UInt64,
        at now: Reading,
        _ out: inout StepOutput
    ) {
        peers[voter].sequence += 1
        let sentAt = UInt64(clamping: now.raw.nanoseconds)
        for (index, path) in peers[voter].paths.enumerated() {
            var echo: UInt64 = 0
            if path.lastSentAt > 0 {
                let kept = UInt64(clamping: (now.raw - path.lastArrival).nanoseconds)
                echo = path.lastSentAt &+ kept
            }
            out.emit(
                .send(
                    Frame(
                        cluster: settings.cluster,
                        voterSet: settings.voterSet,
                        sender: settings.me,
                        receiver: peers[voter].id,
                        session: session,
                        sequence: peers[voter].sequence,
                        proof: proof,
                        challenge: challenge,
                        path: UInt8(index),
                        sentAt: sentAt,
                        echo: echo,
                        records: records
                    )
                )
            )
        }
    }

    /// How this host is, and whom it hears.
    func presence(at now: Reading) -> Presence {
        var hearings: [Presence.Hearing] = []
        for (index, peer) in peers.enumerated() where index != me {
            for (number, path) in peer.paths.enumerated() {
                let age = path.lastHeard.map { now.boottime - $0 }
                let milliseconds = age.map { $0.nanoseconds / 1_000_000 } ?? Int64.max
                let response = (path.response?.nanoseconds ?? 0) / 1000
                hearings.append(
                    Presence.Hearing(
                        voter: peer.id,
                        path: UInt8(number),
                        heard: age.map { $0 <= settings.timing.hearing } ?? false,
                        ageMilliseconds: UInt16(clamping: milliseconds),
                        roundTripMicroseconds: UInt32(clamping: response)
                    )
                )
            }
        }
        return Presence(
            abstaining: now.raw < abstentionEnd,
            maintenance: maintenance,
            stopping: stoppingUntil != nil,
            suspended: suspended,
            timingDigest: settings.timingDigest,
            groupsDigest: settings.groupsDigest,
            hearings: hearings
        )
    }
}
