import Testing
import VIPCore
import VIPSimulation

/// A pair (n1 = 0, n2 = 1) and a witness (2): heartbeat 100 ms, lease 500 ms, drift 0.2 %, margin 1
/// ms. The checkers look on in all of these; L+ is 500 ms * 1.004 + 5 ms = 507 ms.
@Suite("Scripted runs")
struct ScriptTests {
    private let longest = 507.0
    private let n1 = 0
    private let n2 = 1
    private let witness = 2

    @Test("the preferred node owns when all have started")
    func start() {
        let world = World.settled()
        #expect(world.owner() == n1)
        #expect(world.changes() == 0)
    }

    @Test("the owner loses power, and the other node owns")
    func powerLoss() throws {
        let world = World.settled()
        world.powerOff(host: n1)
        let time = try #require(world.time(until: n2, within: .seconds(2)))
        #expect(time <= longest)
        #expect(world.violation == nil)
    }

    @Test(
        "the owner's agent is killed for good: silent by its deadline, and the other owns after it"
    )
    func killedForGood() throws {
        let world = World.settled()
        world.kill(host: n1)
        let silent = try #require(world.time(untilNobodyOwns: 0, within: .seconds(2)))
        #expect(silent <= 500)
        let taken = try #require(world.time(until: n2, within: .seconds(2)))
        #expect(silent + taken <= longest)
        #expect(world.violation == nil)
    }

    @Test("the owner's agent is killed and restarted within its lease: nothing happens")
    func killedAndRestarted() {
        let world = World.settled()
        world.kill(host: n1, restartAfter: .milliseconds(200))
        #expect(world.stays(n1, owner: 0, for: .seconds(5)))
        #expect(world.fired(.restoreTenure) == 1)
        #expect(world.violation == nil)
    }

    @Test("the owner's agent is stopped: taken over, and it does not come back when it wakes")
    func stopped() throws {
        let world = World.settled()
        world.hang(host: n1, for: .seconds(3))
        let time = try #require(world.time(until: n2, within: .seconds(2)))
        #expect(time <= longest)
        #expect(world.stays(n2, owner: 0, for: .seconds(10)))
        #expect(world.violation == nil)
    }

    @Test("the nodes are cut from each other, and later the witness dies: nothing happens")
    func pairLinkCut() {
        let world = World.settled()
        world.cutBoth(n1, n2)
        #expect(world.stays(n1, owner: 0, for: .seconds(10)))
        world.mendBoth(n1, n2)
        #expect(world.stays(n1, owner: 0, for: .seconds(2)))
        world.powerOff(host: witness)
        #expect(world.stays(n1, owner: 0, for: .seconds(10)))
        #expect(world.violation == nil)
    }

    @Test("the owner is cut off: silent, and then the other owns")
    func isolatedOwner() throws {
        let world = World.settled()
        world.cutBoth(n1, n2)
        world.cutBoth(n1, witness)
        let silent = try #require(world.time(untilNobodyOwns: 0, within: .seconds(2)))
        let taken = try #require(world.time(until: n2, within: .seconds(2)))
        #expect(silent + taken <= longest)
        world.mendBoth(n1, n2)
        world.mendBoth(n1, witness)
        #expect(world.stays(n2, owner: 0, for: .seconds(5)))
        #expect(world.violation == nil)
    }

    @Test("the witness restarts or dies: nothing happens")
    func witnessGone() {
        let world = World.settled()
        world.kill(host: witness, restartAfter: .milliseconds(300))
        #expect(world.stays(n1, owner: 0, for: .seconds(3)))
        world.reboot(host: witness)
        #expect(world.stays(n1, owner: 0, for: .seconds(3)))
        world.powerOff(host: witness)
        #expect(world.stays(n1, owner: 0, for: .seconds(5)))
        #expect(world.violation == nil)
    }

