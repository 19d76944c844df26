import Glibc
import Testing
import VIPLab

/// Where `make deb` has put the packages, as the Makefile says.
let packageDirectory: String? = {
    guard let value = unsafe getenv("VIP_PACKAGES") else { return nil }
    return unsafe String(cString: value)
}()

/// The package, installed by apt on systems that boot.
@Suite(
    "Booted",
    .serialized,
    .enabled(
        if: geteuid() == 0 && packageDirectory != nil,
        "needs root, and VIP_PACKAGES to name the folder of `make deb`"
    ),
    .timeLimit(.minutes(5))
)
enum Booted {
    /// Three machines with nothing on them.
    static func bare(_ options: LabOptions = LabOptions()) throws -> Machines {
        try Machines(Packages(in: try #require(packageDirectory)), options)
    }

    /// The package on all three, and lb1 owns.
    static func ready(previous: Bool = false) throws -> Machines {
        let machines = try bare()
        do {
            try machines.setUp(previous ? try machines.packages.previous : nil)
        } catch {
            machines.close()
            throw error
        }
        return machines
    }
}

/// What clients of three machines see.
final class Clients {
    let udp: UDPProbe
    let watch: OwnerWatch

    init(of machines: Machines) throws {
        udp = try UDPProbe(in: machines.lab)
        watch = try OwnerWatch(in: machines.lab)
        try #require(udp.waitForService(by: .now + .seconds(5)))
    }

    /// Nobody noticed anything since then.
    func expectNothing(
        since begin: Moment,
        owner: Host = .lb1,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let seen = udp.report(since: begin)
        #expect(seen.lost == 0, sourceLocation: sourceLocation)
        #expect(seen.owners == [owner], sourceLocation: sourceLocation)
        expectOneOwner(since: begin, sourceLocation: sourceLocation)
    }

    /// What holds whatever was done: nobody ever saw two owners.
    func expectOneOwner(
        since begin: Moment,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(
            udp.report(since: begin).answersFromTwoAtOnce.isEmpty,
            sourceLocation: sourceLocation
        )
        #expect(
            watch.report(since: begin).answersFromTwoAtOnce == 0,
            sourceLocation: sourceLocation
        )
    }

    deinit {
        udp.end()
        watch.end()
    }
}

/// A figure of the documents; it is printed and not asserted, since machines differ.
func figure(_ what: String, _ value: some CustomStringConvertible) {
    print("figure: \(what): \(value)")
}
