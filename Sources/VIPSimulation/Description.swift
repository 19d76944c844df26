import VIPCore
import VIPHost

/// One line of the transcript.
struct TranscriptEntry {
    var time: TrueTime
    var matter: Matter

    enum Matter {
        case remark(String)
        /// What goes on between an agent and its kernel.
        case detail(String)
        case event(host: Int, Event)
        case addresses(host: Int, AddressEvent)
        case effect(host: Int, Effect)
    }
}

/// Short lines for the transcript.
extension World {
    func describe(_ entry: TranscriptEntry) -> String {
        switch entry.matter {
        case .remark(let line), .detail(let line): line
        case .event(let host, let event): "\(hosts[host].name) < \(describe(event))"
        case .addresses(let host, let event):
            "\(hosts[host].name) addresses < \(describe(event))"
        case .effect(let host, let effect): "\(hosts[host].name) > \(describe(effect))"
        }
    }

    func describe(_ memory: Memory) -> String {
        guard let page = memory.page else {
            return "new incarnation \(short(memory.newIncarnation))"
        }
        return "page of incarnation \(short(page.header.incarnation))"
            + page.records.map { " \(describe($0))" }.joined()
    }

    func short(_ incarnation: Incarnation) -> String {
        String(incarnation.bits % 0xFFFF, radix: 16)
    }

    func describe(_ holder: Holder) -> String {
        "\(name(holder.host)).\(short(holder.incarnation))"
    }

    func name(_ host: HostID) -> String {
        hosts.indices.contains(index(host)) ? hosts[index(host)].name : "?\(host.bits)"
    }

    func describe(_ record: GroupRecord) -> String {
        var line = "g\(record.group.bits) used=t\(record.highestUsed.number)"
        line += " granted=t\(record.highestGranted.number)"
        if let grant = record.grant {
            line += " grant=\(describe(grant.holder))/t\(grant.term.number)"
            line += grant.released ? "/released" : "/\(text(grant.expiry.nanoseconds))"
        }
        if let tenure = record.tenure {
            line += " tenure=t\(tenure.term.number) until \(text(tenure.deadline.raw.nanoseconds))"
            line += tenure.forced ? " forced" : ""
            line += " by " + tenure.counted.map { name($0.voter) }.joined(separator: ",")
        }
        return line
    }

    func describe(_ event: Event) -> String {
        switch event {
        case .received(let frame): describe(frame)
        case .leaseRecorded(let lease): "leaseRecorded \(text(lease.nanoseconds))"
        case .start, .wake, .addressesAdded, .addressesLate, .addressesRemoved, .addressesFound,
            .interface, .health, .gate, .gatesClosed, .addressable, .kernelAnswers, .command,
            .shutdown:
            "\(event)"
        }
    }

    func describe(_ effect: Effect) -> String {
        switch effect {
        case .writeHeader(let header):
            "header incarnation=\(short(header.incarnation))"
                + " abstains until \(text(header.abstentionEnd.nanoseconds))"
        case .writeRecord(let record): "record \(describe(record))"
        case .openGate(let group, let until):
            "open gate g\(group.bits) until \(text(until.nanoseconds))"
        case .closeGate(let group): "close gate g\(group.bits)"
        case .addAddresses(let group, let request, let lifetime, let before):
            "add g\(group.bits) #\(request) for \(text(lifetime.nanoseconds))"
                + (before.map { " before \(text($0.nanoseconds))" } ?? "")
        case .removeAddresses(let group, let request): "remove g\(group.bits) #\(request)"
        case .announce(let group): "announce g\(group.bits)"
        case .send(let frame): describe(frame)
        case .recordLease(let lease): "record lease \(text(lease.nanoseconds))"
        case .recordTerm(let group, let term): "record g\(group.bits) t\(term.number)"
        case .recordVoters, .reply, .exit: "\(effect)"
        case .report(let report): "\(report)"
        }
    }

    func describe(_ frame: Frame) -> String {
        "\(name(frame.sender))>\(name(frame.receiver)) s\(frame.session % 1000)#\(frame.sequence)"
            + " proof=\(frame.proof % 1000) challenge=\(frame.challenge % 1000) p\(frame.path)"
            + frame.records.map { " [\(describe($0))]" }.joined()
    }

    private func describe(_ record: Record) -> String {
        switch record {
        case .request(let request): "asks \(describe(request))"
        case .granted(let granted):
            "grants g\(granted.group.bits) t\(granted.term.number) \(describe(granted.holder))"
                + " \(text(granted.length.nanoseconds)) @\(text(granted.stamp.raw.nanoseconds))"
        case .refused(let refused):
            "refuses g\(refused.group.bits) t\(refused.term.number) \(refused.reason)"
                + (refused.current.map { " held by \(describe($0))" } ?? "")
                + " \(text(refused.remaining.nanoseconds)) t\(refused.highestGranted.number)"
        case .release(let release):
            "releases g\(release.group.bits) t\(release.term.number) \(describe(release.holder))"
                + (release.vote.map { " votes \(describe($0.holder)) t\($0.term.number)" } ?? "")
        case .released(let group, let term, let holder):
            "released g\(group.bits) t\(term.number) \(describe(holder))"
        case .inquiry(let inquiry):
            "inquires g\(inquiry.group.bits) #\(inquiry.number % 1000)"
        case .offer(let offer): "offers #\(offer.number % 1000) \(describe(offer.request))"
        case .declined(let group, let number, let unready):
            "declines g\(group.bits) #\(number % 1000) \(unready)"
        case .appeal(let appeal): "appeals g\(appeal.group.bits) #\(appeal.number % 1000)"
        case .appealAnswered(let group, let number, let refusal):
            "answers g\(group.bits) #\(number % 1000) \(refusal.map { "\($0)" } ?? "done")"
        case .presence(let presence):
            "here" + (presence.abstaining ? " abstaining" : "")
                + (presence.maintenance ? " maintenance" : "")
                + (presence.stopping ? " stopping" : "")
                + " hears "
                + presence.hearings.filter(\.heard).map { name($0.voter) }.joined(separator: ",")
        case .condition(let condition):
            "g\(condition.group.bits)" + (condition.owns ? " owns" : "")
                + (condition.forced ? " forced" : "") + " t\(condition.term.number)"
                + (condition.unready.map { " \($0)" } ?? "")
        }
    }

    private func describe(_ request: Request) -> String {
        "g\(request.group.bits) t\(request.term.number) \(describe(request.holder))"
            + " \(text(request.length.nanoseconds)) @\(text(request.stamp.raw.nanoseconds))"
    }
}