    @Test("the witness dies and then the owner: nobody claims, until an operator forces it")
    func witnessAndOwnerGone() throws {
        let world = World.settled()
        world.powerOff(host: witness)
        world.run(for: .seconds(2))
        world.powerOff(host: n1)
        #expect(world.time(until: n2, within: .seconds(10)) == nil)
        world.takeOverByForce(host: n2)
        let time = try #require(world.time(until: n2, within: .seconds(1)))
        #expect(time <= 10)
        #expect(world.stays(n2, owner: 0, for: .seconds(10)))
        #expect(world.fired(.force) == 1)
        #expect(world.violation == nil)
    }

    @Test("witness and peer die: the owner lets go")
    func lastOneLeft() throws {
        let world = World.settled()
        world.powerOff(host: witness)
        world.powerOff(host: n2)
        let silent = try #require(world.time(untilNobodyOwns: 0, within: .seconds(2)))
        #expect(silent <= 500)
        #expect(world.violation == nil)
    }

    @Test(
        "the witness is away, and the owner's agent is restarted within its lease: nothing happens"
    )
    func restartedWithoutWitness() {
        let world = World.settled()
        world.powerOff(host: witness)
        world.run(for: .seconds(3))
        world.kill(host: n1, restartAfter: .milliseconds(200))
        #expect(world.stays(n1, owner: 0, for: .seconds(5)))
        #expect(world.violation == nil)
    }

    @Test("all three processes restart within the lease: nothing happens")
    func allRestarted() {
        let world = World.settled()
        world.kill(host: n1, restartAfter: .milliseconds(150))
        world.kill(host: n2, restartAfter: .milliseconds(50))
        world.kill(host: witness, restartAfter: .milliseconds(200))
        #expect(world.stays(n1, owner: 0, for: .seconds(5)))
        #expect(world.violation == nil)
    }

    @Test("all three hosts reboot: one owner once the abstention is over")
    func allRebooted() throws {
        let world = World.settled()
        for host in [n1, n2, witness] { world.reboot(host: host) }
        let time = try #require(world.time(until: n1, within: .seconds(4)))
        #expect(time <= 2_000)
        #expect(world.stays(n1, owner: 0, for: .seconds(5)))
        #expect(world.violation == nil)
    }

    @Test("an owner that is deaf but can send costs two leases, and no more")
    func deafOwner() throws {
        let world = World.settled()
        world.cut(from: n2, to: n1)
        world.cut(from: witness, to: n1)
        let time = try #require(world.time(until: n2, within: .seconds(4)))
        #expect(time <= 2 * longest)
        #expect(world.stays(n2, owner: 0, for: .seconds(30)))
        #expect(world.violation == nil)
    }

    @Test(
        "a voter that has seen higher terms makes the owner ask for a higher one, and nothing else"
    )
    func lowTerm() {
        let world = World.settled()
        world.kill(host: witness)
        world.run(for: .seconds(1))
        world.raiseTerm(host: witness, to: 50)
        world.kill(host: witness, restartAfter: .zero)
        #expect(world.stays(n1, owner: 0, for: .seconds(5)))
        #expect(world.fired(.raiseTerm) > 0)
        #expect(world.violation == nil)
    }

    @Test("hold-down on both nodes does not delay the takeover from a dead owner")
    func holdDown() throws {
        let world = World.settled()
        for round in 0..<6 {
            let owner = round % 2
            #expect(world.owner() == owner)
            world.switchover(host: owner)
            world.run(for: .seconds(1))
        }
        let owner = try #require(world.owner())
        world.powerOff(host: owner)
        let time = try #require(world.time(until: 1 - owner, within: .seconds(2)))
        #expect(time <= longest)
        #expect(world.violation == nil)
    }

    @Test(
        "with a witness that is further away than a heartbeat the other node takes over all the same"
    )
    func farWitness() throws {
        let world = World.settled { $0.far = (host: 2, delay: 60 * Scenario.milliseconds) }
        #expect(world.stays(n1, owner: 0, for: .seconds(5)))
        world.powerOff(host: n1)
        let time = try #require(world.time(until: n2, within: .seconds(5)))
        #expect(time <= longest + 250, "one round trip of 120 ms, or two")
        #expect(world.stays(n2, owner: 0, for: .seconds(5)))
        #expect(world.violation == nil)
    }
}
