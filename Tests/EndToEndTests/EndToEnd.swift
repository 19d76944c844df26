import Glibc
import Testing
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

/// What holds whatever was done: nobody ever saw two owners.
func expectOneOwner(
    _ seen: Experiment.Outcome,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(seen.udp.answersFromTwoAtOnce.isEmpty, sourceLocation: sourceLocation)
    #expect(seen.watch.resolution.answersFromTwoAtOnce.isEmpty, sourceLocation: sourceLocation)
    #expect(seen.watch.ip.answersFromTwoAtOnce.isEmpty, sourceLocation: sourceLocation)
}

/// Clients noticed nothing at all, and the owner is who it was.
func expectNothing(
    _ seen: Experiment.Outcome,
    owner: Host = .lb1,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    expectOneOwner(seen, sourceLocation: sourceLocation)
    #expect(seen.lost == 0, sourceLocation: sourceLocation)
    #expect(seen.udp.owners == [owner], sourceLocation: sourceLocation)
    #expect(seen.watch.resolution.owners == [owner], sourceLocation: sourceLocation)
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
