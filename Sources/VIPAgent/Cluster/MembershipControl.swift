import Logging
import VIPConfiguration
import VIPControl
import VIPCore
import VIPPlatform

/// Operators' requests: what comes over the control socket, and what goes back.
extension Membership {
    func take(_ request: ControlSocket.Request, of process: ProcessFacts) {
        let asked: ControlRequest
        do throws(ControlRequestError) {
            asked = try ControlRequest(parsing: Array(request.line.utf8))
        } catch {
            answer(request.client, .malformed(error))
            return
        }
        switch asked {
        case .status:
            gate?.refresh()
            answer(request.client, .status(statusReport(of: process)))
        case .history: answer(request.client, .history(history.entries))
        case .switchover(let group, let target):
            guard let id = knownGroup(group, request.client) else { return }
            var host: HostID?
            if let target {
                guard let known = site.host(named: target) else {
                    answer(
                        request.client,
                        .refused(
                            ControlRefusal(
                                .unknownNode,
                                "there is no node named '\(target)'",
                                help: "nodes: \(nodeNames)"
                            )
                        )
                    )
                    return
                }
                guard site.configuration.nodes.contains(where: { $0.name == target }) else {
                    answer(
                        request.client,
                        .refused(
                            ControlRefusal(
                                .unknownNode,
                                "'\(target)' is a witness, which never owns anything",
                                help: "nodes: \(nodeNames)"
                            )
                        )
                    )
                    return
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

    private var nodeNames: String {
        site.configuration.nodes.map(\.name).joined(separator: ", ")
    }

    private func knownGroup(_ name: String, _ client: ControlSocket.ClientID) -> GroupID? {
        if let id = site.group(named: name) { return id }
        let names = site.groups.map(\.name).sorted().joined(separator: ", ")
        answer(
            client,
            .refused(
                ControlRefusal(
                    .unknownGroup,
                    "there is no group named '\(name)'",
                    help: "groups: \(names)"
                )
            )
        )
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
                    message: "\(what): \(site.name(of: host)) owns it, term \(term.number)",
                    payload: nil
                )
            )
        case .refused(let refusal):
            let explanation = explain(refusal, what)
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

    private func explain(_ refusal: CommandRefusal, _ what: String) -> ControlRefusal {
        switch refusal {
        case .unknownGroup:
            ControlRefusal(.unknownGroup, "\(what): there is no such group")
        case .notANode:
            ControlRefusal(
                .unsupported,
                "\(what): this host is the witness and owns nothing",
                help: "run it on one of \(nodeNames)"
            )
        case .switchover(let why, let unready):
            explain(why, unready, what)
        case .voterHeard(let voter):
            ControlRefusal(
                .unsafe,
                "\(what): \(site.name(of: voter)) is heard, so the majority decides",
                help: "force is for when every other voter is off; look at 'vipctl status'"
            )
        case .held(let holder, let remaining):
            ControlRefusal(
                .unsafe,
                "\(what): \(site.name(of: holder)) holds the lease for another "
                    + text.text(remaining),
                help: "try again then"
            )
        case .alreadyOwner:
            ControlRefusal(.failed, "\(what): this host owns it already")
        case .notOwner:
            ControlRefusal(
                .notOwner,
                "\(what): this host does not own it",
                help: "run it on the owner; 'vipctl status' names it"
            )
        case .interfaceDown:
            ControlRefusal(
                .notReady,
                "\(what): the group's interface is down or missing",
                help: "'ip link' shows it"
            )
        case .abstaining(let remaining):
            ControlRefusal(
                .notReady,
                "\(what): this host's voter abstains for another \(text.text(remaining))",
                help: "it has restarted without its memory; try again then"
            )
        case .suspended:
            ControlRefusal(
                .notReady,
                "\(what): the voters or addresses have changed and were not accepted",
                help: "see 'vip-agent accept-voters'"
            )
        case .stopping: ControlRefusal(.notReady, "\(what): the agent is stopping")
        case .lettingGo:
            ControlRefusal(
                .notReady,
                "\(what): the addresses are still being taken off here",
                help: "try again in a moment"
            )
        case .groupsDiffer(let host):
            ControlRefusal(
                .unsafe,
                "\(what): \(site.name(of: host)) has other groups or addresses in its file",
                help: "put the same file on every host and reload each, and accept it then"
            )
        case .termsUsedUp:
            ControlRefusal(
                .failed,
                "\(what): this group's terms are used up",
                help: "see 'terms' in docs/operations.md"
            )
        case .notSuspended:
            ControlRefusal(
                .failed,
                "there is nothing to accept: the voters and addresses hold already"
            )
        }
    }

    private func explain(
        _ why: SwitchoverRefusal,
        _ unready: Unreadiness?,
        _ what: String
    ) -> ControlRefusal {
        let detail = unready.map { ": \(ReportText.text($0))" } ?? ""
        let code: ControlRefusal.Code
        switch why {
        case .notOwner: code = .notOwner
        case .successorUnknown: code = .unknownNode
        case .unknownGroup: code = .unknownGroup
        case .noSuccessor, .successorNotHeard, .successorNotReady: code = .notReady
        case .successorOwnsIt, .underWay, .noAnswer, .tooSoon, .heldDown: code = .failed
        }
        return ControlRefusal(
            code,
            "\(what): \(ReportText.text(why))\(detail)",
            help: "'vipctl status' shows who is heard and ready"
        )
    }
}
