import VIPConfiguration
import VIPControl
import VIPCore

/// Why an order of an operator is not carried out; `SwitchoverRefusal` has more of them.
package enum RefusalSentence: String, Sentence {
    case noSuchGroup = "there is no group named '…'"
    case noSuchNode = "there is no node named '…'"
    case witnessNamed = "'…' is a witness, which never owns anything"
    case groupGone = "there is no such group"
    case witness = "this host is the witness and owns nothing"
    case voterHeard = "… is heard, so the majority decides"
    case held = "… holds the lease for another …"
    case alreadyOwner = "this host owns it already"
    case notOwner = "this host does not own it"
    case interfaceDown = "the group's interface is down or missing"
    case abstaining = "this host's voter abstains for another …"
    case suspended = "the voters or addresses have changed and were not accepted"
    case stopping = "the agent is stopping"
    case lettingGo = "the addresses are still being taken off here"
    case groupsDiffer = "… has other groups or addresses in its file"
    case termsUsedUp = "this group's terms are used up"
    case notSuspended = "there is nothing to accept: the voters and addresses hold already"

    var code: ControlRefusal.Code {
        switch self {
        case .noSuchGroup, .groupGone: .unknownGroup
        case .noSuchNode, .witnessNamed: .unknownNode
        case .witness: .unsupported
        case .voterHeard, .held, .groupsDiffer: .unsafe
        case .notOwner: .notOwner
        case .interfaceDown, .abstaining, .suspended, .stopping, .lettingGo: .notReady
        case .alreadyOwner, .termsUsedUp, .notSuspended: .failed
        }
    }
}

/// What an operator is told whose order is refused.
struct RefusalText {
    let cluster: LocalCluster
    let text: ReportText

    func noGroup(named name: String) -> ControlRefusal {
        let names = cluster.groups.map(\.name).sorted().joined(separator: ", ")
        return refusal(.noSuchGroup, [name], help: "groups: \(names)")
    }

    func noNode(named name: String) -> ControlRefusal {
        refusal(.noSuchNode, [name], help: "nodes: \(nodeNames)")
    }

    func witness(named name: String) -> ControlRefusal {
        refusal(.witnessNamed, [name], help: "nodes: \(nodeNames)")
    }

    /// - Parameter order: what was asked for, such as "switchover of web".
    func explain(_ refusal: CommandRefusal, of order: String) -> ControlRefusal {
        var explained = explain(refusal)
        if refusal != .notSuspended { explained.error = "\(order): \(explained.error)" }
        return explained
    }

    private func explain(_ reason: CommandRefusal) -> ControlRefusal {
        switch reason {
        case .unknownGroup: refusal(.groupGone)
        case .switchover(let why, let unready):
            ControlRefusal(
                code(why),
                why.text + (unready.map { ": \($0.text)" } ?? ""),
                help: why == .heldDown
                    ? "run it on the owner, if it has to be now; 'vipctl status' names it"
                    : "'vipctl status' shows who is heard and ready"
            )
        case .notANode: refusal(.witness, help: "run it on one of \(nodeNames)")
        case .voterHeard(let voter):
            refusal(
                .voterHeard,
                [cluster.name(of: voter)],
                help: "force is for when every other voter is off; look at 'vipctl status'"
            )
        case .held(let holder, let remaining):
            refusal(
                .held,
                [cluster.name(of: holder), text.text(remaining)],
                help: "try again then"
            )
        case .alreadyOwner: refusal(.alreadyOwner)
        case .notOwner:
            refusal(.notOwner, help: "run it on the owner; 'vipctl status' names it")
        case .interfaceDown: refusal(.interfaceDown, help: "'ip link' shows it")
        case .abstaining(let remaining):
            refusal(
                .abstaining,
                [text.text(remaining)],
                help: "it has restarted without its memory; try again then"
            )
        case .suspended: refusal(.suspended, help: "see 'vip-agent accept-voters'")
        case .stopping: refusal(.stopping)
        case .lettingGo: refusal(.lettingGo, help: "try again in a moment")
        case .groupsDiffer(let host):
            refusal(
                .groupsDiffer,
                [cluster.name(of: host)],
                help: "put the same file on every host and reload each, and accept it then"
            )
        case .termsUsedUp:
            refusal(
                .termsUsedUp,
                help: "docs/daily-work.md says how to begin at term 1 again"
            )
        case .notSuspended: refusal(.notSuspended)
        }
    }

    private func code(_ why: SwitchoverRefusal) -> ControlRefusal.Code {
        switch why {
        case .notOwner: .notOwner
        case .successorUnknown: .unknownNode
        case .unknownGroup: .unknownGroup
        case .noSuccessor, .successorNotHeard, .successorNotReady: .notReady
        case .successorOwnsIt, .underWay, .noAnswer, .tooSoon, .heldDown: .failed
        }
    }

    private func refusal(
        _ sentence: RefusalSentence,
        _ parts: [String] = [],
        help: String? = nil
    ) -> ControlRefusal {
        ControlRefusal(sentence.code, sentence.text(parts), help: help)
    }

    private var nodeNames: String {
        cluster.configuration.nodes.map(\.name).joined(separator: ", ")
    }
}
