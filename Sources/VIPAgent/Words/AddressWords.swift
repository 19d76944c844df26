import Logging
import VIPHost

/// What is said of this host's addresses: to the log, and as reasons for not being ready.
extension AddressNote {
    /// The name of the event in the log, and how much it matters.
    package var event: (name: String, level: Logger.Level) {
        switch self {
        case .noInterface, .refused, .stillThere, .silent, .unaddressable, .surveyRefused,
            .leftoverRefused:
            ("kernel-refused", .error)
        case .unannounced: ("announcement-failed", .error)
        case .leftoverRemoved: ("leftover-removed", .warning)
        }
    }

    /// Without the address: repeats of one kind may be folded.
    package var kind: String {
        switch self {
        case .noInterface: "no interface"
        case .refused(_, let refusal): refusal.kind
        case .stillThere: "still there"
        case .silent: "silent"
        case .unaddressable(_, let refusal): "trial \(refusal.kind)"
        case .unannounced(_, let refusal): "announce \(refusal.kind)"
        case .surveyRefused(let refusal): "survey \(refusal.kind)"
        case .leftoverRefused(let refusal): "leftover \(refusal.kind)"
        case .leftoverRemoved(let address): "leftover \(address)"
        }
    }

    package var text: String {
        switch self {
        case .noInterface(_, let name): "interface \(name) does not exist"
        case .refused(_, let refusal), .unaddressable(_, let refusal),
            .unannounced(_, let refusal), .surveyRefused(let refusal),
            .leftoverRefused(let refusal):
            refusal.text
        case .stillThere(_, let address):
            "\(address) is still there, though it was removed; it is tried again"
        case .silent(_, let seconds): Self.silence(seconds)
        case .leftoverRemoved(let address): "\(address)"
        }
    }

    static func silence(_ seconds: Int64) -> String {
        "the kernel has not answered for \(seconds) s when asked about addresses; a driver or "
            + "another program may hold its lock: look for processes in state D ('ps -eo "
            + "pid,stat,wchan,comm')"
    }
}

extension HostAddresses.Finding {
    package var text: String {
        switch self {
        case .notBegun: "the kernel has not said yet which interfaces and addresses it has"
        case .renamed(let interface, let name):
            "interface \(interface) is called \(name) now: rename it back, or write interface = "
                + "\"\(name)\" and reload"
        case .noInterface(let name): "there is no interface \(name)"
        case .interfaceDown(let name): "interface \(name) is down"
        case .kernelSilent(let seconds): AddressNote.silence(seconds)
        case .refused(let refusal): "the kernel would refuse the addresses: \(refusal)"
        }
    }
}
