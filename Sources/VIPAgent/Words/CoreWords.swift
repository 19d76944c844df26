import VIPCore

// What the core's enumerations are called, where no name of a host belongs to it.

extension DropReason {
    /// As it stands in the status.
    package var name: String {
        switch self {
        case .notForUs: "not_for_us"
        case .ownName: "own_name"
        case .unknownSender: "unknown_sender"
        case .unknownPath: "unknown_path"
        case .unproven: "unproven"
        case .staleProof: "stale_proof"
        case .duplicate: "duplicate"
        case .duplicateName: "duplicate_name"
        case .implausible: "implausible"
        }
    }

    /// All reasons for which the agent drops what comes in: the core's, those of a frame that can't
    /// be opened, and those of the sockets.
    package static var allNames: [String] {
        allCases.map(\.name) + OpenError.Reason.allCases.map(\.rawValue)
            + VoterRoutes.ShellDrop.allCases.map(\.rawValue)
    }
}

extension Report.State {
    var text: String {
        switch self {
        case .standby: "standby"
        case .candidate: "candidate"
        case .owner: "owner"
        case .lettingGo: "letting-go"
        }
    }
}

extension RefusalReason {
    /// Of the voter that refused.
    package var text: String {
        switch self {
        case .held: "another host has the lease"
        case .lowTerm: "the term was too low"
        case .abstaining: "it abstains after a restart"
        case .voterSets: "it has other voters in its configuration"
        case .suspended: "it waits for 'vip-agent accept-voters'"
        case .unknownGroup: "it does not know the group"
        case .recording: "it has not written the longer lease to its disk yet"
        case .highTerm: "the term is too far above all that it knows"
        }
    }
}

extension Unreadiness {
    package var text: String {
        switch self {
        case .interfaceDown: "interface down or missing"
        case .unhealthy: "a check fails"
        case .maintenance: "in maintenance"
        case .abstaining: "abstaining after a restart"
        case .suspended: "waiting for 'vip-agent accept-voters'"
        case .stopping: "stopping"
        case .busy: "owns the group, or asks for it, itself"
        case .unknownGroup: "does not serve the group"
        case .gateMissing: "the gate is not in place"
        case .kernelRefuses: "the kernel would refuse the addresses"
        case .kernelSilent: "the kernel does not answer"
        }
    }
}

extension SwitchoverRefusal {
    package var text: String {
        switch self {
        case .notOwner: "this host does not own the group"
        case .noSuccessor: "no other node is ready to take over"
        case .successorUnknown: "there is no node of that name"
        case .successorNotHeard: "that node is not heard"
        case .successorNotReady: "that node is not ready"
        case .successorOwnsIt: "that node owns the group already"
        case .underWay: "a switchover is under way"
        case .noAnswer: "the successor did not answer in time"
        case .unknownGroup: "there is no group of that name"
        case .tooSoon: "another host's order was carried out a moment ago"
        case .heldDown: "the group has changed hands too often within a minute"
        }
    }
}

extension PageStore.Loss {
    var text: String {
        switch self {
        case .none: "the page is whole"
        case .otherBoot: "the page is of another boot"
        case .otherNamespace: "the page is of another network namespace"
        case .damaged: "the page is damaged"
        case .empty: "there is no page"
        }
    }
}
