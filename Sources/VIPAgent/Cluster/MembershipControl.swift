import Logging
import VIPConfiguration
import VIPControl
import VIPCore
import VIPHost
import VIPPlatform

/// Operators' requests: what comes over the control socket, and what goes back.
extension Membership {
    func handle(_ request: ControlSocket.Request, of process: ProcessFacts) {
        let asked: ControlRequest
        do throws(ControlRequestError) {
            asked = try ControlRequest(parsing: Array(request.line.utf8))
        } catch {
            answer(request.client, .malformed(error))
            return
        }
        guard !request.isAbandoned || asked.isQuestion else {
            let reason = "whoever gave it had hung up before it was read"
            log.warning(
                "order-dropped",
                metadata: ["order": "\(asked.line)", "reason": "\(reason)"]
            )
            return
        }
        switch asked {
        case .status:
            // Of what nobody tells: the status after the next one says.
            stepHost(.gate(.asked))
            answer(request.client, .status(statusReport(of: process)))
        case .history: answer(request.client, .history(history.entries))
        case .switchover(let group, let target):
            guard let id = knownGroup(group, request.client) else { return }
            var host: HostID?
            if let target {
                guard let known = cluster.host(named: target) else {
                    return answer(request.client, .refused(refusals.noNode(named: target)))
                }
                guard cluster.configuration.nodes.contains(where: { $0.name == target }) else {
                    return answer(request.client, .refused(refusals.witness(named: target)))
                }
                host = known
            }
            order(.switchover(id, to: host), request.client, "switchover of \(group)")
        case .takeover(let group):
            guard let id = knownGroup(group, request.client) else { return }
            order(.takeover(id), request.client, "takeover of \(group) by force")
        case .announce(let group):
            guard let id = knownGroup(group, request.client) else { return }
            order(.announce(id), request.client, "announcement of \(group)")
        case .maintenance(let on):
            order(.maintenance(on), request.client, "maintenance \(on ? "on" : "off")")
        case .acceptVoters:
            order(.acceptVoters, request.client, "voters accepted")
        case .reload:
            reloadRequests.append(request.client)
        }
    }

    private var refusals: RefusalText { RefusalText(cluster: cluster, text: text) }

    private func knownGroup(_ name: String, _ client: ControlSocket.ClientID) -> GroupID? {
        if let id = cluster.group(named: name) { return id }
        answer(client, .refused(refusals.noGroup(named: name)))
        return nil
    }

    private func order(
        _ command: Command,
        _ client: ControlSocket.ClientID,
        _ what: String
    ) {
        let id = nextCommand
        nextCommand += 1
        waiting.append((id, client, what))
        log.notice("order", metadata: ["order": "\(what)"])
        step(.command(command, id: id))
    }

    func reply(to id: UInt64, _ outcome: Outcome) {
        guard let index = waiting.firstIndex(where: { $0.command == id }) else { return }
        let (_, client, what) = waiting.remove(at: index)
        switch outcome {
        case .done:
            answer(client, .done(message: "\(what): done", payload: nil))
        case .moved(let host, let term):
            answer(
                client,
                .done(
                    message: "\(what): \(cluster.name(of: host)) owns it, term \(term.number)",
                    payload: nil
                )
            )
        case .refused(let refusal):
            let explanation = refusals.explain(refusal, of: what)
            log.notice("order-refused", metadata: ["reason": "\(explanation.error)"])
            answer(client, .refused(explanation))
        }
    }

    func answer(_ client: ControlSocket.ClientID, _ reply: ControlReply) {
        hasRareUse = true
        _ = control.reply(
            client,
            Array(reply.serialized().utf8),
            keepOpen: false,
            at: ClockReading.bootNow()
        )
    }
}
