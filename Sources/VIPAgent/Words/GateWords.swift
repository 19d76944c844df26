import Logging
import VIPHost

extension GateKeeper {
    /// Something for the log. Of one kind only the first within some seconds is.
    package struct Note: Equatable {
        package var level: Logger.Level
        package var kind: String
        package var event: String
        package var reason: String

        private init(_ level: Logger.Level, _ kind: String, _ event: String, _ reason: String) {
            (self.level, self.kind, self.event, self.reason) = (level, kind, event, reason)
        }

        package init(_ note: GateNote) {
            switch note {
            case .found(let way):
                self.init(.info, "gate found", "gate-found", "by \(way.text)")
            case .loaded:
                self.init(.info, "gate loaded", "gate-loaded", "none was found")
            case .unavailable(let reason, let groups):
                let consequence =
                    switch groups {
                    case 0: "lifetimes or the agent alone enforce"
                    case 1: "1 group can't be owned here"
                    default: "\(groups) groups can't be owned here"
                    }
                self.init(.warning, "gate", "gate-unavailable", "\(reason); \(consequence)")
            case .silent:
                let reason = GatePosture.Trouble.silence.text
                self.init(.warning, "gate silent", "gate-late", reason)
            case .failed(let reason):
                self.init(.error, "gate failed", "gate-failed", reason)
            case .notPinned(let reason):
                self.init(.warning, "gate pins", "gate-not-pinned", reason)
            case .missing(let name, let failure):
                let reason = "\(name): \(failure)"
                self.init(.error, "gate \(name) missing", "gate-missing", reason)
            case .back(let name):
                self.init(.notice, "gate \(name) back", "gate-in-place", "on \(name)")
            case .risk(let name, let risk):
                self.init(.warning, "gate \(name) risk", "gate-risk", "\(name): \(risk)")
            case .putBack(let name):
                let reason = "somebody took it off \(name)"
                self.init(.warning, "gate \(name)", "gate-put-back", reason)
            case .foreignRemoved(let what):
                self.init(.notice, "gate left", "gate-removed", "\(what), of an earlier agent")
            case .foreignLeft(let failure):
                let reason = "\(failure): run 'vip-agent clean'"
                self.init(.error, "gate left", "gate-left", reason)
            }
        }
    }
}

extension GatePosture.Trouble {
    var text: String {
        switch self {
        case .silence:
            "the kernel has not answered when asked about the gate; a driver or another program "
                + "may hold its lock"
        case .failure(let reason): reason
        }
    }
}

extension GateWay {
    var text: String {
        switch self {
        case .descriptors: "its descriptors"
        case .pins: "its pins"
        case .program(let interface): "the program on \(interface)"
        }
    }
}
