import Glibc
import Testing
import VIPControl
import VIPLab

/// Real agents on real kernels: the release binaries, in hosts that are network namespaces.
///
/// One test after the other, as each measures time and the machine has to be quiet. The bounds on
/// outages are generous for the same reason; what may never happen is asserted without any
/// allowance.
@Suite(
    "End to end",
    .serialized,
    .enabled(if: geteuid() == 0, "needs root: the hosts of the lab are network namespaces"),
    .timeLimit(.minutes(2))
)
enum EndToEnd {}

/// The two timings at which everything is promised.
enum Pace: String, CaseIterable, CustomTestStringConvertible {
    case ordinary
    case quick

    var options: LabOptions {
        switch self {
        case .ordinary: LabOptions()
        case .quick: LabOptions(heartbeat: .milliseconds(5), lease: .milliseconds(15))
        }
    }

    var lease: Duration { options.configuration.lease }

    /// For a takeover, on a machine that has other things to do.
    var patience: Duration { self == .ordinary ? .milliseconds(1500) : .milliseconds(300) }

    var testDescription: String { self == .ordinary ? "100 ms / 500 ms" : "5 ms / 15 ms" }
}

/// Both floating addresses of the lab.
let bothFamilies = ["10.77.0.100", "fd77::64"]

/// What holds whatever was done: nobody ever saw two owners, of any address.
func expectOneOwner(
    _ seen: Experiment.Outcome,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    for view in seen.views {
        let address = view.address
        let watch = view.watch
        #expect(
            view.udp.answersFromTwoAtOnce.count == 0,
            "\(address)",
            sourceLocation: sourceLocation
        )
        #expect(
            watch.resolution.answersFromTwoAtOnce.count == 0,
            "\(address)",
            sourceLocation: sourceLocation
        )
        #expect(
            watch.ip.answersFromTwoAtOnce.count == 0,
            "\(address)",
            sourceLocation: sourceLocation
        )
    }
}

/// Clients noticed nothing at all, and the owner is who it was.
func expectNothing(
    _ seen: Experiment.Outcome,
    owner: Host = .lb1,
    losing mostLost: Int = 0,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    expectOneOwner(seen, sourceLocation: sourceLocation)
    #expect(seen.lost <= mostLost, sourceLocation: sourceLocation)
    for view in seen.views {
        let address = view.address
        #expect(view.udp.owners == [owner], "\(address)", sourceLocation: sourceLocation)
        #expect(
            view.watch.resolution.owners == [owner],
            "\(address)",
            sourceLocation: sourceLocation
        )
    }
}

/// The address went to the other node, once, and was away no longer than this.
func expectTakeover(
    _ seen: Experiment.Outcome,
    by owner: Host,
    within limit: Duration,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    expectOneOwner(seen, sourceLocation: sourceLocation)
    #expect(seen.owner == owner, sourceLocation: sourceLocation)
    #expect(seen.changes(since: owner.peer) == 1, sourceLocation: sourceLocation)
    #expect(seen.outage <= limit, sourceLocation: sourceLocation)
}

extension Lab {
    /// The term that a host's agent knows for the group.
    func term(knownTo host: Host) throws -> UInt64 {
        let group = try #require(try status(of: host).group(webGroup))
        return group.term
    }
}
