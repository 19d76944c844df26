import VIPCore

/// Effects as lines of text, in their order, for tests to compare with.
///
/// Reports have a list of their own. Heartbeats (presence and condition) are left out, so a frame
/// that carries nothing else is no line; a frame that goes over several paths is one.
enum Transcript {
    static func lines(_ effects: [Effect]) -> [String] {
        var lines: [String] = []
        var last: (receiver: HostID, sequence: UInt64)?
        for effect in effects {
            if case .send(let frame) = effect {
                if let last, last == (frame.receiver, frame.sequence) { continue }
                last = (frame.receiver, frame.sequence)
            }
            if let line = line(effect) { lines.append(line) }
        }
        return lines
    }

    private static func line(_ effect: Effect) -> String? {
        switch effect {
        case .writeHeader(let header):
            "header: incarnation \(header.incarnation.bits), abstains until "
                + header.abstentionEnd.sinceZero.text
                + (header.maintenance ? ", maintenance" : "")
        case .writeRecord(let record): "page: " + page(record)
        case .openGate(_, let until): "open gate until \(until.sinceZero.text)"
        case .closeGate: "close gate"
        case .addAddresses(_, let request, let lifetime, let before):
            // With a gate it is always the same.
            "add addresses #\(request)"
                + (before.map { " for \(lifetime.text) before \($0.sinceZero.text)" } ?? "")
        case .removeAddresses(_, let request): "remove addresses #\(request)"
        case .announce: "announce"
        case .send(let frame): sent(frame)
        case .recordLease(let lease): "record lease \(lease.text)"
        case .recordTerm(_, let term): "record term \(term.number)"
        case .recordVoters: "record voters"
        case .reply(let id, let outcome): "reply \(id): \(outcome)"
        case .report: nil
        case .exit: "exit"
        }
    }

    private static func page(_ record: GroupRecord) -> String {
        var parts: [String] = []
        if let grant = record.grant {
            let state = grant.released ? "freed" : "until \(grant.expiry.sinceZero.text)"
            parts.append("grant \(name(of: grant.holder.host)) \(grant.term.number) \(state)")
        } else {
            parts.append("no grant")
        }
        parts.append("used \(record.highestUsed.number)")
        if let tenure = record.tenure {
            let forced = tenure.forced ? "forced " : ""
            let until = tenure.deadline.boottime.sinceZero.text
            parts.append("\(forced)tenure \(tenure.term.number) until \(until)")
        } else {
            parts.append("no tenure")
        }
        return parts.joined(separator: ", ")
    }

    private static func sent(_ frame: Frame) -> String? {
        let sentences = frame.records.compactMap { sentence($0) }
        guard !sentences.isEmpty else { return nil }
        return "to \(name(of: frame.receiver)): " + sentences.joined(separator: "; ")
    }

    static func sentence(_ record: Record) -> String? {
        switch record {
        case .request(let request): return "request \(request.term.number)"
        case .granted(let granted): return "granted \(granted.term.number)"
        case .refused(let refused):
            let holder = refused.current.map { " by \(name(of: $0.host))" } ?? ""
            return "refused \(refused.term.number) \(refused.reason)\(holder)"
        case .release(let release):
            let vote = release.vote.map { " with vote for \($0.term.number)" } ?? ""
            return "release \(release.term.number)\(vote)"
        case .released(_, let term, _): return "released \(term.number)"
        case .inquiry: return "inquiry"
        case .offer(let offer): return "offer \(offer.request.term.number)"
        case .declined(_, _, let unready): return "declined \(unready)"
        case .appeal: return "appeal"
        case .appealAnswered(_, _, let refusal):
            return "appeal answered " + (refusal.map { "\($0)" } ?? "yes")
        case .presence, .condition: return nil
        }
    }
}
