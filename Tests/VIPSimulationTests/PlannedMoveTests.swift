import Testing
import VIPCore
import VIPSimulation

@Suite("Planned moves, simulated")
struct PlannedMoveTests {
    private let n1 = 0
    private let n2 = 1

    /// One-way delays of at most 0.2 ms, and a kernel that takes at most 0.1 ms.
    private let quick = 10.0

    @Test("a switchover takes milliseconds")
    func switchover() throws {
        let world = World.settled()
        world.switchover(host: n1)
        let time = try #require(world.time(until: n2, within: .seconds(1)))
        #expect(time <= quick)
        #expect(world.stays(n2, owner: 0, for: .seconds(5)))
        #expect(world.violation == nil)
    }

    @Test("SIGTERM hands over, and the agent ends within two seconds")
    func terminated() throws {
        let world = World.settled()
        world.terminate(host: n1)
        let time = try #require(world.time(until: n2, within: .seconds(1)))
        #expect(time <= quick)
        #expect(world.stays(n2, owner: 0, for: .seconds(5)))
        #expect(world.violation == nil)
    }

    @Test("a check that fails moves the group away, and one that fails on both does not")
    func checks() throws {
        let world = World.settled()
        world.check(host: n1, passes: false)
        let time = try #require(world.time(until: n2, within: .seconds(1)))
        #expect(time <= quick)
        world.check(host: n2, passes: false)
        #expect(world.stays(n2, owner: 0, for: .seconds(5)))
        #expect(world.violation == nil)
    }

    @Test("an interface without carrier moves the group over the other path")
    func carrierOfOnePath() throws {
        let world = World.settled { $0.paths = 2 }
        world.carrier(host: n1, path: 0, up: false)
        let time = try #require(world.time(until: n2, within: .seconds(1)))
        #expect(time <= quick)
        #expect(world.violation == nil)
    }

    @Test("the only link loses carrier: silent at once, and the other owns when the lease is over")
    func carrierOfOnlyPath() throws {
        let world = World.settled()
        world.carrier(host: n1, path: 0, up: false)
        let silent = try #require(world.time(untilNobodyOwns: 0, within: .seconds(1)))
        #expect(silent <= 100)
        let taken = try #require(world.time(until: n2, within: .seconds(2)))
        #expect(silent + taken <= 507)
        #expect(world.violation == nil)
    }

    @Test("addresses that somebody deletes are put back")
    func deleted() throws {
        let world = World.settled()
        world.deleteAddresses(host: n1)
        let time = try #require(world.time(until: n1, within: .seconds(1)))
        #expect(time <= quick)
        #expect(world.fired(.putBackAddresses) == 1)
        #expect(world.violation == nil)
    }

    @Test("a fifth of all frames lost for 30 s: nothing happens")
    func loss() {
        let world = World.settled { $0.loss = 200_000 }
        #expect(world.owner() == n1)
        #expect(world.stays(n1, owner: 0, for: .seconds(30)))
        #expect(world.violation == nil)
    }

    @Test("a suspend while BOOTTIME is slewed leaves no gate open beyond the voters' grants")
    func suspendAndSlew() {
        let world = World.settled()
        world.slew(host: n1, perMillion: -100_500)
        for _ in 0..<20 {
            world.suspend(host: n1, for: .milliseconds(250))
            world.run(for: .milliseconds(700))
        }
        #expect(world.violation == nil)
    }
}
